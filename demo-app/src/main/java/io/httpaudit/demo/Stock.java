package io.httpaudit.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/**
 * The store room, on loopback. One worker does all: while it counts the shelves for {@value
 * #COUNTING} ms, a reservation lies in the kernel, unread. Its handler then takes {@value
 * #RESERVING} ms, and would swear that the request took no longer.
 */
public final class Stock {
  private static final int RESERVING = 5;
  private static final int COUNTING = 100;

  private Stock() {}

  public static void main(String[] arguments) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/reserve", exchange -> answer(exchange, RESERVING, "reserved\n"));
    server.createContext("/count", exchange -> answer(exchange, COUNTING, "42 left\n"));
    server.createContext("/health", exchange -> answer(exchange, 0, "fine\n"));
    server.setExecutor(Executors.newSingleThreadExecutor());
    server.start();
    System.out.println("listening on " + server.getAddress().getPort());
  }

  private static void answer(HttpExchange exchange, int millis, String text) throws IOException {
    try (exchange) {
      Thread.sleep(millis);
      byte[] body = text.getBytes(StandardCharsets.US_ASCII);
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
