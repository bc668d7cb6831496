package io.httpaudit.load.tls;

import io.httpaudit.stacks.Asked;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** {@code java.net.http}, which wraps and unwraps by an {@code SSLEngine}. */
final class EngineClient {
  private final HttpClient client;
  private final String server;

  EngineClient(SSLContext context, SSLParameters settings, int port) {
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(context)
            .sslParameters(settings)
            .build();
    server = "https://localhost:" + port;
  }

  void make(Asked asked) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server + asked.wanted().target()))
            .header("Sent", "" + asked.bytes())
            .method(asked.method(), publisher(asked))
            .build();
    HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    asked.check(response.statusCode(), response.body());
  }

  private static BodyPublisher publisher(Asked asked) {
    if (!asked.hasBody()) {
      return BodyPublishers.noBody();
    }
    // Of a stream's length nobody knows: it is sent in chunks.
    return asked.chunked()
        ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(asked.body()))
        : BodyPublishers.ofByteArray(asked.body());
  }
}
