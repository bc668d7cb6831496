package io.httpaudit.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;

/**
 * A server that prints what contexts it was sent, in whatever format, {@code path field: value}. It
 * is asked once by hand, with a context of each format, and calls itself meanwhile; then by each of
 * the JDK's clients; then with contexts that the application sets itself, each of another format.
 */
public final class CarriedContexts {
  /** Of each format another trace. */
  private static final String[][] CONTEXTS = {
    {"traceparent", "00-11111111111111111111111111111111-1111111111111111-01"},
    {"b3", "22222222222222222222222222222222-2222222222222222-1"},
    {"X-B3-TraceId", "33333333333333333333333333333333"},
    {"uber-trace-id", "44444444444444444444444444444444:4444444444444444:0:1"},
  };

  private static final List<String> FIELDS =
      List.of(
          "traceparent",
          "tracestate",
          "baggage",
          "b3",
          "x-b3-traceid",
          "x-b3-spanid",
          "x-b3-sampled",
          "uber-trace-id");

  private final HttpServer server = Transport.OWN.server(0);

  private CarriedContexts() throws IOException {
    // It calls itself: by default one thread does all.
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.createContext("/", this::answer);
    server.start();
  }

  public static void main(String[] arguments) throws Exception {
    CarriedContexts contexts = new CarriedContexts();
    contexts.byHand();
    contexts.ask("/url");
    HttpClient client = Transport.OWN.client().version(HttpClient.Version.HTTP_1_1).build();
    client.send(
        HttpRequest.newBuilder(contexts.url("/http")).build(),
        HttpResponse.BodyHandlers.discarding());
    for (String[] context : CONTEXTS) {
      contexts.ask("/own/" + context[0], context);
    }
    contexts.server.stop(0);
    System.exit(0);
  }

  private URI url(String path) {
    return Transport.OWN.uri(server.getAddress().getPort(), path);
  }

  private void byHand() throws IOException {
    StringBuilder request = new StringBuilder("GET /in HTTP/1.1\r\nHost: shop.test\r\n");
    request.append("tracestate: a=1\r\n");
    for (String[] context : CONTEXTS) {
      request.append(context[0]).append(": ").append(context[1]).append("\r\n");
    }
    request.append("X-B3-SpanId: 3333333333333333\r\nX-B3-Sampled: 1\r\nbaggage: user=alice\r\n");
    request.append("tracestate: b=2\r\nConnection: close\r\n\r\n");
    try (Socket socket = Transport.OWN.connect(server.getAddress().getPort())) {
      socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.US_ASCII));
      socket.getInputStream().readAllBytes();
    }
  }

  private void ask(String path, String... context) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) url(path).toURL().openConnection();
    if (context.length > 0) {
      connection.setRequestProperty(context[0], context[1]);
    }
    connection.getInputStream().readAllBytes();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> {
              String lower = name.toLowerCase(Locale.ROOT);
              if (FIELDS.contains(lower)) {
                System.out.println(path + " " + lower + ": " + String.join(" | ", values));
              }
            });
    if (path.equals("/in")) {
      ask("/leaf");
    }
    byte[] body = {'o', 'k'};
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
