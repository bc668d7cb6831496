package io.httpaudit.observe;

/**
 * The context of a call that this JVM makes, of the CLIENT span to come: current while a library
 * works for it. Each attempt, a retry or a redirect, is a call of its own.
 */
public final class ClientCall extends HttpAuditContext {
  /** The span in whose context the call is made; 0: it is a root. */
  final long parent;

  /** nanoTime when it started. */
  final long start;

  /** 0, or the how-manieth time the request is sent: {@code http.request.resend_count}. */
  public final int resend;

  /** The audit thread knows of it. */
  volatile boolean told;

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
    this.resend = resend;
  }
}
