package io.httpaudit.load.secrets;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** Answer with secrets: in the clear, on an SSLEngine, on an SSLSocket. */
final class SecretServers {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private final Secrets secrets;
  final int plain;
  final int engine;
  final int socket;

  SecretServers(Secrets secrets, SSLContext context) throws IOException {
    this.secrets = secrets;
    plain = start(HttpServer.create(new InetSocketAddress(LOOPBACK, 0), 0));
    HttpsServer secure = HttpsServer.create(new InetSocketAddress(LOOPBACK, 0), 0);
    secure.setHttpsConfigurator(new HttpsConfigurator(context));
    engine = start(secure);
    SSLServerSocket server =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 0, LOOPBACK);
    socket = server.getLocalPort();
    daemon(() -> accept(server));
  }

  private static void daemon(Runnable what) {
    Thread thread = new Thread(what);
    thread.setDaemon(true);
    thread.start();
  }

  private int start(HttpServer server) {
    server.createContext("/", this::answer);
    server.setExecutor(
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task);
              thread.setDaemon(true);
              return thread;
            }));
    server.start();
    return server.getAddress().getPort();
  }

  private static int size(String target) {
    return target.contains("large") ? 40_000 : 100;
  }

  private void answer(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    byte[] body = secrets.body(size(exchange.getRequestURI().getPath()));
    exchange.getResponseHeaders().add("Set-Cookie", "session=" + secrets.header());
    boolean chunked = exchange.getRequestURI().getPath().contains("chunked");
    exchange.sendResponseHeaders(200, chunked ? 0 : body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private void accept(SSLServerSocket server) {
    while (true) {
      try {
        Socket accepted = server.accept();
        daemon(() -> serve(accepted));
      } catch (IOException e) {
        return;
      }
    }
  }

  /** Heads whose bodies, if any, have a Content-Length. */
  private void serve(Socket accepted) {
    try (Socket connection = accepted) {
      InputStream in = connection.getInputStream();
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        in.readNBytes(length(head));
        byte[] body = secrets.body(size(head.substring(0, head.indexOf('\r'))));
        String answer =
            "HTTP/1.1 200 OK\r\nSet-Cookie: session="
                + secrets.header()
                + "\r\nContent-Length: "
                + body.length
                + "\r\n\r\n";
        OutputStream out = connection.getOutputStream();
        out.write(answer.getBytes(StandardCharsets.US_ASCII));
        out.write(body);
      }
    } catch (IOException e) {
      // The client is gone.
    }
  }

  static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
      int c = in.read();
      if (c < 0) {
        return "";
      }
      head.write(c);
    }
    return head.toString(StandardCharsets.US_ASCII);
  }

  static int length(String head) {
    int at = head.toLowerCase(java.util.Locale.ROOT).indexOf("content-length: ");
    return at < 0 ? 0 : Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)));
  }
}
