package io.httpaudit.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Authenticator;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Scanner;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * The JDK's two clients, each called as an application would: within the handler of a request to
 * this JVM's server, {@code /id/client/action}, whose field {@code To} says where; or, by a line
 * {@code client action uri} on standard input, by the main thread. The answer is what came of it.
 * Ends with standard input.
 */
public final class ClientCalls {
  private static final String OWN = "00-0123456789abcdef0123456789abcdef-fedcba9876543210-01";
  private static final int PATIENCE = 500;
  private static final int MINUTE = 60_000;
  private static final int LARGE = 300_000;

  private final Authenticator authenticator =
      new Authenticator() {
        @Override
        protected PasswordAuthentication getPasswordAuthentication() {
          return new PasswordAuthentication("user", "word".toCharArray());
        }
      };

  private final ExecutorService handlers =
      Executors.newCachedThreadPool(Threads.daemons("handler"));
  private final ExecutorService one = Executors.newFixedThreadPool(1, Threads.daemons("one"));
  private final SSLContext trusting = trusting();
  private final HttpClient http1 = client(HttpClient.Version.HTTP_1_1, MINUTE).build();
  private final HttpClient http2 = client(HttpClient.Version.HTTP_2, MINUTE).build();
  private final HttpClient wrapped =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .sslContext(WrappedEngines.context(trusting))
          .build();
  private final HttpClient narrow =
      client(HttpClient.Version.HTTP_1_1, MINUTE).executor(one).build();

  private ClientCalls() {
    Authenticator.setDefault(authenticator);
    HttpsURLConnection.setDefaultSSLSocketFactory(trusting.getSocketFactory());
    HttpsURLConnection.setDefaultHostnameVerifier((host, session) -> true);
  }

