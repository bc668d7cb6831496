package io.httpaudit.load.tls;

import io.httpaudit.stacks.Asked;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/** {@code HttpsURLConnection}, which reads and writes an {@code SSLSocket}. */
final class SocketClient {
  private final SSLSocketFactory sockets;
  private final String server;

  SocketClient(SSLSocketFactory sockets, int port) {
    this.sockets = sockets;
    server = "https://localhost:" + port;
  }

  void make(Asked asked) throws IOException {
    URL url = new URL(server + asked.wanted().target());
    HttpsURLConnection call = (HttpsURLConnection) url.openConnection();
    call.setSSLSocketFactory(sockets);
    call.setRequestMethod(asked.method());
    call.setRequestProperty("Sent", "" + asked.bytes());
    if (asked.hasBody()) {
      call.setDoOutput(true);
      if (asked.chunked()) {
        call.setChunkedStreamingMode(1_000);
      } else {
        call.setFixedLengthStreamingMode(asked.bytes());
      }
      try (OutputStream out = call.getOutputStream()) {
        out.write(asked.body());
      }
    }
    try (InputStream in = call.getInputStream()) {
      asked.check(call.getResponseCode(), in.readAllBytes());
    }
  }
}
