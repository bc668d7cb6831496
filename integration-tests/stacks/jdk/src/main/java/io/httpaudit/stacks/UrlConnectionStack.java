package io.httpaudit.stacks;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;

public final class UrlConnectionStack implements Stack {
  @Override
  public Client client(SSLContext tls) {
    return (uri, asked) -> {
      HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
      if (connection instanceof HttpsURLConnection secure) {
        secure.setSSLSocketFactory(tls.getSocketFactory());
      }
      connection.setRequestMethod(asked.method());
      connection.setRequestProperty("Sent", "" + asked.bytes());
      connection.setReadTimeout(asked.timeout());
      if (asked.hasBody()) {
        connection.setDoOutput(true);
        if (asked.expects()) {
          connection.setRequestProperty("Expect", "100-Continue");
          connection.setFixedLengthStreamingMode(asked.bytes());
        } else if (asked.chunked()) {
          connection.setChunkedStreamingMode(0);
        }
        try (OutputStream out = connection.getOutputStream()) {
          out.write(asked.body());
        }
      }
      int status = connection.getResponseCode();
      try (InputStream in =
          status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
        asked.check(status, in.readAllBytes());
      }
    };
  }
}
