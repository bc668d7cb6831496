package io.httpaudit.stacks;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLContext;

public final class JavaNetHttpStack implements Stack {
  @Override
  public Client client(SSLContext tls) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NORMAL);
    HttpClient client = (tls == null ? builder : builder.sslContext(tls)).build();
    return (uri, asked) -> {
      if (asked.upgrades()) {
        talk(client, uri, asked);
        return;
      }
      HttpRequest.BodyPublisher body =
          !asked.hasBody()
              ? BodyPublishers.noBody()
              : asked.chunked()
                  ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(asked.body()))
                  : BodyPublishers.ofByteArray(asked.body());
      HttpRequest.Builder request =
          HttpRequest.newBuilder(uri)
              .header("Sent", "" + asked.bytes())
              .expectContinue(asked.expects())
              .method(asked.method(), body);
      if (asked.timeout() > 0) {
        request.timeout(Duration.ofMillis(asked.timeout()));
      }
      HttpResponse<byte[]> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      asked.check(response.statusCode(), response.body());
    };
  }

  private static void talk(HttpClient client, URI uri, Asked asked) throws Exception {
    Talk talk = new Talk(asked);
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .header("Sent", "0")
            .buildAsync(Talk.uri(uri), listener(talk))
            .get();
    socket.sendText(talk.text(), true).get();
    talk.await();
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get();
    talk.awaitEnd();
  }

  private static WebSocket.Listener listener(Talk talk) {
    return new WebSocket.Listener() {
      @Override
      public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
        talk.heard(text.toString());
        socket.request(1);
        return null;
      }

      @Override
      public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
        talk.ended();
        return null;
      }
    };
  }
}
