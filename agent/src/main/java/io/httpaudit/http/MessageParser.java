package io.httpaudit.http;

/**
 * Finds where HTTP/1.x messages begin and end in one direction of a connection (RFC 9112), from the bytes, in order, in
 * pieces of any size. Knows requests or responses; a response parser asks {@link Requests} for what it answers.
 *
 * <p>No allocation for a byte, none for a message in steady state; a parser between messages holds no array.
 *
 * <p>One thread at a time; the two directions of a connection may run on two threads at once.
 */
public final class MessageParser {
  private MessageParser() {}

  /** A parser of requests, which tells {@code requests} of each. */
  public static MessageParser ofRequests(Requests requests, MessageListener listener) {
    throw new UnsupportedOperationException();
  }

  /** A parser of responses to {@code requests}. */
  public static MessageParser ofResponses(Requests requests, MessageListener listener) {
    throw new UnsupportedOperationException();
  }

  /** Stream position of the next byte. */
  public long position() {
    throw new UnsupportedOperationException();
  }

  /** Bytes that may be passed to {@link #skip} unseen: the rest of a body or chunk, or all that comes. */
  public long skippable() {
    throw new UnsupportedOperationException();
  }

  /** The next {@code count} bytes, at most {@link #skippable()}, unseen. */
  public void skip(long count) {
    throw new UnsupportedOperationException();
  }

  /** The next bytes. */
  public void parse(byte[] bytes, int from, int to) {
    throw new UnsupportedOperationException();
  }

  /** No byte will follow: a FIN was read, or the socket is closed. Ends a body that is delimited by it. */
  public void end() {
    throw new UnsupportedOperationException();
  }

  /** Whether a message, or more than its first byte, is open: between messages it is false. */
  public boolean inMessage() {
    throw new UnsupportedOperationException();
  }

  /**
   * Tells {@code requests} (only of requests) what a write that is about to happen will say, before it does, since its
   * answer may be read before the write returns. Changes nothing of this parser: the bytes come again by {@link #parse}.
   */
  public void preview(byte[] bytes, int from, int to) {
    throw new UnsupportedOperationException();
  }
}
