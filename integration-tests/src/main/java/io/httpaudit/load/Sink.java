package io.httpaudit.load;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * An OTLP/HTTP endpoint that reads everything and keeps nothing. Says {@code ready PORT}, and ends
 * with its standard input.
 */
public final class Sink {
  private Sink() {}

  public static void main(String[] arguments) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] scratch = new byte[1 << 16];
    server.createContext(
        "/",
        exchange -> {
          while (exchange.getRequestBody().read(scratch) >= 0) {
            continue;
          }
          exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    System.out.println("ready " + server.getAddress().getPort());
    System.in.read();
    System.exit(0);
  }
}
