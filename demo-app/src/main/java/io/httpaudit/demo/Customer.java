package io.httpaudit.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * Does at the shop, whose address is its argument, what it is told on its standard input, a word a
 * line, and tells how long that took.
 */
public final class Customer {
  private static final String TEA = "?item=tea&card=4111111111111111";
  private static final String CUPS = "?item=cups&card=5500000000000004";

  /** How long the first line of a catalogue is looked at. */
  private static final int LOOKING = 200;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI shop;
  private CompletableFuture<?> someoneElse = CompletableFuture.completedFuture(null);

  private Customer(URI shop) {
    this.shop = shop;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Customer customer = new Customer(URI.create(arguments[0]));
    System.out.println("listening on standard input");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String wish = in.readLine(); wish != null; wish = in.readLine()) {
      customer.go(wish);
    }
  }

  private void go(String wish) throws IOException, InterruptedException {
    switch (wish) {
      case "warm-up":
        // A JVM's first requests take long for reasons that are not to be shown here.
        for (int i = 0; i < 10; i++) {
          ask("/health");
          read("/health", 0);
        }
        // That takes long each time.
        for (int i = 0; i < 3; i++) {
          ask("/health?tls");
        }
        break;
      case "someone-else-inventory":
        someoneElse = client.sendAsync(request("/inventory"), BodyHandlers.discarding());
        break;
      case "basket":
        ask("/basket?item=tea");
        someoneElse.join();
        break;
      case "checkout-after-another":
        client.send(request("/checkout" + CUPS), BodyHandlers.discarding());
        ask("/checkout" + TEA);
        break;
      case "checkout":
        ask("/checkout" + TEA);
        break;
      case "bills":
        ask("/bills?card=4111111111111111");
        break;
      case "catalogue":
        read("/catalogue", LOOKING);
        break;
      default:
        ask("/" + wish);
    }
    System.out.println("done " + wish);
  }

  private HttpRequest request(String target) {
    return HttpRequest.newBuilder(shop.resolve(target)).build();
  }

  private void ask(String target) throws IOException, InterruptedException {
    long start = System.nanoTime();
    HttpResponse<Void> response = client.send(request(target), BodyHandlers.discarding());
    tell(response.statusCode(), start);
  }

  /** Begins to read, looks at that for a while, then reads the rest. */
  private void read(String target, int looking) throws IOException, InterruptedException {
    long start = System.nanoTime();
    HttpURLConnection call = (HttpURLConnection) shop.resolve(target).toURL().openConnection();
    try (InputStream answer = call.getInputStream()) {
      answer.read();
      long look = System.nanoTime();
      Thread.sleep(looking);
      OwnTimes.tell("looked", look);
      answer.readAllBytes();
    }
    tell(call.getResponseCode(), start);
  }

  private static void tell(int status, long start) {
    OwnTimes.tell(String.format(Locale.ROOT, "waited %d", status), start);
  }
}
