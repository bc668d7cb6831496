package io.httpaudit.load;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;

/**
 * Serves itself one exchange, and another in a shutdown hook; ends as told: return, exit, throw,
 * halt, wait.
 */
public final class Ends {
  private Ends() {}

  public static void main(String[] arguments) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write(new byte[] {'o', 'k'});
          exchange.close();
        });
    server.start();
    URL url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/").toURL();
    get(url);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> get(url)));
    switch (arguments[0]) {
      case "exit" -> System.exit(3);
      case "throw" -> {
        server.stop(0);
        throw new IllegalStateException("on purpose");
      }
      case "halt" -> Runtime.getRuntime().halt(4);
      case "wait" -> {
        System.out.println("waiting");
        Thread.sleep(60_000);
      }
      default -> server.stop(0);
    }
  }

  private static void get(URL url) {
    try (var in = url.openStream()) {
      System.out.println(new String(in.readAllBytes()) + " on " + Thread.currentThread().getName());
    } catch (IOException e) {
      // The server is stopped before the hook runs, where main ended it.
      System.out.println(new UncheckedIOException(e).getCause().getMessage());
    }
  }
}
