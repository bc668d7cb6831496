package io.httpaudit.flow;

/**
 * One packet as the socket filter saw it (struct packet in bpf/httpaudit.h). Mutable and reused by
 * whoever decodes the ring: a receiver copies what it keeps. One thread.
 */
public final class Packet {
  public static final int FIN = 1;
  public static final int SYN = 2;
  public static final int RST = 4;
  public static final int PSH = 8;
  public static final int ACK = 16;
  public static final int URG = 32;

  public static final int FROM_UPPER = 1;
  public static final int OUTGOING = 2;
  public static final int ENDED = 4;

  /** Nanoseconds of CLOCK_MONOTONIC, which is {@link System#nanoTime()}. */
  public long time;

  /** The id given at admission. */
  public long flow;

  /** SEG.SEQ (RFC 9293, 3.4), unsigned. */
  public int seq;

  /** SEG.ACK, unsigned. */
  public int ack;

  /** Payload bytes. */
  public int payload;

  /** Records of this flow lost before this one. */
  public int lost;

  public int ifindex;

  /** SEG.WND, unscaled. */
  public int window;

  /** Payload bytes a wire segment; 0: one segment. */
  public int gsoSize;

  /** Wire segments as the driver says; 0: unknown, payload / gsoSize. */
  public int gsoSegs;

  /** {@link #FIN} … {@link #URG}. */
  public int flags;

  /** {@link #FROM_UPPER}, {@link #OUTGOING}, {@link #ENDED}. */
  public int direction;

  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  public boolean fromUpper() {
    return (direction & FROM_UPPER) != 0;
  }

  public boolean outgoing() {
    return (direction & OUTGOING) != 0;
  }
}
