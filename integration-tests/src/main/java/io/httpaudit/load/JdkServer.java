package io.httpaudit.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The JDK's own server. */
final class JdkServer implements Server {
  static {
    // Else each answer waits 40 ms for an acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private final HttpServer server;
  private final ExecutorService pool =
      Executors.newFixedThreadPool(16, Threads.daemons("jdk-server"));

  JdkServer(InetAddress bind) throws IOException {
    server = HttpServer.create(new InetSocketAddress(bind, 0), 500);
    server.createContext("/", JdkServer::answer);
    server.setExecutor(pool);
    server.start();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    Script script = Script.of(exchange.getRequestURI().getRawPath());
    String got = drain(script.id(), exchange.getRequestBody());
    if (script.has("delay")) {
      pause(script.number("delay", 0));
    }
    exchange.getResponseHeaders().set("X-Got", got);
    boolean bodiless = script.bodiless(exchange.getRequestMethod());
    boolean chunked = script.is("body", "chunked");
    if (bodiless && script.status() == 200 && !chunked) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(script.size()));
    }
    exchange.sendResponseHeaders(
        script.status(),
        bodiless || script.size() == 0 && !chunked ? -1 : chunked ? 0 : script.size());
    if (!bodiless) {
      try (OutputStream out = exchange.getResponseBody()) {
        write(script, out);
      }
    }
    exchange.close();
  }

  static String drain(int id, InputStream in) throws IOException {
    Pattern.Check check = new Pattern.Check(id);
    byte[] bytes = new byte[8192];
    for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
      check.update(bytes, 0, n);
    }
    return check.result();
  }

  static void write(Script script, OutputStream out) throws IOException {
    for (int done = 0; done < script.size(); ) {
      byte[] piece = new byte[Math.min(8000, script.size() - done)];
      Pattern.view(script.id(), done, piece.length).get(piece);
      out.write(piece);
      done += piece.length;
    }
  }

  static void pause(int millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Override
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    pool.shutdownNow();
  }
}
