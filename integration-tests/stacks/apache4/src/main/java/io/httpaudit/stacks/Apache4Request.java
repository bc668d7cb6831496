package io.httpaudit.stacks;

import java.net.URI;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.client.methods.HttpEntityEnclosingRequestBase;

/** Of whatever method, with a body or without. */
final class Apache4Request extends HttpEntityEnclosingRequestBase {
  private final String method;

  /** But for the body. */
  Apache4Request(URI uri, Asked asked) {
    method = asked.method();
    setURI(uri);
    setHeader("Sent", "" + asked.bytes());
    setConfig(
        RequestConfig.custom()
            .setExpectContinueEnabled(asked.expects())
            .setSocketTimeout(asked.timeout())
            .build());
  }

  @Override
  public String getMethod() {
    return method;
  }
}
