package io.httpaudit.it.oracle;

/**
 * One request, or one final response with the 1xx before it: [start, end) of its stream, as far as
 * it was on the wire.
 */
final class Message {
  /** What tells where it ends (RFC 9112, 6.3). */
  enum Framing {
    /** There is no body. */
    NO_BODY,
    LENGTH,
    CHUNKED,
    /** The connection's end is the message's. */
    CLOSE,
    /** Its head isn't whole. */
    UNKNOWN
  }

  final long start;

  /** Where the final response begins; start, where there is no 1xx. */
  long finalStart;

  long end;

  /**
   * Where it ends for whoever sent it: of what was cut within a TLS record, a part of that record
   * was on the wire, too.
   */
  long sentEnd;

  /** Under TLS: its bytes of plaintext. */
  long plain;

  Framing framing = Framing.UNKNOWN;

  /** All that the framing asks for was on the wire. */
  boolean complete;

  /** Nobody can tell where it ends. */
  boolean ambiguous;

  /** Of the request or of the final response; null: not one line of it was whole. */
  HeadFields head;

  /** Of the final response; 0: none was seen. */
  int status;

  Message(long start) {
    this.start = start;
    finalStart = start;
    end = start;
  }

  /** As whoever sent it counts them, or as who received it does. */
  long bytes(boolean sent) {
    return sent ? Math.max(end, sentEnd) - start : bytes();
  }

  long bytes() {
    return end - start;
  }
}
