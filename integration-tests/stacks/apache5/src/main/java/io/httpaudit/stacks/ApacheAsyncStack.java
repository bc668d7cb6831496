package io.httpaudit.stacks;

import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.async.methods.SimpleHttpResponse;
import org.apache.hc.client5.http.async.methods.SimpleResponseConsumer;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.nio.entity.BasicAsyncEntityProducer;
import org.apache.hc.core5.http.nio.support.AsyncRequestBuilder;
import org.apache.hc.core5.http2.HttpVersionPolicy;
import org.apache.hc.core5.reactor.IOReactorConfig;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

public final class ApacheAsyncStack implements Stack {
  private static final ContentType BYTES = ContentType.APPLICATION_OCTET_STREAM;

  @Override
  public Client client(SSLContext tls) {
    PoolingAsyncClientConnectionManagerBuilder connections =
        PoolingAsyncClientConnectionManagerBuilder.create()
            .setMaxConnPerRoute(100)
            .setMaxConnTotal(100)
            .setDefaultTlsConfig(
                TlsConfig.custom().setVersionPolicy(HttpVersionPolicy.FORCE_HTTP_1).build());
    if (tls != null) {
      connections.setTlsStrategy(new DefaultClientTlsStrategy(tls));
    }
    CloseableHttpAsyncClient client =
        HttpAsyncClients.custom()
            .setConnectionManager(connections.build())
            // Timeouts are looked at once a second else.
            .setIOReactorConfig(
                IOReactorConfig.custom().setSelectInterval(TimeValue.ofMilliseconds(50)).build())
            .build();
    client.start();
    return (uri, asked) -> {
      AsyncRequestBuilder request =
          AsyncRequestBuilder.create(asked.method())
              .setUri(uri)
              .setHeader("Sent", "" + asked.bytes());
      HttpClientContext context = HttpClientContext.create();
      context.setRequestConfig(
          RequestConfig.custom()
              .setExpectContinueEnabled(asked.expects())
              .setResponseTimeout(Timeout.ofMilliseconds(asked.timeout()))
              .build());
      if (asked.hasBody()) {
        request.setEntity(new BasicAsyncEntityProducer(asked.body(), BYTES, asked.chunked()));
      }
      SimpleHttpResponse response =
          client.execute(request.build(), SimpleResponseConsumer.create(), context, null).get();
      byte[] body = response.getBodyBytes();
      asked.check(response.getCode(), body == null ? new byte[0] : body);
    };
  }
}
