package io.httpaudit.load.chain;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client's connection, by hand. */
final class Line implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 30_000;

  private final Socket socket;
  private final InputStream in;

  Line(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    in = new BufferedInputStream(socket.getInputStream());
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** The next answer's status. */
  int receive() throws IOException {
    Head head = head();
    in.readNBytes(head.number("content-length"));
    return Integer.parseInt(head.word(1));
  }

  void receive(Ask ask) throws IOException {
    Head head = head();
    String body =
        new String(in.readNBytes(head.number("content-length")), StandardCharsets.US_ASCII);
    Answers.check(ask, Integer.parseInt(head.word(1)), body);
  }

  private Head head() throws IOException {
    Head head = Head.read(in);
    if (head == null) {
      throw new EOFException("closed before the answer");
    }
    return head;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
