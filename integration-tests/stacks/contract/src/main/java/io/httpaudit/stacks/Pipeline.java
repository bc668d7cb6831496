package io.httpaudit.stacks;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;

/**
 * A customer who writes several requests at once, each in a context of its own, every other with a
 * body, and then reads the answers.
 */
record Pipeline(URI server, SSLContext tls) {
  static final int LENGTH = 5;

  private static final int SENT = 100;
  private static final int ASKED = 20;

  /** Those of {@code first} and the numbers that follow. */
  void ask(int first) throws IOException {
    try (Socket socket =
        tls == null
            ? new Socket(server.getHost(), server.getPort())
            : tls.getSocketFactory().createSocket(server.getHost(), server.getPort())) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (int number = first; number < first + LENGTH; number++) {
        request(all, number);
      }
      socket.getOutputStream().write(all.toByteArray());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      for (int number = first; number < first + LENGTH; number++) {
        answer(in, number);
      }
    }
  }

  private void request(ByteArrayOutputStream all, int number) throws IOException {
    int sent = number % 2 == 0 ? 0 : SENT;
    Carried carried = Carried.of(number);
    String head =
        String.join(
            "\r\n",
            (sent == 0 ? "GET" : "POST") + " /x/" + number + "/" + ASKED + "/length HTTP/1.1",
            "Host: " + server.getAuthority(),
            "Sent: " + sent,
            "Content-Length: " + sent,
            "traceparent: " + carried.traceparent(),
            "tracestate: " + carried.tracestate(),
            "baggage: " + carried.baggage(),
            "\r\n");
    all.write(head.getBytes(StandardCharsets.ISO_8859_1));
    all.write(Bodies.of(number, sent));
  }

  private static void answer(DataInputStream in, int number) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.readUnsignedByte());
    }
    if (!head.toString().startsWith("HTTP/1.1 200")) {
      throw new IOException(number + " was answered " + head);
    }
    byte[] body = new byte[ASKED];
    in.readFully(body);
    Bodies.check(number, ASKED, body);
  }
}
