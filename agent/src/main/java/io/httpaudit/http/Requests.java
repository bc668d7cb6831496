package io.httpaudit.http;

/**
 * The requests of one connection that a response parser needs to know: their methods, and whether
 * they ask for an upgrade. One writer (the request direction), one reader (the response direction),
 * which may be two threads.
 *
 * <p>Lock-free. At most {@link #MOST} requests are outstanding, that is, not answered by a final
 * response's head, or told by a preview and not yet parsed. 64 bytes; 544 more once {@link #FEW}
 * were outstanding, which is rare.
 *
 * <p>Assumes that entries are told in order of their index, each first by a preview or by the
 * parser, and that the reader asks in order. Guarantees that the reader sees what was told, or
 * nothing; what was told differently at two times is known to neither side any more ({@link
 * #spoil}).
 */
public final class Requests {
  /** The response has no body. */
  static final int HEAD = 1;

  /** Asks for another protocol: 101 grants it. */
  static final int UPGRADE = 2;

  /** 2xx opens a tunnel. */
  static final int CONNECT = 4;

  /**
   * {@code head}, {@code Connect}: methods are case-sensitive, but not to everyone (java.net.http),
   * so nobody knows.
   */
  static final int ODD = 8;

  static final int UNKNOWN = -1;

  static final int MOST = 1024;
  static final int FEW = 8;

  static final int OPEN = 0;
  static final int REFUSED = 1;
  static final int GRANTED = 2;
  static final int CONTRADICTED = 3;

  /**
   * Kinds of four bits, by the index modulo {@link #FEW}, until more were needed. Ordered by {@link
   * #told}.
   */
  private int few;

  /**
   * Kinds of four bits, by the index modulo {@link #MOST}. Replaces {@link #few}, which then stays
   * as it is.
   */
  private volatile int[] many;

  /** How many requests are told. Written last, read first. */
  private volatile long told;

  /** How many requests have been answered. Written by the reader. */
  private volatile long answered;

  /** How many requests the parser itself, not a preview, has told. The writer's own. */
  private long parsed;

  /** From this request on nothing is known. */
  private volatile long spoilt = Long.MAX_VALUE;

  /**
   * The last decision about an upgrade: index · 4 + REFUSED, GRANTED or CONTRADICTED. Written by
   * the reader.
   */
  private volatile long decision = -1;

  /** What the connection began with, if it is no HTTP/1.x. */
  private volatile byte began;

  private static final byte HTTP2 = 1;
  private static final byte TLS = 2;

  /**
   * Writer: request {@code index} is of {@code kind}.
   *
   * @param ahead told by a preview
   * @return false: nothing can be known from this request on, since too many are outstanding, or
   *     since it was told to be of another kind before
   */
  boolean tell(long index, int kind, boolean ahead) {
    if (index >= spoilt) {
      return false;
    }
    if (index < told) {
      if (at(index) != kind) {
        spoil(index);
        return false;
      }
    } else {
      // An entry is needed until it is answered, and until the parser has compared what a preview
      // told.
      long needed = Math.min(answered, ahead ? parsed : index);
      long outstanding = index - needed;
      if (outstanding >= MOST) {
        return false;
      }
      if (outstanding >= FEW && many == null) {
        grow(needed, index);
      }
      put(index, kind);
      told = index + 1;
    }
    if (!ahead) {
      parsed = index + 1;
    }
    return true;
  }

  private void grow(long from, long to) {
    int[] ring = new int[MOST / 8];
    for (long i = from; i < to; i++) {
      ring[(int) (i & (MOST - 1)) >>> 3] |= at(i) << shift(i);
    }
    many = ring;
  }

  private void put(long index, int kind) {
    int shift = shift(index);
    int[] ring = many;
    if (ring == null) {
      few = few & ~(15 << shift) | kind << shift;
    } else {
      int word = (int) (index & (MOST - 1)) >>> 3;
      ring[word] = ring[word] & ~(15 << shift) | kind << shift;
    }
  }

  private int at(long index) {
    int[] ring = many;
    int word = ring == null ? few : ring[(int) (index & (MOST - 1)) >>> 3];
    return word >>> shift(index) & 15;
  }

  private static int shift(long index) {
    return (int) (index & 7) << 2;
  }

  /** Writer: from request {@code index} on nothing is known. */
  void spoil(long index) {
    if (index < spoilt) {
      spoilt = index;
    }
  }

  /** Reader: the kind of request {@code index}, or {@link #UNKNOWN}. */
  int kind(long index) {
    return index < told && index < spoilt ? at(index) : UNKNOWN;
  }

  /** Reader: request {@code index} and those before it have their final response's head. */
  void answer(long index) {
    answered = index + 1;
  }

  /** Reader: no answer will be found any more. */
  void forsake() {
    answered = Long.MAX_VALUE;
  }

  /**
   * Reader, or its preview: the upgrade that request {@code index} asked for is granted or refused.
   *
   * @return false: the opposite was said before
   */
  boolean decide(long index, boolean granted) {
    long now = index << 2 | (granted ? GRANTED : REFUSED);
    long before = decision;
    if (before == now) {
      return true;
    }
    boolean contradicts = before >> 2 == index;
    decision = contradicts ? index << 2 | CONTRADICTED : now;
    return !contradicts;
  }

  /**
   * Writer: OPEN, REFUSED, GRANTED or CONTRADICTED: what is known of the upgrade that request
   * {@code index} asked for. If a later one is decided, it was refused: a preview told that one,
   * behind a refusal, and its answer was read before its write returned.
   */
  int decision(long index) {
    long last = decision;
    if (last >> 2 > index) {
      return REFUSED;
    }
    return last >> 2 == index ? (int) last & 3 : OPEN;
  }

  /**
   * Reader: whether the last request told waits for the answer to its upgrade. None can follow it
   * before.
   */
  boolean upgradePending() {
    long last = told - 1;
    return last >= 0 && (at(last) & (UPGRADE | CONNECT)) != 0 && decision(last) == OPEN;
  }

  /** Writer, or its preview: the connection began with HTTP/2's preface. */
  void http2() {
    began = HTTP2;
  }

  boolean isHttp2() {
    return began == HTTP2;
  }

  /**
   * Writer, or its preview: what follows is TLS: from the first byte, or behind a tunnel's grant.
   */
  void tls() {
    began = TLS;
  }

  boolean isTls() {
    return began == TLS;
  }
}
