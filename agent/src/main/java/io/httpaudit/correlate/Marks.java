package io.httpaudit.correlate;

/**
 * The points in time between which an exchange's phases lie, as far as they are known; the names
 * are INTERFACE.md's. Mutable and reused: one thread.
 */
final class Marks {
  static final long UNKNOWN = Long.MIN_VALUE;

  /** The call, {@code dns} and the pool: marks that a library's hook gives. */
  long call;

  long dnsStart;
  long dnsEnd;

  /**
   * What ends {@code blocked} beside {@code dns}: a pooled connection is taken, or {@code connect}
   * is entered.
   */
  long taken;

  /** First SYN, and the handshake's last ACK or the failure: of a connection's first exchange. */
  long connectStart;

  long connectEnd;

  /**
   * ClientHello, and the client's last handshake message: of the first exchange after that
   * handshake.
   */
  long hello;

  long sslEnd;

  /** Of an accepted connection: when {@code accept} returned. */
  long accepted;

  /** Entry of the write, or exit of the read, of the request's first byte, and of its last. */
  long requestMoved;

  long requestMovedAll;

  /** Entry of the final response's first write. */
  long responseWritten;

  /** The application has read the response's last byte. */
  long responseRead;

  /**
   * On the wire: the request's first byte and its last, the final response's first, the response's
   * last.
   */
  long requestFirst;

  long requestLast;
  long responseFirst;
  long responseLast;

  void clear() {
    call = UNKNOWN;
    dnsStart = UNKNOWN;
    dnsEnd = UNKNOWN;
    taken = UNKNOWN;
    connectStart = UNKNOWN;
    connectEnd = UNKNOWN;
    hello = UNKNOWN;
    sslEnd = UNKNOWN;
    accepted = UNKNOWN;
    requestMoved = UNKNOWN;
    requestMovedAll = UNKNOWN;
    responseWritten = UNKNOWN;
    responseRead = UNKNOWN;
    requestFirst = UNKNOWN;
    requestLast = UNKNOWN;
    responseFirst = UNKNOWN;
    responseLast = UNKNOWN;
  }
}
