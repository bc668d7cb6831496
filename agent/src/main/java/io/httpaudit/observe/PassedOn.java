package io.httpaudit.observe;

/** A span that is somebody's parent, where its own context isn't at hand, or is not to be kept. */
public final class PassedOn extends HttpAuditContext {
  /**
   * The ids of a context alone. A request's own leads to its connection, and to the object that a
   * library decoded it into.
   */
  public static HttpAuditContext of(HttpAuditContext context) {
    return new PassedOn(context, context.spanId);
  }

  PassedOn(HttpAuditContext of, long spanId) {
    super(of.traceHigh, of.traceLow, spanId, of.sampled, of.state, of.baggage);
  }
}
