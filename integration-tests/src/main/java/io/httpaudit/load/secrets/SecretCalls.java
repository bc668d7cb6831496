package io.httpaudit.load.secrets;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;

/** Calls that carry secrets wherever a request can. */
final class SecretCalls {
  private final Secrets secrets;
  private final SSLContext context;
  private final HttpClient client;

  SecretCalls(Secrets secrets, SSLContext context) {
    this.secrets = secrets;
    this.context = context;
    client =
        HttpClient.newBuilder().sslContext(context).version(HttpClient.Version.HTTP_1_1).build();
  }

  private String authorization() {
    return "Bearer " + secrets.header();
  }

  private String cookie() {
    return "session=" + secrets.header();
  }

  private String query() {
    return "?token=" + secrets.query() + "&page=" + secrets.query();
  }

  void http(String base, int size, boolean chunked) throws IOException, InterruptedException {
    byte[] body = secrets.body(size);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base + query()))
            .header("Authorization", authorization())
            .header("Cookie", cookie())
            .POST(
                chunked
                    ? HttpRequest.BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(body))
                    : HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    check(client.send(request, HttpResponse.BodyHandlers.ofByteArray()).statusCode());
  }

  void url(String base, int size, boolean chunked) throws IOException {
    byte[] body = secrets.body(size);
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(base + query()).toURL().openConnection();
    if (connection instanceof HttpsURLConnection secure) {
      secure.setSSLSocketFactory(context.getSocketFactory());
    }
    connection.setRequestProperty("Authorization", authorization());
    connection.setRequestProperty("Cookie", cookie());
    connection.setDoOutput(true);
    if (chunked) {
      connection.setChunkedStreamingMode(1000);
    }
    try (OutputStream out = connection.getOutputStream()) {
      out.write(body);
    }
    check(connection.getResponseCode());
    try (InputStream in = connection.getInputStream()) {
      in.readAllBytes();
    }
  }

  /** By hand, with user-info in an absolute target, {@code count} on one connection. */
  Socket socket(int port, int count) throws IOException {
    Socket socket = context.getSocketFactory().createSocket("localhost", port);
    for (int i = 0; i < count; i++) {
      byte[] body = secrets.body(100);
      String head =
          "POST https://user:"
              + secrets.query()
              + "@localhost:"
              + port
              + "/socket"
              + query()
              + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
              + authorization()
              + "\r\nCookie: "
              + cookie()
              + "\r\nContent-Length: "
              + body.length
              + "\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(body);
      String answer = SecretServers.head(socket.getInputStream());
      check(answer.startsWith("HTTP/1.1 200") ? 200 : 0);
      socket.getInputStream().readNBytes(SecretServers.length(answer));
    }
    return socket;
  }

  /** To one that answers once a connection. */
  void once(String base) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(base)).build();
    check(client.send(request, HttpResponse.BodyHandlers.ofByteArray()).statusCode());
    HttpsURLConnection connection = (HttpsURLConnection) URI.create(base).toURL().openConnection();
    connection.setSSLSocketFactory(context.getSocketFactory());
    check(connection.getResponseCode());
    try (InputStream in = connection.getInputStream()) {
      in.readAllBytes();
    }
  }

  private static void check(int status) throws IOException {
    if (status != 200) {
      throw new IOException("status " + status);
    }
  }
}
