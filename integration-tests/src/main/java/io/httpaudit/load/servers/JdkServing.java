package io.httpaudit.load.servers;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.httpaudit.load.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;

/**
 * The JDK's server, on threads of the application's own and, where there are, on virtual ones, each
 * without TLS and with.
 */
public final class JdkServing {
  private static final List<Crowd.Kind> KINDS =
      List.of(
          new Crowd.Kind("sync", "GET", "/shop/", 200, false, 6),
          new Crowd.Kind("sync", "POST", "/shop/", 200, false, 3),
          new Crowd.Kind("unread", "POST", "/shop/", 200, false, 1),
          new Crowd.Kind("sync", "HEAD", "/shop/", 200, false, 1),
          new Crowd.Kind("empty", "GET", "/shop/deep/", 204, false, 2),
          new Crowd.Kind("async", "GET", "/shop/", 200, false, 4),
          new Crowd.Kind("throws", "GET", "/shop/", 0, true, 1),
          new Crowd.Kind("silent", "GET", "/shop/", 0, true, 1),
          new Crowd.Kind("nothing", "GET", "/none/", 404, true, 1));

  private final Sightings sightings = new Sightings();
  private final ForeignThreads foreign = new ForeignThreads(4);

  private JdkServing() throws ReflectiveOperationException {}

  /** How many requests, where to write what was seen, and a keystore. */
  public static void main(String[] arguments) throws Exception {
    Transport tls = Transport.tls(Path.of(arguments[2]));
    new JdkServing().run(Integer.parseInt(arguments[0]), Path.of(arguments[1]), tls);
    System.exit(0);
  }

  private void run(int requests, Path file, Transport tls) throws Exception {
    ForeignThreads workers = new ForeignThreads(16);
    Executor watched =
        task ->
            workers.execute(
                () -> {
                  sightings.see("-", "before");
                  try {
                    task.run();
                  } finally {
                    sightings.see("-", "after");
                  }
                });
    List<Crowd.Server> servers = new ArrayList<>();
    for (Transport on : List.of(Transport.plain(), tls)) {
      servers.add(serve(on, watched));
      servers.add(serve(on, virtualThreads()));
    }
    new Crowd(sightings, KINDS, servers).run(requests);
    Thread.sleep(200);
    sightings.write(file);
  }

  /** Before 21, platform threads. */
  private static Executor virtualThreads() throws ReflectiveOperationException {
    return Runtime.version().feature() < 21
        ? new ForeignThreads(16)
        : (ExecutorService)
            java.util.concurrent.Executors.class
                .getMethod("newVirtualThreadPerTaskExecutor")
                .invoke(null);
  }

  private Crowd.Server serve(Transport on, Executor executor) throws IOException {
    HttpServer server = on.server(0);
    server.setExecutor(executor);
    for (String path : new String[] {"/shop", "/shop/deep/"}) {
      server
          .createContext(path, this::handle)
          .getFilters()
          .add(
              new Filter() {
                @Override
                public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
                  String id = Asked.of(exchange.getRequestURI().getPath()).id();
                  sightings.see(id, "filter");
                  chain.doFilter(exchange);
                  sightings.see(id, "filtered");
                }

                @Override
                public String description() {
                  return "sees";
                }
              });
    }
    server.start();
    return new Crowd.Server(on, server.getAddress().getPort());
  }

  private void handle(HttpExchange exchange) throws IOException {
    Asked asked = Asked.of(exchange.getRequestURI().getPath());
    exchange.getResponseHeaders().set("X-Id", asked.id());
    String ids = sightings.see(asked.id(), "handler");
    exchange.getResponseHeaders().set("X-Ids", ids);
    switch (asked.kind()) {
      case "unread" -> answer(exchange);
      case "empty" -> {
        exchange.sendResponseHeaders(204, -1);
        exchange.close();
      }
      case "async" ->
          foreign.execute(
              () -> {
                sightings.see(asked.id(), "foreign");
                try {
                  answer(exchange);
                } catch (IOException e) {
                  exchange.close();
                }
              });
      case "throws" -> throw new IllegalStateException("as it was asked to");
      case "silent" -> exchange.close();
      default -> {
        exchange.getRequestBody().readAllBytes();
        answer(exchange);
      }
    }
  }

  private static void answer(HttpExchange exchange) throws IOException {
    byte[] body = "hello".repeat(100).getBytes(StandardCharsets.ISO_8859_1);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(200, head ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }
}
