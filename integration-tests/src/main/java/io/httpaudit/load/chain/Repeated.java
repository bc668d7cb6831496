package io.httpaudit.load.chain;

import io.httpaudit.load.Threads;
import io.httpaudit.load.Transport;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** One and the same hand-over again and again, each awaited; what it runs does nothing. */
final class Repeated {
  /** As long as a {@code traceparent}; a tracer would take that one for its own. */
  private static final String HEADER = "tracekinder";

  private static final byte[] VALUE =
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
          .getBytes(StandardCharsets.ISO_8859_1);

  private static final Ask ASK = new Ask("raw", HandOff.SEND, 1, 0);

  private final ExecutorService pool = Executors.newFixedThreadPool(2, Threads.daemons("pool"));
  private final ScheduledExecutorService scheduled =
      Executors.newScheduledThreadPool(1, Threads.daemons("scheduled"));
  private final ForkJoinPool forkJoin = new ForkJoinPool(2);
  private final ExecutorService virtual = Threads.perTask();
  private final HttpClient client =
      Transport.OWN.client().version(HttpClient.Version.HTTP_1_1).build();
  private final URI uri;
  private final int raw;

  Repeated(int raw) {
    this.raw = raw;
    uri = Transport.OWN.uri(raw, ASK.path());
  }

  private HttpRequest request() {
    return HttpRequest.newBuilder(uri).build();
  }

  private HttpRequest requestWithHeader() {
    return HttpRequest.newBuilder(uri).header(HEADER, value()).build();
  }

  /** Another object each time. */
  private static String value() {
    return new String(VALUE, StandardCharsets.ISO_8859_1);
  }

  /** One of them. */
  private interface Once {
    void run() throws Exception;
  }

  void run(String name, int count) throws IOException {
    Once once = once(name);
    try {
      for (int i = 0; i < count; i++) {
        once.run();
      }
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private Once once(String name) {
    Semaphore done = new Semaphore(0);
    switch (name) {
      case "execute":
        return () -> {
          // A task of its own each time: one and the same may wait but once.
          pool.execute(new Release(done));
          done.acquire();
        };
      case "submit":
        return () -> pool.submit(() -> {}).get();
      case "schedule":
        return () -> scheduled.schedule(() -> {}, 0, TimeUnit.MILLISECONDS).get();
      case "fork-join":
        return () -> forkJoin.submit(() -> {}).get();
      case "supply-async":
        return () -> CompletableFuture.supplyAsync(() -> 1, pool).get();
      case "dependent":
        return () -> {
          CompletableFuture<Integer> first = new CompletableFuture<>();
          CompletableFuture<Integer> second = first.thenApply(n -> n + 1);
          first.complete(1);
          second.get();
        };
      case "dependent-completed":
        return () -> CompletableFuture.completedFuture(1).thenApply(n -> n + 1).get();
      case "virtual":
        return () -> virtual.submit(() -> {}).get();
      case "url-connection":
        return () -> UrlCalls.call(raw, ASK, Plan.Form.GET);
      case "url-connection-with-header":
        return () -> UrlCalls.call(raw, ASK, Plan.Form.GET, HEADER, value());
      case "http-client":
        return () -> client.send(request(), BodyHandlers.ofString());
      case "http-client-with-header":
        return () -> client.send(requestWithHeader(), BodyHandlers.ofString());
      case "http-client-async":
        return () -> client.sendAsync(request(), BodyHandlers.ofString()).get();
      case "http-client-async-with-header":
        return () -> client.sendAsync(requestWithHeader(), BodyHandlers.ofString()).get();
      default:
        throw new IllegalArgumentException(name);
    }
  }

  private record Release(Semaphore done) implements Runnable {
    @Override
    public void run() {
      done.release();
    }
  }
}
