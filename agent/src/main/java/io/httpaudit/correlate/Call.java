package io.httpaudit.correlate;

/**
 * A call that a library of this JVM makes, until what it sends is found, by the span id in it.
 * Times are nanoseconds of {@link System#nanoTime()}.
 */
public final class Call {
  public final long span;
  public final long traceHigh;
  public final long traceLow;

  /** 0: a root. */
  public final long parent;

  public final boolean sampled;

  /** How often it had been sent before. */
  final int resend;

  final long start;

  /** When a connection was taken for it that was open already; 0: it opened one. */
  public final long taken;

  /** When its peer's name was resolved; 0: it was not. */
  long dnsStart;

  long dnsEnd;

  /** Each parameter is the field of its name. */
  public Call(
      long span,
      long traceHigh,
      long traceLow,
      long parent,
      boolean sampled,
      int resend,
      long start,
      long taken) {
    this.span = span;
    this.traceHigh = traceHigh;
    this.traceLow = traceLow;
    this.parent = parent;
    this.sampled = sampled;
    this.resend = resend;
    this.start = start;
    this.taken = taken;
  }
}
