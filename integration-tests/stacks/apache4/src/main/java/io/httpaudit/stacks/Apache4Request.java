package io.httpaudit.stacks;

import java.net.URI;
import org.apache.http.client.methods.HttpEntityEnclosingRequestBase;

/** Of whatever method, with a body or without. */
final class Apache4Request extends HttpEntityEnclosingRequestBase {
  private final String method;

  Apache4Request(String method, URI uri) {
    this.method = method;
    setURI(uri);
  }

  @Override
  public String getMethod() {
    return method;
  }
}
