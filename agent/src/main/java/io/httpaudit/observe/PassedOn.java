package io.httpaudit.observe;

/** A span that is somebody's parent, where its own context isn't at hand. */
final class PassedOn extends HttpAuditContext {
  PassedOn(HttpAuditContext of, long spanId) {
    super(of.traceHigh, of.traceLow, spanId, of.sampled, of.state, of.baggage);
  }
}
