package io.httpaudit.stacks;

import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import javax.net.ssl.SSLContext;
import org.asynchttpclient.AsyncHttpClient;
import org.asynchttpclient.BoundRequestBuilder;
import org.asynchttpclient.DefaultAsyncHttpClientConfig;
import org.asynchttpclient.Dsl;
import org.asynchttpclient.Response;
import org.asynchttpclient.request.body.generator.InputStreamBodyGenerator;

public final class AsyncHttpClientStack implements Stack {
  @Override
  public Client client(SSLContext tls) throws Exception {
    DefaultAsyncHttpClientConfig.Builder config =
        Dsl.config().setUseNativeTransport(false).setMaxConnectionsPerHost(100);
    if (tls != null) {
      config.setSslContext(SslContextBuilder.forClient().trustManager(Keys.trusted()).build());
    }
    AsyncHttpClient client = Dsl.asyncHttpClient(config);
    return (uri, asked) -> {
      BoundRequestBuilder request =
          client.prepare(asked.method(), uri.toString()).setHeader("Sent", "" + asked.bytes());
      if (asked.chunked()) {
        request.setBody(new InputStreamBodyGenerator(new ByteArrayInputStream(asked.body())));
      } else if (asked.hasBody()) {
        request.setBody(asked.body());
      }
      Response response = request.execute().get();
      asked.check(response.getStatusCode(), response.getResponseBodyAsBytes());
    };
  }
}
