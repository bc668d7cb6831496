package io.httpaudit.report;

import io.opentelemetry.sdk.common.export.HttpResponse;

/**
 * A collector's answer.
 *
 * @param retryAfterMillis 0: it asks for no pause
 * @param keepsAlive whether the connection serves another request
 */
record HttpReply(int status, String message, byte[] body, long retryAfterMillis, boolean keepsAlive)
    implements HttpResponse {
  @Override
  public int getStatusCode() {
    return status;
  }

  @Override
  public String getStatusMessage() {
    return message;
  }

  @Override
  public byte[] getResponseBody() {
    return body;
  }
}
