package io.httpaudit.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPInputStream;

/**
 * An OTLP/HTTP endpoint that counts SERVER spans and keeps nothing else. Spans are posted to {@code
 * /NAME/v1/traces}; {@code GET /NAME} answers how many came under that name. Says {@code ready
 * PORT}, and ends with its standard input.
 */
public final class Sink {
  private static final Map<String, Long> COUNTS = new ConcurrentHashMap<>();

  private Sink() {}

  public static void main(String[] arguments) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", Sink::handle);
    server.start();
    System.out.println("ready " + server.getAddress().getPort());
    System.in.read();
    System.exit(0);
  }

  private static void handle(HttpExchange exchange) throws IOException {
    String name = exchange.getRequestURI().getPath().split("/")[1];
    if (exchange.getRequestMethod().equals("GET")) {
      byte[] count =
          Long.toString(COUNTS.getOrDefault(name, 0L)).getBytes(StandardCharsets.US_ASCII);
      exchange.sendResponseHeaders(200, count.length);
      exchange.getResponseBody().write(count);
    } else {
      COUNTS.merge(name, SpanCounts.servers(body(exchange)), Long::sum);
      exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
      exchange.sendResponseHeaders(200, -1);
    }
    exchange.close();
  }

  private static byte[] body(HttpExchange exchange) throws IOException {
    InputStream in = exchange.getRequestBody();
    boolean gzip = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
    return (gzip ? new GZIPInputStream(in) : in).readAllBytes();
  }
}
