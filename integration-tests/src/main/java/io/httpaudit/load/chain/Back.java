package io.httpaudit.load.chain;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.httpaudit.load.Threads;
import io.httpaudit.load.Transport;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * The JDK's server, once on each kind of thread; calls a raw server for each request by {@code
 * HttpURLConnection}. Arguments: the ports of the raw servers, without and with the agent. Says
 * {@code ready} and its ports; after a line on its standard input {@code background} and how many
 * calls it made for nobody.
 */
public final class Back {
  private static final long FIRST_BACKGROUND = 4_000_000;

  /** A second try is the application's: a streamed request can't be sent again by the library. */
  private static final int TRIES = 3;

  private final int jdk = Runtime.version().feature();
  private final int plainRaw;
  private final int auditedRaw;
  private final ExecutorService handlers =
      Executors.newFixedThreadPool(16, Threads.daemons("handler"));
  private final ExecutorService pool = Executors.newFixedThreadPool(8, Threads.daemons("pool"));
  private final ExecutorService virtual = Threads.perTask();
  private final List<HttpServer> servers = new ArrayList<>();

  private Back(int plainRaw, int auditedRaw) {
    this.plainRaw = plainRaw;
    this.auditedRaw = auditedRaw;
  }

  public static void main(String[] arguments) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("http.maxConnections", "64");
    Back back = new Back(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]));
    System.out.println("ready " + back.start());
    Background background =
        new Background(
                FIRST_BACKGROUND,
                ask -> UrlCalls.call(back.rawPort(ask), ask.at("raw"), Plan.Form.GET))
            .in(back.handlers)
            .in(back.pool)
            .in(back.virtual);
    background.start();
    System.in.read();
    System.out.println("background " + background.end());
    back.end();
    System.exit(0);
  }

  private String start() throws IOException {
    List<String> ports = new ArrayList<>();
    for (Plan.Server kind : Plan.Server.values()) {
      HttpServer server = Transport.OWN.server(500);
      if (kind != Plan.Server.INLINE) {
        server.setExecutor(kind == Plan.Server.POOL ? handlers : virtual);
      }
      server.createContext("/back", this::handle);
      server.createContext("/slow", this::late);
      server.createContext("/moved", this::moved);
      server.start();
      servers.add(server);
      ports.add(Integer.toString(server.getAddress().getPort()));
    }
    return String.join(" ", ports);
  }

  private void end() throws InterruptedException {
    for (ExecutorService executor : List.of(pool, virtual)) {
      executor.shutdown();
      executor.awaitTermination(10, TimeUnit.SECONDS);
    }
    servers.forEach(server -> server.stop(0));
  }

  private int rawPort(Ask ask) {
    return Plan.of(ask.id(), jdk).audited() ? auditedRaw : plainRaw;
  }

  private static Ask ask(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    return Ask.of(exchange.getRequestURI().getPath());
  }

  private void moved(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Location", ask(exchange).at("back").path());
    exchange.sendResponseHeaders(302, -1);
    exchange.close();
  }

  /** Later than its client waits. */
  private void late(HttpExchange exchange) throws IOException {
    Ask ask = ask(exchange);
    Pause.millis(60);
    answer(exchange, ask);
  }

  private void handle(HttpExchange exchange) throws IOException {
    Ask ask = ask(exchange);
    Plan plan = Plan.of(ask.id(), jdk);
    switch (plan.back()) {
      case DIRECT:
        call(ask, plan);
        answer(exchange, ask);
        break;
      case SUBMIT:
        await(pool, () -> call(ask, plan));
        answer(exchange, ask);
        break;
      case VIRTUAL:
        await(virtual, () -> call(ask, plan));
        answer(exchange, ask);
        break;
      case LATER:
        pool.execute(() -> callAndAnswer(exchange, ask, plan));
        break;
      default:
        CompletableFuture.supplyAsync(() -> unchecked(() -> call(ask, plan)), pool)
            .thenAccept(done -> callAndAnswered(exchange, ask));
    }
  }

  private static void await(ExecutorService executor, Callable<Void> task) throws IOException {
    try {
      executor.submit(task).get();
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private static Void unchecked(Callable<Void> task) {
    try {
      return task.call();
    } catch (Exception e) {
      throw new CompletionException(e);
    }
  }

  private Void call(Ask ask, Plan plan) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        UrlCalls.call(rawPort(ask), ask.at(plan.movedAgain() ? "elsewhere" : "raw"), plan.form());
        return null;
      } catch (IOException e) {
        if (attempt == TRIES) {
          throw e;
        }
      }
    }
  }

  private void callAndAnswer(HttpExchange exchange, Ask ask, Plan plan) {
    try {
      call(ask, plan);
      answer(exchange, ask);
    } catch (IOException e) {
      e.printStackTrace();
      exchange.close();
    }
  }

  private void callAndAnswered(HttpExchange exchange, Ask ask) {
    try {
      answer(exchange, ask);
    } catch (IOException e) {
      e.printStackTrace();
      exchange.close();
    }
  }

  /** Chunked, each other one, but to those who read by hand. */
  private static void answer(HttpExchange exchange, Ask ask) throws IOException {
    byte[] body = ask.answer().getBytes(StandardCharsets.US_ASCII);
    boolean chunked = ask.id() < Adversary.FIRST_ID && ask.id() % 2 == 0;
    exchange.sendResponseHeaders(200, chunked ? 0 : body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
    exchange.close();
  }
}
