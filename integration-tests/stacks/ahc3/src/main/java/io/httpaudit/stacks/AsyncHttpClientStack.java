package io.httpaudit.stacks;

import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.asynchttpclient.AsyncHttpClient;
import org.asynchttpclient.BoundRequestBuilder;
import org.asynchttpclient.DefaultAsyncHttpClientConfig;
import org.asynchttpclient.Dsl;
import org.asynchttpclient.Response;
import org.asynchttpclient.request.body.generator.InputStreamBodyGenerator;
import org.asynchttpclient.ws.WebSocket;
import org.asynchttpclient.ws.WebSocketListener;
import org.asynchttpclient.ws.WebSocketUpgradeHandler;

public final class AsyncHttpClientStack implements Stack {
  @Override
  public Client client(SSLContext tls) throws Exception {
    DefaultAsyncHttpClientConfig.Builder config =
        Dsl.config()
            .setUseNativeTransport(false)
            .setMaxConnectionsPerHost(100)
            .setFollowRedirect(true);
    if (tls != null) {
      config.setSslContext(SslContextBuilder.forClient().trustManager(Keys.trusted()).build());
    }
    AsyncHttpClient client = Dsl.asyncHttpClient(config);
    return (uri, asked) -> {
      if (asked.upgrades()) {
        talk(client, uri, asked);
        return;
      }
      BoundRequestBuilder request =
          client.prepare(asked.method(), uri.toString()).setHeader("Sent", "" + asked.bytes());
      if (asked.expects()) {
        request.setHeader("Expect", "100-continue");
      }
      if (asked.timeout() > 0) {
        request.setReadTimeout(Duration.ofMillis(asked.timeout()));
      }
      if (asked.chunked()) {
        request.setBody(new InputStreamBodyGenerator(new ByteArrayInputStream(asked.body())));
      } else if (asked.hasBody()) {
        request.setBody(asked.body());
      }
      Response response = request.execute().get();
      asked.check(response.getStatusCode(), response.getResponseBodyAsBytes());
    };
  }

  private static void talk(AsyncHttpClient client, URI uri, Asked asked) throws Exception {
    Talk talk = new Talk(asked);
    WebSocketListener listener =
        new WebSocketListener() {
          @Override
          public void onOpen(WebSocket socket) {}

          @Override
          public void onTextFrame(String text, boolean last, int reserved) {
            talk.heard(text);
          }

          @Override
          public void onClose(WebSocket socket, int code, String reason) {
            talk.ended();
          }

          @Override
          public void onError(Throwable e) {
            e.printStackTrace();
          }
        };
    WebSocket socket =
        client
            .prepareGet(Talk.uri(uri).toString())
            .setHeader("Sent", "0")
            .execute(new WebSocketUpgradeHandler.Builder().addWebSocketListener(listener).build())
            .get();
    socket.sendTextFrame(talk.text());
    talk.await();
    socket.sendCloseFrame();
    talk.awaitEnd();
  }
}
