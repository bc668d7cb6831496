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

  /** By {@link KeptField}: offset 0 if there was none, length -1 if there was more than is kept. */
  final int[] keptOffsets = new int[KeptField.ALL.length];

  final int[] keptLengths = new int[KeptField.ALL.length];

  /**
   * The context that a request carries, once {@link io.httpaudit.trace.Propagation#extract} has
   * read it: the caller's span; 0: none, and then the others say nothing.
   */
  public long parent;

  /** Of the trace id, the first 8 of 16 bytes, big-endian, and the last 8. */
  public long traceHigh;

  public long traceLow;
  public boolean sampled;

  /** {@code tracestate}; length 0: none. Likewise {@code baggage}, which needs no parent. */
  public int stateOffset;

  public int stateLength;
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

  /** Where the field's value begins in {@link #text}. */
  public int offset(KeptField field) {
    return keptOffsets[field.ordinal()];
  }

  /** The length of its value; 0: it is empty, or there is none; -1: it can't be told what it is. */
  public int length(KeptField field) {
    return keptLengths[field.ordinal()];
  }
}
