package io.httpaudit.load.servers;

import io.httpaudit.load.Transport;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fifty clients at once that keep their connections, some of whose requests are pipelined, some
 * malformed, and some of whom go in the middle.
 */
final class Crowd {
  private static final int CLIENTS = 50;
  private static final int PIPELINED = 5;

  /** How a request of one kind is asked, and how it ends. */
  record Kind(String name, String method, String prefix, int status, boolean closes, int weight) {}

  /** Where one listens. */
  record Server(Transport on, int port) {}

  private final Sightings sightings;
  private final List<Kind> kinds;
  private final List<Server> servers;
  private final AtomicInteger ids = new AtomicInteger();
  private final AtomicInteger others = new AtomicInteger();
  private final List<Throwable> failures = new ArrayList<>();
  private int weights;

  Crowd(Sightings sightings, List<Kind> kinds, List<Server> servers) {
    this.sightings = sightings;
    this.kinds = kinds;
    this.servers = servers;
    kinds.forEach(kind -> weights += kind.weight());
  }

  /** At least so many requests. */
  void run(int requests) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      Random random = new Random(i);
      Server server = servers.get(i % servers.size());
      threads.add(new Thread(() -> client(requests, random, server), "client-" + i));
    }
    for (Thread thread : threads) {
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty()) {
      throw new IllegalStateException(failures.size() + " clients failed", failures.get(0));
    }
  }

  private void client(int requests, Random random, Server server) {
    try {
      while (ids.get() < requests) {
        connection(requests, random, server);
      }
    } catch (IOException | RuntimeException e) {
      synchronized (failures) {
        failures.add(e);
      }
    }
  }

  private void connection(int requests, Random random, Server server) throws IOException {
    try (RawClient client = new RawClient(server)) {
      for (int i = 0; i < 20 && ids.get() < requests; i++) {
        pause(random);
        switch (random.nextInt(16)) {
          case 0:
            malformed(client, random);
            return;
          case 1:
            gone(client, random);
            return;
          default:
            if (batch(client, random, random.nextBoolean() ? 1 : PIPELINED)) {
              return;
            }
        }
      }
    }
  }

  /** What the agent has no time for on a busy machine it counts as lost, and no one could judge. */
  private static void pause(Random random) {
    try {
      Thread.sleep(random.nextInt(60));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Kind kind(Random random) {
    int at = random.nextInt(weights);
    for (Kind kind : kinds) {
      at -= kind.weight();
      if (at < 0) {
        return kind;
      }
    }
    throw new IllegalStateException();
  }

  /** Returns whether the connection has ended. */
  private boolean batch(RawClient client, Random random, int count) throws IOException {
    List<Kind> asked = new ArrayList<>();
    List<String> numbers = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      Kind kind = kind(random);
      String id = "r" + ids.incrementAndGet();
      asked.add(kind);
      numbers.add(id);
      text.append(head(kind, id, random));
      if (kind.closes()) {
        break;
      }
    }
    client.write(text.toString());
    for (int i = 0; i < asked.size(); i++) {
      Kind kind = asked.get(i);
      if (kind.status() == 0) {
        return true;
      }
      RawClient.Response response = client.read(kind.method().equals("HEAD"));
      check(kind, numbers.get(i), response);
      if (response.fields().getOrDefault("connection", "").equals("close")) {
        // A server may end a connection as soon as it has answered; what was pipelined is lost.
        return true;
      }
    }
    return asked.get(asked.size() - 1).closes();
  }

  private void check(Kind kind, String id, RawClient.Response response) {
    String got = response.fields().getOrDefault("x-id", id);
    if (response.status() != kind.status() || !got.equals(id)) {
      throw new IllegalStateException(kind.name() + " " + id + " was answered " + response);
    }
    String ids = response.fields().get("x-ids");
    if (ids != null) {
      sightings.told(id, "response", ids);
    }
  }

  private static String head(Kind kind, String id, Random random) {
    StringBuilder head =
        new StringBuilder(kind.method() + " " + kind.prefix() + kind.name() + "/" + id);
    head.append(" HTTP/1.1\r\nHost: localhost\r\n");
    if (random.nextBoolean()) {
      head.append(
          String.format(
              "traceparent: 00-%016x%016x-%016x-01\r\n",
              random.nextLong() | 1, random.nextLong(), random.nextLong() | 1));
    }
    return kind.method().equals("POST")
        ? head
            + (random.nextBoolean() ? "Expect: 100-continue\r\n" : "")
            + "Content-Length: 3000\r\n\r\n"
            + "x".repeat(3000)
        : head + "\r\n";
  }

  /** A good request, and behind it one that the server itself refuses. */
  private void malformed(RawClient client, Random random) throws IOException {
    Kind good = kinds.get(0);
    String id = "r" + ids.incrementAndGet();
    client.write(
        head(good, id, random)
            + "GET "
            + good.prefix()
            + "%%%/bad"
            + others.incrementAndGet()
            + " HTTP/1.1\r\nHost: localhost\r\nBad\u0001 field: x\r\n\r\n");
    check(good, id, client.read(false));
    try {
      int status = client.read(false).status();
      if (status != 400) {
        throw new IllegalStateException("malformed, and answered " + status);
      }
    } catch (EOFException | SocketException e) {
      // Refused without a word.
      return;
    }
  }

  /** Nobody waits for the answer. */
  private void gone(RawClient client, Random random) throws IOException {
    Kind kind = kind(random);
    String head = head(kind, "gone" + others.incrementAndGet(), random);
    client.write(random.nextBoolean() ? head : head.substring(0, head.length() - 2));
    if (random.nextBoolean()) {
      Thread.yield();
    }
    client.reset();
  }
}
