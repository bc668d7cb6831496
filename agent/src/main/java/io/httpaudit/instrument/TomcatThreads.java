package io.httpaudit.instrument;

/**
 * Tomcat's thread pool, a fork of the JDK's: what the application runs on it has the context of
 * whoever submitted it. Tomcat's own tasks have none, though it is an application's thread that
 * submits them when it completes a request.
 */
final class TomcatThreads implements Library {
  private static final String POOL = "org/apache/tomcat/util/threads/ThreadPoolExecutor";

  @Override
  public Point[] points() {
    return new Point[] {
      Point.submits(POOL, "executeInternal", "(Ljava/lang/Runnable;)V", 1),
      Point.runsAt(
          POOL,
          "runWorker",
          "(Lorg/apache/tomcat/util/threads/ThreadPoolExecutor$Worker;)V",
          "run"),
      Point.around("org/apache/tomcat/util/net/SocketProcessorBase", "run", "()V", new Own())
    };
  }

  private static final class Own extends HttpAuditProbe {
    @Override
    public Object enter(Object self, Object one, Object two) {
      return HttpAudit.replace(null);
    }
  }
}
