package io.httpaudit.stacks;

import java.io.ByteArrayInputStream;
import javax.net.ssl.SSLContext;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.entity.ByteArrayEntity;
import org.apache.http.entity.InputStreamEntity;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClientBuilder;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;

public final class Apache4Stack implements Stack {
  @Override
  public Client client(SSLContext tls) {
    HttpClientBuilder builder = HttpClients.custom().setMaxConnPerRoute(100).setMaxConnTotal(100);
    if (tls != null) {
      builder.setSSLContext(tls);
    }
    CloseableHttpClient client = builder.build();
    return (uri, asked) -> {
      Apache4Request request = new Apache4Request(uri, asked);
      if (asked.hasBody()) {
        request.setEntity(
            asked.chunked()
                ? new InputStreamEntity(new ByteArrayInputStream(asked.body()), -1)
                : new ByteArrayEntity(asked.body()));
      }
      try (CloseableHttpResponse response = client.execute(request)) {
        byte[] body =
            response.getEntity() == null
                ? new byte[0]
                : EntityUtils.toByteArray(response.getEntity());
        asked.check(response.getStatusLine().getStatusCode(), body);
      }
    };
  }
}
