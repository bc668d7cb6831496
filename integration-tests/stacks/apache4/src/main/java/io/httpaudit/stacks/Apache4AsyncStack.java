package io.httpaudit.stacks;

import javax.net.ssl.SSLContext;
import org.apache.http.HttpEntity;
import org.apache.http.HttpResponse;
import org.apache.http.impl.nio.client.CloseableHttpAsyncClient;
import org.apache.http.impl.nio.client.HttpAsyncClientBuilder;
import org.apache.http.impl.nio.client.HttpAsyncClients;
import org.apache.http.impl.nio.reactor.IOReactorConfig;
import org.apache.http.nio.entity.NByteArrayEntity;
import org.apache.http.util.EntityUtils;

public final class Apache4AsyncStack implements Stack {
  @Override
  public Client client(SSLContext tls) {
    HttpAsyncClientBuilder builder =
        HttpAsyncClients.custom()
            .setMaxConnPerRoute(100)
            .setMaxConnTotal(100)
            // Timeouts are looked at once a second else.
            .setDefaultIOReactorConfig(IOReactorConfig.custom().setSelectInterval(50).build());
    if (tls != null) {
      builder.setSSLContext(tls);
    }
    CloseableHttpAsyncClient client = builder.build();
    client.start();
    return (uri, asked) -> {
      Apache4Request request = new Apache4Request(uri, asked);
      if (asked.hasBody()) {
        NByteArrayEntity entity = new NByteArrayEntity(asked.body());
        entity.setChunked(asked.chunked());
        request.setEntity(entity);
      }
      HttpResponse response = client.execute(request, null).get();
      HttpEntity entity = response.getEntity();
      asked.check(
          response.getStatusLine().getStatusCode(),
          entity == null ? new byte[0] : EntityUtils.toByteArray(entity));
    };
  }
}
