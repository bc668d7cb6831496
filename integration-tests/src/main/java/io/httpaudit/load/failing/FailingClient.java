package io.httpaudit.load.failing;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * One call for each case, one after the other: {@code FOLDER url|http|socket CASE:PORT …}. Prints
 * for each how it went.
 */
public final class FailingClient {
  private final Keys keys;
  private final String kind;

  private FailingClient(Keys keys, String kind) {
    this.keys = keys;
    this.kind = kind;
  }

  public static void main(String[] words) throws Exception {
    FailingClient client = new FailingClient(new Keys(Path.of(words[0])), words[1]);
    for (int i = 2; i < words.length; i++) {
      String[] parts = words[i].split(":");
      try {
        client.call(Case.of(parts[0]), Integer.parseInt(parts[1]));
        System.out.println(parts[0] + " went well");
      } catch (IOException e) {
        System.out.println(parts[0] + " " + e);
      }
    }
  }

  private void call(Case of, int port)
      throws IOException, GeneralSecurityException, InterruptedException {
    SSLContext context = keys.context(of.name().equals("client-stranger") ? "stranger-client" : "");
    switch (kind) {
      case "url" -> url(of, context, port);
      case "http" -> http(of, context, port);
      default -> socket(of, context, port);
    }
  }

  private static URI uri(int port) {
    return URI.create("https://localhost:" + port + "/early");
  }

  private static void url(Case of, SSLContext context, int port) throws IOException {
    property("https.protocols", of.protocols());
    property("https.cipherSuites", of.suites());
    HttpsURLConnection connection = (HttpsURLConnection) uri(port).toURL().openConnection();
    connection.setSSLSocketFactory(context.getSocketFactory());
    connection.setReadTimeout(of.patience());
    if (of.name().equals("verifier")) {
      connection.setHostnameVerifier((name, session) -> false);
    }
    try (InputStream body = connection.getInputStream()) {
      body.readAllBytes();
    } finally {
      connection.disconnect();
    }
  }

  private static void property(String name, String[] values) {
    if (values == null) {
      System.clearProperty(name);
    } else {
      System.setProperty(name, String.join(",", values));
    }
  }

  private static void http(Case of, SSLContext context, int port)
      throws IOException, InterruptedException {
    SSLParameters parameters = new SSLParameters();
    of.set(parameters);
    HttpClient client =
        HttpClient.newBuilder()
            .sslContext(context)
            .sslParameters(parameters)
            .version(
                of.name().equals("alpn") ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
            .build();
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(port));
    if (of.patience() > 0) {
      request.timeout(Duration.ofMillis(of.patience()));
    }
    client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** Shakes hands, and reads: it sends no request. */
  private static void socket(Case of, SSLContext context, int port) throws IOException {
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("localhost", port)) {
      SSLParameters parameters = socket.getSSLParameters();
      of.set(parameters);
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.setSoTimeout(of.patience());
      socket.startHandshake();
      if (!of.name().equals("idle")) {
        socket.getInputStream().read();
      }
    }
  }
}
