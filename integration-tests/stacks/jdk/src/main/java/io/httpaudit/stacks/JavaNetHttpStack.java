package io.httpaudit.stacks;

import java.io.ByteArrayInputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import javax.net.ssl.SSLContext;

public final class JavaNetHttpStack implements Stack {
  @Override
  public Client client(SSLContext tls) {
    HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
    HttpClient client = (tls == null ? builder : builder.sslContext(tls)).build();
    return (uri, asked) -> {
      HttpRequest.BodyPublisher body =
          !asked.hasBody()
              ? BodyPublishers.noBody()
              : asked.chunked()
                  ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(asked.body()))
                  : BodyPublishers.ofByteArray(asked.body());
      HttpRequest request =
          HttpRequest.newBuilder(uri)
              .header("Sent", "" + asked.bytes())
              .method(asked.method(), body)
              .build();
      HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      asked.check(response.statusCode(), response.body());
    };
  }
}
