package io.httpaudit.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Orders at each address of the shop that it is given, and tells what it measured. Runs without the
 * agent, as any customer does. It says in each request which trace that belongs to (W3C Trace
 * Context).
 *
 * <p>{@code busy} before an address: orders there once more, a moment after someone asked for the
 * inventory.
 */
public final class Customer {
  /** Until the inventory has begun. */
  private static final int MOMENT_MILLIS = 20;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private Customer() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Customer customer = new Customer();
    for (int i = 0; i < arguments.length; i++) {
      boolean busy = arguments[i].equals("busy");
      URI shop = URI.create(arguments[busy ? ++i : i]);
      // The first requests of a JVM take long for reasons that are not to be shown here.
      customer.client.send(request(shop, "/health", hex(2)), BodyHandlers.discarding());
      if (busy) {
        customer.orderWhileCounting(shop);
      } else {
        customer.order(shop);
      }
    }
  }

  private void orderWhileCounting(URI shop) throws IOException, InterruptedException {
    CompletableFuture<?> inventory =
        client.sendAsync(request(shop, "/inventory", hex(2)), BodyHandlers.discarding());
    Thread.sleep(MOMENT_MILLIS);
    order(shop);
    inventory.join();
  }

  private void order(URI shop) throws IOException, InterruptedException {
    String trace = hex(2);
    HttpRequest order = request(shop, "/order?item=tea&card=4111111111111111", trace);
    long start = System.nanoTime();
    HttpResponse<Void> response = client.send(order, BodyHandlers.discarding());
    double millis = (System.nanoTime() - start) / 1e6;
    System.out.printf(
        Locale.ROOT,
        "  %s  GET %s  %d  %.1f ms%n",
        trace,
        order.uri(),
        response.statusCode(),
        millis);
  }

  private static HttpRequest request(URI shop, String target, String trace) {
    return HttpRequest.newBuilder(shop.resolve(target))
        .header("traceparent", "00-" + trace + "-" + hex(1) + "-01")
        .build();
  }

  /** A random id of {@code words} times 16 hexadecimal digits. */
  private static String hex(int words) {
    StringBuilder digits = new StringBuilder();
    for (int i = 0; i < words; i++) {
      // Zero is not valid.
      digits.append(
          String.format("%016x", ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE)));
    }
    return digits.toString();
  }
}
