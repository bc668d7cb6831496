package io.httpaudit.http;

/**
 * The parts of a message's head that the audit needs, as bytes: nothing else of a head is kept.
 * Mutable, pooled by {@link MessageParser}; valid only during a listener's call.
 */
public final class Head {
  /** The parts, back to back, each by offset and length below. */
  public byte[] text = new byte[512];

  public int methodLength;
  public int targetOffset;
  public int targetLength;
  public int hostOffset;
  public int hostLength;
  public int traceparentOffset;
  public int traceparentLength;
  public int tracestateOffset;
  public int tracestateLength;
  public int baggageOffset;
  public int baggageLength;

  /** 0 for a request, or unknown. */
  public int status;

  /** Of HTTP/1.x; -1: unknown. */
  public int minor;

  /** Of the message in its direction, from 0. */
  public long index;

  /** Stream position of the message's first byte; of a response, of its first 1xx. */
  public long offset;

  /** Stream position of the final response's first byte; of a request, {@link #offset}. */
  public long finalOffset;

  /** Stream position behind the head. */
  public long headEnd;

  /** Stream position behind the message, where the head alone proves it; else -1. */
  public long expectedEnd;
}
