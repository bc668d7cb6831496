package java.lang;

/**
 * Who a span is, on the application's threads: ids, and nothing else of it. Immutable, so that any
 * thread may hold it.
 */
public abstract class HttpAuditContext {
  /** Of the trace id, the first 8 of 16 bytes, big-endian, and the last 8. */
  public final long traceHigh;

  public final long traceLow;

  /** Never 0. */
  public final long spanId;

  public final boolean sampled;

  /** {@code tracestate} as it was received, or null. W3C Trace Context, 3.3. */
  public final String state;

  /** {@code baggage} as it was received, or null. W3C Baggage, 3.2. */
  public final String baggage;

  protected HttpAuditContext(
      long traceHigh, long traceLow, long spanId, boolean sampled, String state, String baggage) {
    this.traceHigh = traceHigh;
    this.traceLow = traceLow;
    this.spanId = spanId;
    this.sampled = sampled;
    this.state = state;
    this.baggage = baggage;
  }
}
