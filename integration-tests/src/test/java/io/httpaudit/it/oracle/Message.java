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

  long bytes() {
    return end - start;
  }
}
