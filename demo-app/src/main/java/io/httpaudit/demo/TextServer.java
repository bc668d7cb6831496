package io.httpaudit.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;

/** The JDK's own HTTP server, which answers with text, on so many threads. */
final class TextServer {
  private final HttpServer server;

  TextServer(InetSocketAddress address, int threads) throws IOException {
    server = HttpServer.create(address, 0);
    server.setExecutor(Executors.newFixedThreadPool(threads));
  }

  /** What a path is answered with, if that can be had. */
  interface Answer {
    String to(String query) throws IOException;
  }

  TextServer answers(String path, Answer answer) {
    server.createContext(path, exchange -> serve(exchange, answer));
    return this;
  }

  void start() {
    server.start();
    System.out.println("listening on " + server.getAddress().getPort());
  }

  private static void serve(HttpExchange exchange, Answer answer) throws IOException {
    long start = System.nanoTime();
    try (exchange) {
      int status = 200;
      String text;
      try {
        text = answer.to(exchange.getRequestURI().getQuery());
      } catch (IOException | CompletionException e) {
        status = 503;
        text = "sorry: " + e.getMessage() + "\n";
      }
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
    OwnTimes.tell("served " + exchange.getRequestURI().getPath(), start);
  }
}
