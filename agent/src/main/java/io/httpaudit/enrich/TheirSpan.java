package io.httpaudit.enrich;

/**
 * An HTTP span of the application's own OpenTelemetry that has ended, and that its SDK does not
 * have yet: instrument/ implements it, on the SDK's own object. Any thread, one at a time.
 */
public abstract class TheirSpan {
  final Identity identity;

  /** nanoTime from which on it is not held any longer. */
  final long deadline;

  /** Position in the ring of events when it ended: what it caused was told below. */
  final long told;

  /**
   * @param identity as it was when it started, or at least its own ids
   * @param deadline nanoTime
   * @param told position in the ring of events
   */
  protected TheirSpan(Identity identity, long deadline, long told) {
    this.identity = identity;
    this.deadline = deadline;
    this.told = told;
  }

  /**
   * Which span.
   *
   * @param traceHigh the trace id's first 8 bytes, big-endian
   * @param parent 0: a root
   * @param server else CLIENT
   * @param start nanoseconds since 1970
   * @param connection number of the connection whose request the thread certainly handled that
   *     started it; 0: not known
   * @param sequence of that request on its connection, from 0
   */
  public record Identity(
      long traceHigh,
      long traceLow,
      long span,
      long parent,
      boolean server,
      long start,
      long connection,
      long sequence) {
    /** The same span, now that it is known which request it was started for. */
    public Identity of(long connection, long sequence) {
      return new Identity(traceHigh, traceLow, span, parent, server, start, connection, sequence);
    }
  }

  /** {@code http.request.method}. */
  public abstract String method() throws Throwable;

  /** {@code http.response.status_code}; 0: none. */
  public abstract long status() throws Throwable;

  /** Whether it has this attribute, of String, Long, Double or Boolean. */
  public abstract boolean has(String key, Class<?> type) throws Throwable;

  /**
   * Adds an attribute.
   *
   * @param value a String, Long, Double or Boolean
   */
  public abstract void put(String key, Object value) throws Throwable;

  /**
   * Makes a child, INTERNAL, with the SDK's own means, if they are known.
   *
   * @param start nanoseconds since 1970
   * @param end likewise
   */
  public abstract void child(String name, long start, long end) throws Throwable;

  /** Gives it to its SDK, which was to get it when it ended. May take as long as exporting does. */
  public abstract void passOn() throws Throwable;
}
