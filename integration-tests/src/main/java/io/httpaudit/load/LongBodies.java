package io.httpaudit.load;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;

/**
 * One exchange on one connection, with a body of so many megabytes each way, both ends in this JVM.
 */
public final class LongBodies {
  private static final int PIECE = 1 << 20;

  private LongBodies() {}

  public static void main(String[] arguments) throws Exception {
    int megabytes = Integer.parseInt(arguments[0]);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          long came = drain(exchange.getRequestBody());
          exchange.sendResponseHeaders(200, came);
          pour(exchange.getResponseBody(), came);
          exchange.close();
        });
    server.start();
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/long");
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setDoOutput(true);
    connection.setFixedLengthStreamingMode((long) megabytes * PIECE);
    pour(connection.getOutputStream(), (long) megabytes * PIECE);
    System.out.println("bytes " + drain(connection.getInputStream()));
    server.stop(0);
  }

  private static void pour(OutputStream to, long bytes) throws IOException {
    byte[] piece = new byte[PIECE];
    for (long left = bytes; left > 0; left -= PIECE) {
      to.write(piece, 0, (int) Math.min(PIECE, left));
    }
  }

  private static long drain(InputStream from) throws IOException {
    byte[] piece = new byte[PIECE];
    long bytes = 0;
    for (int n = from.read(piece); n >= 0; n = from.read(piece)) {
      bytes += n;
    }
    return bytes;
  }
}
