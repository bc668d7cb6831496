package io.httpaudit.observe;

/**
 * The context of a call that this JVM makes, of the CLIENT span to come: current while a library
 * works for it. Each attempt, a retry or a redirect, is a call of its own. 64 bytes: the small
 * fields fill what the superclass leaves.
 */
public final class ClientCall extends HttpAuditContext {
  /** Nothing was done for it. */
  static final byte NEW = 0;

  /** Its peer's name is resolved. */
  static final byte RESOLVES = 1;

  /** It has a connection that was open. From here on, whoever tries anew is another attempt. */
  static final byte TAKEN = 2;

  /** It opens a connection. */
  static final byte CONNECTS = 3;

  /** It has opened one: names that are resolved from here on are for something else. */
  static final byte CONNECTED = 4;

  /** Its head was written: its ids are used up. */
  static final byte SENT = 5;

  /** The span in whose context the call is made; 0: it is a root. */
  final long parent;

  /** nanoTime when it started. */
  final long start;

  /** 0, or the how-manieth time the request is sent: {@code http.request.resend_count}. */
  final byte resend;

  /** The audit thread knows of it. */
  volatile boolean told;

  /** One of those above, and never back. One attempt is on one thread at a time. */
  volatile byte stage = NEW;

  ClientCall(
      long traceHigh,
      long traceLow,
      long spanId,
      boolean sampled,
      String state,
      String baggage,
      long parent,
      long start,
      int resend) {
    super(traceHigh, traceLow, spanId, sampled, state, baggage);
    this.parent = parent;
    this.start = start;
    this.resend = (byte) Math.min(resend, Byte.MAX_VALUE);
  }

  /** Whether an attempt was made with it, so that the next one is another. */
  boolean isUsed() {
    return stage >= TAKEN;
  }
}
