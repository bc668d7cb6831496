package io.httpaudit.instrument;

/** A context that is known by one number. */
final class Context extends HttpAuditContext {
  Context(long trace) {
    super(trace, trace, trace, true, null, null);
  }

  /** Does {@code work} with this as the thread's context. */
  void during(Runnable work) {
    Object before = HttpAudit.replace(this);
    try {
      work.run();
    } finally {
      HttpAudit.restore(before);
    }
  }

  /** The context that {@code task} runs in, on a thread that has {@code base}; null: none. */
  static HttpAuditContext of(Object task, Context base) {
    Object before = HttpAudit.replace(base);
    Object token = HttpAudit.runs(task);
    try {
      return HttpAudit.current();
    } finally {
      HttpAudit.restore(token);
      if (HttpAudit.current() != base) {
        throw new AssertionError("not restored");
      }
      HttpAudit.restore(before);
    }
  }
}
