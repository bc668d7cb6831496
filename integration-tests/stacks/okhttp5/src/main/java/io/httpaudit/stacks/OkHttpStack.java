package io.httpaudit.stacks;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.BufferedSink;

public final class OkHttpStack implements Stack {
  @Override
  public Client client(SSLContext tls) throws GeneralSecurityException {
    OkHttpClient.Builder builder = new OkHttpClient.Builder().protocols(List.of(Protocol.HTTP_1_1));
    if (tls != null) {
      builder.sslSocketFactory(tls.getSocketFactory(), Keys.trusted());
    }
    OkHttpClient client = builder.build();
    return (uri, asked) -> {
      Request.Builder request =
          new Request.Builder().url(uri.toString()).header("Sent", "" + asked.bytes());
      if (asked.upgrades()) {
        talk(client, request.build(), asked);
        return;
      }
      request.method(asked.method(), asked.hasBody() ? new Body(asked) : null);
      if (asked.expects()) {
        request.header("Expect", "100-continue");
      }
      OkHttpClient own =
          asked.timeout() == 0
              ? client
              : client.newBuilder().readTimeout(Duration.ofMillis(asked.timeout())).build();
      try (Response response = own.newCall(request.build()).execute()) {
        asked.check(response.code(), response.body().bytes());
      }
    };
  }

  private static void talk(OkHttpClient client, Request request, Asked asked) throws Exception {
    Talk talk = new Talk(asked);
    WebSocket socket =
        client.newWebSocket(
            request,
            new WebSocketListener() {
              @Override
              public void onMessage(WebSocket socket, String text) {
                talk.heard(text);
              }

              @Override
              public void onClosed(WebSocket socket, int code, String reason) {
                talk.ended();
              }
            });
    socket.send(talk.text());
    talk.await();
    socket.close(1000, null);
    talk.awaitEnd();
  }

  private static final class Body extends RequestBody {
    private final Asked asked;

    Body(Asked asked) {
      this.asked = asked;
    }

    @Override
    public MediaType contentType() {
      return null;
    }

    @Override
    public long contentLength() {
      return asked.chunked() ? -1 : asked.bytes();
    }

    @Override
    public void writeTo(BufferedSink sink) throws IOException {
      sink.write(asked.body());
    }
  }
}
