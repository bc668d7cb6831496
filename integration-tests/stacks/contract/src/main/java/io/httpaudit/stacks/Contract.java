package io.httpaudit.stacks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/**
 * Runs a {@link Stack}, named by its class: {@code CLASS serve|ask|serves|pipelined|asks}, then a
 * key store or {@code plain}, and
 *
 * <ul>
 *   <li>{@code serve}: says {@code port NUMBER}, and ends with its standard input;
 *   <li>{@code ask PORT EXCHANGES}: as a client of a server elsewhere;
 *   <li>{@code cases PORT CASE...}: likewise, what goes otherwise than most, one after the other;
 *   <li>{@code serves EXCHANGES AT-ONCE}: to itself, and in each request it asks somebody else, by
 *       default with {@code HttpURLConnection}, what is in that request's context, so;
 *   <li>{@code pipelined EXCHANGES AT-ONCE}: the same, of requests that follow one another without
 *       waiting for an answer;
 *   <li>{@code asks EXCHANGES AT-ONCE}: within requests to the JDK's server, another such server.
 * </ul>
 */
public final class Contract {
  private static final int THREADS = 3;
  private static final int BACKLOG = 500;

  private Contract() {}

  public static void main(String[] arguments) {
    try {
      run(arguments);
    } catch (Exception e) {
      // A library's threads would keep the JVM.
      Daemons.fail(e);
    }
    // Whatever threads the library left.
    System.exit(0);
  }

  private static void run(String[] arguments) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("http.maxConnections", "100");
    Stack stack = (Stack) Class.forName(arguments[0]).getConstructor().newInstance();
    SSLContext tls = arguments[2].equals("plain") ? null : Keys.context(Path.of(arguments[2]));
    switch (arguments[1]) {
      case "serve" -> {
        System.out.println("port " + stack.serve(tls, Contract::answer));
        System.in.readAllBytes();
      }
      case "ask" -> {
        URI server = server(tls, Integer.parseInt(arguments[3]));
        Stack.Client client = stack.client(tls);
        each(
            Integer.parseInt(arguments[4]),
            THREADS,
            number -> {
              Asked asked = Asked.of(number);
              client.make(server.resolve(asked.wanted().target()), asked);
            });
        System.out.println("done");
      }
      case "cases" -> {
        URI server = server(tls, Integer.parseInt(arguments[3]));
        Stack.Client client = stack.client(tls);
        for (int i = 4; i < arguments.length; i++) {
          Cases.make(client, server, i, arguments[i]);
        }
        System.out.println("done");
      }
      case "serves" -> {
        URI sink = sink(null);
        int port = stack.serve(tls, Contract::answer, new Stack.Within(sink));
        crowd(server(tls, port), tls, arguments);
      }
      case "pipelined" -> {
        URI sink = sink(null);
        int port = stack.serve(tls, Contract::answer, new Stack.Within(sink));
        Pipeline pipeline = new Pipeline(server(tls, port), tls);
        each(
            Integer.parseInt(arguments[3]) / Pipeline.LENGTH,
            Integer.parseInt(arguments[4]) / Pipeline.LENGTH,
            n -> pipeline.ask(n * Pipeline.LENGTH));
        System.out.println("done");
      }
      case "asks" -> {
        URI sink = sink(tls);
        Stack.Client client = stack.client(tls);
        crowd(front(client, sink), null, arguments);
      }
      default -> throw new IllegalArgumentException(arguments[1]);
    }
  }

  private static URI server(SSLContext tls, int port) {
    return URI.create((tls == null ? "http" : "https") + "://localhost:" + port);
  }

  /** What a number is for. */
  private interface Work {
    void of(int number) throws Exception;
  }

  private static void each(int count, int atOnce, Work work) throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    Thread[] threads = new Thread[atOnce];
    for (int i = 0; i < atOnce; i++) {
      threads[i] =
          Daemons.thread(
              () -> {
                try {
                  for (int n = next.getAndIncrement(); n < count; n = next.getAndIncrement()) {
                    work.of(n);
                  }
                } catch (Exception e) {
                  Daemons.fail(e);
                }
              });
      threads[i].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static Stack.Answer answer(String method, String target, String sent, byte[] body)
      throws IOException {
    Wanted wanted = Wanted.of(target);
    Bodies.check(wanted.number(), Integer.parseInt(sent), body);
    Cases.before(wanted);
    byte[] answer =
        method.equals("HEAD") ? new byte[0] : Bodies.of(wanted.number(), wanted.bytes());
    return new Stack.Answer(wanted.status(), answer, wanted.bytes(), wanted.isChunked());
  }

  // ---- in whose context

  /** A customer's requests carry contexts of their own: see {@link Carried}. */
  private static void crowd(URI server, SSLContext tls, String[] arguments) throws Exception {
    if (tls != null) {
      javax.net.ssl.HttpsURLConnection.setDefaultSSLSocketFactory(tls.getSocketFactory());
    }
    int count = Integer.parseInt(arguments[3]);
    int atOnce = Integer.parseInt(arguments[4]);
    each(count, atOnce, n -> ask(server.resolve("/x/" + n + "/20/length"), Carried.of(n)));
    System.out.println("done");
  }

  static void ask(URI uri, Carried carried) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setRequestProperty("Sent", "0");
    if (carried != null) {
      carried.onto(connection);
    }
    try (InputStream in = connection.getInputStream()) {
      Wanted wanted = Wanted.of(uri.getPath());
      Bodies.check(wanted.number(), wanted.bytes(), in.readAllBytes());
    }
  }

  private interface Handler {
    void handle(HttpExchange exchange) throws Exception;
  }

  private static URI jdk(SSLContext tls, Handler handler) throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpServer server;
    if (tls == null) {
      server = HttpServer.create(any, BACKLOG);
    } else {
      HttpsServer secure = HttpsServer.create(any, BACKLOG);
      secure.setHttpsConfigurator(new HttpsConfigurator(tls));
      server = secure;
    }
    server.setExecutor(Executors.newCachedThreadPool(Daemons::thread));
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getRequestBody().readAllBytes();
            handler.handle(exchange);
            Wanted wanted = Wanted.of(exchange.getRequestURI().getPath());
            exchange.sendResponseHeaders(200, wanted.bytes());
            exchange.getResponseBody().write(Bodies.of(wanted.number(), wanted.bytes()));
          } catch (IOException e) {
            throw e;
          } catch (Exception e) {
            Daemons.fail(e);
          }
        });
    server.start();
    return server(tls, server.getAddress().getPort());
  }

  /** Looks whether what was carried along is the request's own. */
  private static URI sink(SSLContext tls) throws IOException {
    return jdk(
        tls,
        exchange ->
            Carried.check(
                Wanted.of(exchange.getRequestURI().getPath()).number(),
                exchange.getRequestHeaders()));
  }

  private static URI front(Stack.Client client, URI sink) throws IOException {
    return jdk(
        null,
        exchange -> {
          int number = Wanted.of(exchange.getRequestURI().getPath()).number();
          Asked asked = new Asked("GET", 0, false, new Wanted(number, 10, "length"));
          client.make(sink.resolve(asked.wanted().target()), asked);
        });
  }
}
