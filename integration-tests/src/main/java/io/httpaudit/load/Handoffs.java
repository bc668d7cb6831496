package io.httpaudit.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Requests, many at once, each of which hands work over in one {@link HandoffKind}; and threads
 * that do the same for no request. Prints for each kind how many pieces of work ran in their own
 * context, in none, and in another's: of requests, then of the others.
 *
 * <p>Arguments: how many requests of each kind.
 */
public final class Handoffs {
  private static final int AT_ONCE = 16;
  private static final int OUTSIDE = 3;

  private final AtomicInteger[][] counts = new AtomicInteger[HandoffKind.values().length][6];
  private final AtomicLong lost = new AtomicLong();
  private final AtomicLong ids = new AtomicLong(1);
  private final String uri;

  private Handoffs(String uri) {
    this.uri = uri;
    for (AtomicInteger[] kind : counts) {
      for (int i = 0; i < kind.length; i++) {
        kind[i] = new AtomicInteger();
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    int each = Integer.parseInt(arguments[0]);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), AT_ONCE * 4);
    ExecutorService serving = Executors.newFixedThreadPool(AT_ONCE, Threads.daemons("serves"));
    server.setExecutor(serving);
    Handoffs handoffs = new Handoffs("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    server.createContext("/", handoffs::answer);
    server.start();
    // With threads of its own: those of the other one wait for what is handed over.
    HttpServer echo =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), AT_ONCE * 4);
    echo.setExecutor(Executors.newFixedThreadPool(2, Threads.daemons("echoes")));
    echo.createContext("/", Handoffs::echo);
    echo.start();
    Handoff.calls(URI.create("http://127.0.0.1:" + echo.getAddress().getPort() + "/"));
    // What only the first has to do is not what is looked at.
    handoffs.request(HandoffKind.EXECUTE);
    handoffs.run(each);
    server.stop(0);
    echo.stop(0);
    handoffs.print();
  }

  private void run(int each) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE + OUTSIDE);
    HandoffKind[] kinds = HandoffKind.values();
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> callers = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      callers.add(
          threads.submit(
              () -> {
                int turn;
                while ((turn = next.getAndIncrement()) < each * kinds.length) {
                  request(kinds[turn % kinds.length]);
                }
                return null;
              }));
    }
    List<Future<?>> others = new ArrayList<>();
    for (int i = 0; i < OUTSIDE; i++) {
      int first = i * kinds.length / OUTSIDE;
      others.add(
          threads.submit(
              () -> {
                int turn = first;
                int rounds = 0;
                while (next.get() < each * kinds.length || rounds++ < kinds.length) {
                  HandoffKind kind = kinds[turn++ % kinds.length];
                  count(kind, 3, kind.hand());
                }
                return null;
              }));
    }
    for (Future<?> caller : callers) {
      caller.get();
    }
    for (Future<?> other : others) {
      other.get();
    }
    threads.shutdown();
  }

  private void count(HandoffKind kind, int from, Handoff work) {
    AtomicInteger[] count = counts[kind.ordinal()];
    count[from].addAndGet(work.right());
    count[from + 1].addAndGet(work.none());
    count[from + 2].addAndGet(work.wrong());
  }

  private void request(HandoffKind kind) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(uri + kind.name()).toURL().openConnection();
    connection.setRequestProperty(
        "traceparent", String.format("00-%032x-00000000000000aa-01", ids.getAndIncrement()));
    connection.getInputStream().readAllBytes();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String parent = exchange.getRequestHeaders().getFirst("traceparent");
    Object context = Handoff.context();
    if (context == null
        || Handoff.traceLow(context) != Long.parseUnsignedLong(parent.substring(19, 35), 16)) {
      lost.incrementAndGet();
    }
    HandoffKind kind = HandoffKind.valueOf(exchange.getRequestURI().getPath().substring(1));
    int status = 204;
    try {
      count(kind, 0, kind.hand());
    } catch (Exception e) {
      e.printStackTrace();
      status = 500;
    }
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  private static void echo(HttpExchange exchange) throws IOException {
    String sent = exchange.getRequestHeaders().getFirst("traceparent");
    byte[] body = String.valueOf(sent).getBytes(StandardCharsets.US_ASCII);
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void print() {
    System.out.println("requests without their context: " + lost);
    for (HandoffKind kind : HandoffKind.values()) {
      StringBuilder line = new StringBuilder(kind.name());
      for (AtomicInteger count : counts[kind.ordinal()]) {
        line.append(' ').append(count);
      }
      System.out.println(line);
    }
  }
}
