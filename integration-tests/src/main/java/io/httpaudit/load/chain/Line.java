package io.httpaudit.load.chain;

import io.httpaudit.load.Transport;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client's connection, by hand. */
public final class Line implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 30_000;

  private final Socket socket;
  private final InputStream in;

  Line(int port) throws IOException {
    this(port, Transport.OWN);
  }

  public Line(int port, Transport on) throws IOException {
    socket = on.connect(port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    in = new BufferedInputStream(socket.getInputStream());
  }

  public void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** The next answer's status. */
  int receive() throws IOException {
    Head head = head();
    body(head);
    return status(head);
  }

  /** The body of the next answer, which must be a good one. */
  public String receiveBody() throws IOException {
    Head head = head();
    String body = body(head);
    if (status(head) != 200) {
      throw new IOException(status(head) + " " + body);
    }
    return body;
  }

  private static int status(Head head) {
    return Integer.parseInt(head.word(1));
  }

  private String body(Head head) throws IOException {
    return new String(in.readNBytes(head.number("content-length")), StandardCharsets.UTF_8);
  }

  /** The next answer, which must be the one to this. */
  void receive(Ask ask) throws IOException {
    Head head = head();
    Answers.check(ask, status(head), body(head));
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
