package io.httpaudit.instrument;

/**
 * Reactor's scheduler that has a virtual thread for each task. It has a limit, so a task may wait
 * until another one, perhaps another request's, has ended, and starts it: it runs in the context in
 * which it was scheduled. Reactor's other schedulers are the JDK's executors.
 */
final class ReactorThreads implements Library {
  private static final String TASK =
      "reactor/core/scheduler/BoundedElasticThreadPerTaskScheduler$SchedulerTask";

  @Override
  public Point[] points() {
    return new Point[] {
      Point.registers(TASK, "<init>", "", 0), Point.runsItself(TASK, "run", "()V")
    };
  }
}