  public static void main(String[] arguments) throws Exception {
    ClientCalls calls = new ClientCalls();
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(calls.handlers);
    server.createContext("/", calls::handle);
    server.start();
    System.out.println("port " + server.getAddress().getPort());
    try (Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8)) {
      while (lines.hasNextLine()) {
        String[] words = lines.nextLine().split(" ");
        System.out.println("done " + calls.outcome(words[0], words[1], URI.create(words[2])));
      }
    }
    server.stop(0);
  }

  private HttpClient.Builder client(HttpClient.Version version, int patience) {
    return HttpClient.newBuilder()
        .version(version)
        .sslContext(trusting)
        .followRedirects(HttpClient.Redirect.NORMAL)
        .authenticator(authenticator)
        .connectTimeout(Duration.ofMillis(patience));
  }

  private static SSLContext trusting() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new TrustsAll()}, new SecureRandom());
      return context;
    } catch (java.security.GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class TrustsAll implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {
      // All.
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
      // All.
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    String[] path = exchange.getRequestURI().getPath().split("/");
    URI to = URI.create(exchange.getRequestHeaders().getFirst("To"));
    byte[] answer = outcome(path[2], path[3], to).getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private String outcome(String client, String action, URI to) {
    try {
      return switch (client) {
        case "url" -> byUrlConnection(action, to);
        case "http1" -> sent(http1, action, to, false);
        case "http1-async" -> sent(http1, action, to, true);
        case "http2" -> sent(http2, action, to, false);
        case "http1-wrapped" -> sent(wrapped, action, to, false);
        case "http2-async" -> sent(http2, action, to, true);
        default -> throw new IllegalArgumentException(client);
      };
    } catch (IOException | InterruptedException | ExecutionException e) {
      Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
      return cause.getClass().getSimpleName();
    }
  }

  private static String outcome(int status, int bytes) {
    return status + " " + bytes;
  }

  // ---- java.net.HttpURLConnection

  private String byUrlConnection(String action, URI to) throws IOException, InterruptedException {
    HttpURLConnection c =
        (HttpURLConnection)
            (isProxied(action)
                ? target(action, to)
                    .toURL()
                    .openConnection(new Proxy(Proxy.Type.HTTP, proxy(action, to)))
                : to.toURL().openConnection());
    c.setConnectTimeout(action.equals("impatient") ? PATIENCE : MINUTE);
    switch (action) {
      case "own" -> c.setRequestProperty("traceparent", OWN);
      case "signed" -> {
        c.setRequestProperty("Authorization", "Signature over=host");
        c.setRequestProperty("X-Last", "1");
      }
      case "connect" -> {
        c.connect();
        Thread.sleep(100);
      }
      case "again" -> {
        c.connect();
        c.disconnect();
      }
      case "post" -> body(c, 100);
      case "fixed" -> {
        c.setFixedLengthStreamingMode(LARGE);
        body(c, LARGE);
      }
      case "large" -> {
        c.setChunkedStreamingMode(8192);
        body(c, LARGE);
      }
      default -> {}
    }
    if (action.equals("properties")) {
      // A response without a body: the library lets the application look afterwards.
      String before = c.getRequestProperties().toString();
      int status = c.getResponseCode();
      boolean same = !c.getRequestProperties().containsKey("traceparent");
      boolean none = c.getRequestProperty("traceparent") == null;
      return status + " " + before + " " + same + " " + none;
    }
    try (InputStream in = c.getInputStream()) {
      return outcome(c.getResponseCode(), in.readAllBytes().length);
    }
  }

  private static void body(HttpURLConnection c, int length) throws IOException {
    c.setDoOutput(true);
    try (OutputStream out = c.getOutputStream()) {
      out.write(new byte[length]);
    }
  }

  /** Of http {@code proxied}, of https {@code tunnel-port} or {@code auth-port}. */
  private static boolean isProxied(String action) {
    return action.equals("proxied") || action.indexOf('-') > 0;
  }

  /** The proxy is where {@code to} is, or at the action's port. */
  private static InetSocketAddress proxy(String action, URI to) throws IOException {
    int dash = action.indexOf('-');
    return new InetSocketAddress(
        InetAddress.getByName(to.getHost()),
        dash < 0 ? to.getPort() : Integer.parseInt(action.substring(dash + 1)));
  }

  /** What is asked for of it: another host's, or that of a tunnel to {@code to}. */
  private static URI target(String action, URI to) {
    String host = action.startsWith("auth-") ? "auth.test" : "target.test";
    return URI.create(
        to.getScheme()
            + "://"
            + host
            + (action.equals("proxied") ? "" : ":" + to.getPort())
            + to.getPath());
  }

  // ---- java.net.http

  private String sent(HttpClient client, String action, URI to, boolean async)
      throws IOException, InterruptedException, ExecutionException {
    HttpClient by = client;
    URI at = to;
    HttpRequest.Builder request = HttpRequest.newBuilder();
    switch (action) {
      case "own" -> request.header("traceparent", OWN);
      case "signed" -> request.header("Authorization", "Signature over=host").header("X-Last", "1");
      case "post" -> request.POST(BodyPublishers.ofByteArray(new byte[100]));
      case "large" ->
          request.POST(
              BodyPublishers.ofInputStream(
                  () -> new java.io.ByteArrayInputStream(new byte[LARGE])));
      case "impatient" -> by = client(client.version(), PATIENCE).build();
      case "busy" -> {
        by = narrow;
        one.execute(ClientCalls::work);
      }
      default -> {}
    }
    if (isProxied(action)) {
      at = target(action, to);
      by = client(client.version(), MINUTE).proxy(ProxySelector.of(proxy(action, to))).build();
    }
    HttpRequest ready = request.uri(at).build();
    HttpResponse.BodyHandler<byte[]> handler = HttpResponse.BodyHandlers.ofByteArray();
    HttpResponse<byte[]> response =
        async ? by.sendAsync(ready, handler).get() : by.send(ready, handler);
    return outcome(response.statusCode(), response.body().length);
  }

  private static void work() {
    try {
      Thread.sleep(200);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
