package io.httpaudit.instrument;

/**
 * The executor of JBoss Threads, XNIO's and so Undertow's worker: what is executed on it in a
 * request's context runs in it. Since 3.3 or so it makes a task of its own around each that it is
 * given; before, and for those that it has no room for, it was what keeps a class loader.
 */
final class JBossThreads implements Library {
  private static final String THREADS = "org/jboss/threads/";
  private static final String EXECUTOR = THREADS + "EnhancedQueueExecutor";

  @Override
  public Point[] points() {
    return new Point[] {
      Point.submits(EXECUTOR, "execute", "(Ljava/lang/Runnable;)V", 1),
      Point.around(EXECUTOR + "$Task", "run", "()V", new Runs()),
      Point.runsAt(THREADS + "ContextClassLoaderSavingRunnable", "run", "()V", "run")
    };
  }

  private static final class Runs extends HttpAuditProbe {
    private final Property delegate = new Property("delegate");

    @Override
    public Object enter(Object task, Object one, Object two) {
      Object given = null;
      try {
        given = delegate.of(task);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return HttpAudit.runs(given);
    }
  }
}
