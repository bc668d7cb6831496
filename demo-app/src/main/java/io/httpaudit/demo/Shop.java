package io.httpaudit.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/**
 * What customers call, on every interface. It asks {@link Stock}, whose address is its argument,
 * and knows nothing of httpaudit: the agent finds both sides' requests in the bytes of their
 * connections.
 */
public final class Shop {
  /** Customers that are served at once. */
  private static final int CLERKS = 4;

  /**
   * A client that isn't told would ask for HTTP/2 first, by a header that no server here
   * understands.
   */
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI stock;

  private Shop(URI stock) {
    this.stock = stock;
  }

  public static void main(String[] arguments) throws IOException {
    Shop shop = new Shop(URI.create(arguments[0]));
    HttpServer server = HttpServer.create(new InetSocketAddress(0), 0);
    server.createContext("/order", exchange -> shop.ask(exchange, "/reserve?item=tea"));
    server.createContext("/inventory", exchange -> shop.ask(exchange, "/count"));
    server.createContext("/health", exchange -> shop.ask(exchange, "/health"));
    server.setExecutor(Executors.newFixedThreadPool(CLERKS));
    server.start();
    System.out.println("listening on " + server.getAddress().getPort());
  }

  /** Answers with what stock answers. */
  private void ask(HttpExchange exchange, String target) throws IOException {
    try (exchange) {
      HttpRequest.Builder request = HttpRequest.newBuilder(stock.resolve(target));
      // Passing this on keeps the call in the customer's trace. Instrumented libraries do so by
      // themselves.
      String traceparent = exchange.getRequestHeaders().getFirst("traceparent");
      if (traceparent != null) {
        request.header("traceparent", traceparent);
      }
      byte[] answer = client.send(request.build(), BodyHandlers.ofByteArray()).body();
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    } catch (IOException e) {
      byte[] sorry = "stock does not answer\n".getBytes(StandardCharsets.US_ASCII);
      exchange.sendResponseHeaders(502, sorry.length);
      exchange.getResponseBody().write(sorry);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
