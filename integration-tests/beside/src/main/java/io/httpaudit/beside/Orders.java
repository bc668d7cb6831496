package io.httpaudit.beside;

import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.exporter.logging.LoggingSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.instrumentation.javahttpclient.JavaHttpClientTelemetry;
import io.opentelemetry.instrumentation.javahttpserver.JavaHttpServerTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A shop that asks its stock about each order, both by the JDK's server, in one JVM: arguments are
 * how it has its OpenTelemetry ({@code agent}, {@code own}, {@code autoconfigure}), how many
 * orders, how many at once, and for how many milliseconds stock's answers drip.
 */
public final class Orders {
  private static final int POST_EVERY = 3;
  private static final int MISSING_EVERY = 5;
  private static final int OK = 200;
  private static final int NOT_FOUND = 404;

  private final OpenTelemetry openTelemetry;
  private final HttpClient client;
  private final int drips;
  private final List<HttpServer> servers = new ArrayList<>();

  private Orders(OpenTelemetry openTelemetry, int drips) {
    this.openTelemetry = openTelemetry;
    this.drips = drips;
    HttpClient plain = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    client =
        openTelemetry == null
            ? plain
            : JavaHttpClientTelemetry.builder(openTelemetry).build().newHttpClient(plain);
  }

  public static void main(String[] arguments) throws Exception {
    OpenTelemetrySdk own = sdk(arguments[0]);
    int orders = Integer.parseInt(arguments[1]);
    ExecutorService customers = Executors.newFixedThreadPool(Integer.parseInt(arguments[2]));
    Orders shop = new Orders(own, Integer.parseInt(arguments[3]));
    URI stock = shop.serve("/stock/", Orders::inStock);
    URI front = shop.serve("/orders/", exchange -> shop.order(exchange, stock));
    List<Future<Integer>> placed = new ArrayList<>();
    for (int i = 0; i < orders; i++) {
      int order = i;
      placed.add(customers.submit((Callable<Integer>) () -> place(front, order)));
    }
    for (int i = 0; i < orders; i++) {
      int expected = i % MISSING_EVERY == MISSING_EVERY - 1 ? NOT_FOUND : OK;
      if (placed.get(i).get() != expected) {
        throw new IllegalStateException("order " + i + ": " + placed.get(i).get());
      }
    }
    customers.shutdown();
    System.out.println("done " + orders);
    shop.servers.forEach(server -> server.stop(0));
    if (arguments[0].equals("own")) {
      own.close();
    }
  }

  private static OpenTelemetrySdk sdk(String way) {
    switch (way) {
      case "own":
        Resource resource =
            Resource.getDefault().toBuilder()
                .put(
                    AttributeKey.stringKey("service.name"),
                    System.getenv().getOrDefault("OTEL_SERVICE_NAME", "orders"))
                .build();
        return OpenTelemetrySdk.builder()
            .setTracerProvider(
                SdkTracerProvider.builder()
                    .setResource(resource)
                    .addSpanProcessor(BatchSpanProcessor.builder(exporter()).build())
                    .build())
            .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
            .buildAndRegisterGlobal();
      case "autoconfigure":
        return AutoConfiguredOpenTelemetrySdk.initialize().getOpenTelemetrySdk();
      default:
        return null;
    }
  }

  /** To a collector, if there is one. */
  private static SpanExporter exporter() {
    String collector = System.getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
    return collector == null
        ? LoggingSpanExporter.create()
        : OtlpHttpSpanExporter.builder().setEndpoint(collector + "/v1/traces").build();
  }

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private URI serve(String path, Handler handler) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ExecutorService workers = Executors.newCachedThreadPool(Orders::daemon);
    server.setExecutor(workers);
    HttpContext context =
        server.createContext(
            path,
            exchange -> {
              try (exchange) {
                exchange.getRequestBody().readAllBytes();
                handler.handle(exchange);
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
            });
    if (openTelemetry != null) {
      context.getFilters().add(JavaHttpServerTelemetry.create(openTelemetry).newFilter());
    }
    server.start();
    servers.add(server);
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    return thread;
  }

  /** The customer, who has no OpenTelemetry of its own. */
  private static int place(URI front, int order) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) front.resolve(String.valueOf(order)).toURL().openConnection();
      if (order % POST_EVERY == 0) {
        connection.setDoOutput(true);
        connection.getOutputStream().write(new byte[3_000]);
      }
      int status = connection.getResponseCode();
      try (InputStream body =
          status == OK ? connection.getInputStream() : connection.getErrorStream()) {
        body.readAllBytes();
      }
      return status;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void order(HttpExchange exchange, URI stock) throws IOException, InterruptedException {
    String path = exchange.getRequestURI().getPath();
    String order = path.substring(path.lastIndexOf('/') + 1);
    HttpRequest request = HttpRequest.newBuilder(stock.resolve(order + "?drips=" + drips)).build();
    HttpResponse<InputStream> response =
        client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      answer(exchange, response.statusCode(), body.readAllBytes());
    }
  }

  /** Its answer's last byte comes when it has dripped for long enough. */
  private static void inStock(HttpExchange exchange) throws IOException, InterruptedException {
    String path = exchange.getRequestURI().getPath();
    int order = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
    int drips = Integer.parseInt(exchange.getRequestURI().getQuery().substring("drips=".length()));
    int status = order % MISSING_EVERY == MISSING_EVERY - 1 ? NOT_FOUND : OK;
    byte[] body = new byte[500];
    exchange.sendResponseHeaders(status, body.length + (drips > 0 ? 1 : 0));
    exchange.getResponseBody().write(body);
    if (drips > 0) {
      exchange.getResponseBody().flush();
      Thread.sleep(drips);
      exchange.getResponseBody().write(1);
    }
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }
}
