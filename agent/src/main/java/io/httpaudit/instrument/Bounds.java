package io.httpaudit.instrument;

/**
 * Woven around what reads a request and handles it: there is no context before that has been read,
 * nor behind it, whatever became the thread's context in between.
 */
final class Bounds extends HttpAuditProbe {
  @Override
  public Object enter(Object self, Object one, Object two) {
    return HttpAudit.replace(null);
  }

  @Override
  public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
    if (entered == null) {
      // There was none: what came since is over.
      HttpAudit.replace(null);
    } else {
      HttpAudit.restore(entered);
    }
  }
}
