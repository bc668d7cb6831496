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
import javax.net.ssl.SSLHandshakeException;

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

  /** Of a bank one has more. */
  private static final int MORE_PATIENCE = 10_000;

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
  private final URI privateBank;
  private final URI stranger;
  private final List<URI> couriers = new ArrayList<>();

  private Shop(String[] addresses) {
    stock = URI.create(addresses[0]);
    bank = URI.create(addresses[1]);
    privateBank = URI.create(addresses[2]);
    stranger = URI.create(addresses[3]);
    for (int i = 4; i < addresses.length; i++) {
      couriers.add(URI.create(addresses[i]));
    }
  }

  /**
   * Addresses of stock, of the bank, of its counter that speaks TLS, of one whose certificate is
   * nobody's that the shop knows, then of couriers.
   */
  public static void main(String[] addresses) throws IOException {
    Shop shop = new Shop(addresses);
    new TextServer(new InetSocketAddress(0), CLERKS)
        .answers("/basket", query -> shop.askStock("/reserve?" + query))
        .answers("/checkout", shop::checkout)
        .answers("/inventory", query -> shop.askForAll("/count"))
        .answers("/catalogue", query -> "A cup of tea, 2.50\n".repeat(CATALOGUE / 19))
        .answers("/delivery", query -> shop.askCouriers())
        .answers("/bills", shop::payTwice)
        .answers("/refund", query -> shop.askStranger())
        .answers("/health", query -> shop.askForAll("/health") + shop.askBank(query))
        .start();
  }

  private String checkout(String query) throws IOException {
    askStock("/reserve?" + query.replaceFirst("&card=.*", ""));
    long start = System.nanoTime();
    String answer = ask(bank, "/pay?" + query, MORE_PATIENCE);
    OwnTimes.tell("asked bank /pay", start);
    return answer;
  }

  private String askBank(String query) throws IOException {
    return ask("tls".equals(query) ? privateBank : bank, "/health", MORE_PATIENCE);
  }

  private String payTwice(String query) throws IOException {
    StringBuilder answers = new StringBuilder();
    for (String item : List.of("tea", "cups")) {
      long start = System.nanoTime();
      answers.append(ask(privateBank, "/pay?item=" + item + "&" + query, MORE_PATIENCE));
      OwnTimes.tell("asked bank /pay over HTTPS", start);
    }
    return answers.toString();
  }

  private String askStranger() throws IOException {
    long start = System.nanoTime();
    try {
      return ask(stranger, "/refund", MORE_PATIENCE);
    } catch (SSLHandshakeException e) {
      OwnTimes.tell("asked stranger: no handshake,", start);
      throw new IOException("no refund", e);
    }
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
        return ask(courier, "/pickup", PATIENCE);
      } catch (IOException e) {
        OwnTimes.tell("asked courier " + courier.getPort() + ": " + e.getMessage() + ",", start);
      }
    }
    throw new IOException("no courier");
  }

  private String ask(URI whom, String target, int patience) throws IOException {
    HttpURLConnection call = (HttpURLConnection) whom.resolve(target).toURL().openConnection();
    call.setConnectTimeout(patience);
    try (InputStream answer = call.getInputStream()) {
      return new String(answer.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }
}
