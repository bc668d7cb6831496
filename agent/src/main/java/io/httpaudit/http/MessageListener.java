package io.httpaudit.http;

/**
 * What a {@link MessageParser} found, as it finds it: called within {@link MessageParser#parse} or
 * {@link MessageParser#skip}, on their thread. Offsets are stream positions.
 */
public interface MessageListener {
  /** Which fields of a request are kept in its {@link Head}. Asked at each one's begin. */
  FieldNames names();

  /** The first byte of a message (of a 1xx response too, with {@code interim} not known yet). */
  void started(long offset);

  /**
   * The head of a request or of a final response is complete; {@code head} is valid during the call
   * only.
   */
  void head(Head head);

  /** A message ended; {@code proven} false: the connection's end cut it. */
  void ended(long index, long end, boolean proven);

  /**
   * From the message that started at {@code offset} on, nothing can be framed; {@code head} as far
   * as it was read.
   */
  void boundaryUnknown(Head head, long offset);

  /**
   * Behind {@code offset}, this direction carries another protocol (101, or 2xx to CONNECT), or
   * HTTP/2 after a preface.
   */
  void upgraded(long offset, boolean http2);

  /**
   * From {@code offset} on, this direction, the client's, carries TLS: it begins with a handshake
   * record. What is said of a tunnel by {@link #upgraded} in the other direction is then TLS's,
   * too.
   *
   * @return false: it is no TLS
   */
  boolean secured(long offset);
}
