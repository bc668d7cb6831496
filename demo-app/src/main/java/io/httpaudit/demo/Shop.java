package io.httpaudit.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/**
 * What customers call. It asks {@link Stock} by {@code java.net.http}, the {@link Bank} and the
 * couriers by {@code HttpURLConnection}, and knows nothing of httpaudit: it hands on no header of
 * any trace.
 */
public final class Shop {
  /** Customers that are served at once. */
  private static final int CLERKS = 8;

  private static final List<String> SHELVES = List.of("tea", "cups", "pots", "sugar");

  /** How long a courier may take to answer the phone, in milliseconds. */
  private static final int PATIENCE = 1_200;

  /** In bytes, some. */
  private static final int CATALOGUE = 30_000;

  /**
   * A client that isn't told would ask for HTTP/2 first, by a header that no server here
   * understands.
   */
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Executor errands = Executors.newFixedThreadPool(SHELVES.size());
  private final URI stock;
  private final URI bank;
  private final List<URI> couriers = new ArrayList<>();

  private Shop(String[] addresses) {
    stock = URI.create(addresses[0]);
    bank = URI.create(addresses[1]);
    for (int i = 2; i < addresses.length; i++) {
      couriers.add(URI.create(addresses[i]));
    }
  }

  /** Addresses of stock and bank, then of couriers. */
  public static void main(String[] addresses) throws IOException {
    Shop shop = new Shop(addresses);
    new TextServer(new InetSocketAddress(0), CLERKS)
        .answers("/basket", query -> shop.askStock("/reserve?" + query))
        .answers("/checkout", shop::checkout)
        .answers("/inventory", query -> shop.askForAll("/count"))
        .answers("/catalogue", query -> "A cup of tea, 2.50\n".repeat(CATALOGUE / 19))
        .answers("/delivery", query -> shop.askCouriers())
        .answers("/health", query -> shop.askForAll("/health") + shop.ask(shop.bank, "/health"))
        .start();
  }

  private String checkout(String query) throws IOException {
    askStock("/reserve?" + query.replaceFirst("&card=.*", ""));
    long start = System.nanoTime();
    String answer = ask(bank, "/pay?" + query);
    OwnTimes.tell("asked bank /pay", start);
    return answer;
  }

  private String askStock(String target) throws IOException {
    long start = System.nanoTime();
    try {
      return client
          .send(HttpRequest.newBuilder(stock.resolve(target)).build(), BodyHandlers.ofString())
          .body();
    } catch (InterruptedException e) {
      throw new InterruptedIOException("told to stop");
    } finally {
      OwnTimes.tell("asked stock " + target.replaceFirst("\\?.*", ""), start);
    }
  }

  /** One errand a shelf, all at once. */
  private String askForAll(String path) {
    List<CompletableFuture<String>> answers =
        SHELVES.stream()
            .map(shelf -> CompletableFuture.supplyAsync(() -> count(path, shelf), errands))
            .toList();
    StringBuilder all = new StringBuilder();
    for (CompletableFuture<String> answer : answers) {
      all.append(answer.join());
    }
    return all.toString();
  }

  private String count(String path, String shelf) {
    try {
      return shelf + ": " + askStock(path + "?shelf=" + shelf);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The first that answers gets the parcel. */
  private String askCouriers() throws IOException {
    for (URI courier : couriers) {
      long start = System.nanoTime();
      try {
        return ask(courier, "/pickup");
      } catch (IOException e) {
        OwnTimes.tell("asked courier " + courier.getPort() + ": " + e.getMessage() + ",", start);
      }
    }
    throw new IOException("no courier");
  }

  private String ask(URI whom, String target) throws IOException {
    HttpURLConnection call = (HttpURLConnection) whom.resolve(target).toURL().openConnection();
    call.setConnectTimeout(PATIENCE);
    try (InputStream answer = call.getInputStream()) {
      return new String(answer.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }
}
