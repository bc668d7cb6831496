package io.httpaudit.instrument;

import io.httpaudit.trace.Propagation;

/**
 * Where Apache HttpClient, 4 or 5, writes a request's head. What the head has of ours, the request
 * has only meanwhile: the application may look. A proxy's CONNECT carries nothing.
 */
abstract class ApacheHeads extends HttpAuditProbe {
  private final Propagation propagation;

  ApacheHeads(Propagation propagation) {
    this.propagation = propagation;
  }

  /**
   * What the head carries; null: nothing.
   *
   * @param writer the connection, or the stream
   */
  abstract HttpAuditContext context(Object writer, Object request) throws Throwable;

  @Override
  public final Object enter(Object writer, Object request, Object two) {
    try {
      HttpAuditContext context = ApacheRequest.isTold(request) ? context(writer, request) : null;
      return context == null ? null : ApacheRequest.carrying(propagation, context, request);
    } catch (Throwable e) {
      HttpAudit.countFault();
      return null;
    }
  }

  @Override
  public final void leave(
      Object sent, Object writer, Object request, Object result, Throwable thrown) {
    if (sent instanceof ApacheRequest of) {
      of.clear();
    }
  }
}
