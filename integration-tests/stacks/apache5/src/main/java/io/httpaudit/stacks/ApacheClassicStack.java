package io.httpaudit.stacks;

import java.io.ByteArrayInputStream;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;
import org.apache.hc.core5.util.Timeout;

public final class ApacheClassicStack implements Stack {
  private static final ContentType BYTES = ContentType.APPLICATION_OCTET_STREAM;

  @Override
  public Client client(SSLContext tls) {
    PoolingHttpClientConnectionManagerBuilder connections =
        PoolingHttpClientConnectionManagerBuilder.create()
            .setMaxConnPerRoute(100)
            .setMaxConnTotal(100);
    if (tls != null) {
      connections.setTlsSocketStrategy(new DefaultClientTlsStrategy(tls));
    }
    CloseableHttpClient client =
        HttpClients.custom().setConnectionManager(connections.build()).build();
    return (uri, asked) -> {
      HttpUriRequestBase request = new HttpUriRequestBase(asked.method(), uri);
      request.setHeader("Sent", "" + asked.bytes());
      request.setConfig(
          RequestConfig.custom()
              .setExpectContinueEnabled(asked.expects())
              .setResponseTimeout(Timeout.ofMilliseconds(asked.timeout()))
              .build());
      if (asked.hasBody()) {
        request.setEntity(
            asked.chunked()
                ? new InputStreamEntity(new ByteArrayInputStream(asked.body()), -1, BYTES)
                : new ByteArrayEntity(asked.body(), BYTES));
      }
      client.execute(
          request,
          response -> {
            byte[] body =
                response.getEntity() == null
                    ? new byte[0]
                    : EntityUtils.toByteArray(response.getEntity());
            asked.check(response.getCode(), body);
            return null;
          });
    };
  }
}
