package io.httpaudit.load.chain;

import io.httpaudit.load.Transport;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;

/** Calls by {@code HttpURLConnection}. */
final class UrlCalls {
  private static final byte[] BODY = "a body".getBytes(StandardCharsets.US_ASCII);

  private UrlCalls() {}

  /** Throws unless it is answered as it must be; a THROWS has status 500. */
  static void call(int port, Ask ask, Plan.Form form) throws IOException {
    call(port, ask, form, "", "");
  }

  /**
   * @param header empty: none but the library's own
   */
  static void call(int port, Ask ask, Plan.Form form, String header, String value)
      throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) Transport.OWN.uri(port, ask.path()).toURL().openConnection();
    if (!header.isEmpty()) {
      connection.setRequestProperty(header, value);
    }
    if (form != Plan.Form.GET) {
      connection.setRequestMethod("POST");
      connection.setDoOutput(true);
      if (form == Plan.Form.STREAMED) {
        connection.setFixedLengthStreamingMode(BODY.length);
      }
      try (OutputStream out = connection.getOutputStream()) {
        out.write(BODY);
      }
    }
    int status = connection.getResponseCode();
    boolean failed = status >= 400;
    try (InputStream in = failed ? connection.getErrorStream() : connection.getInputStream()) {
      Answers.check(ask, status, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
