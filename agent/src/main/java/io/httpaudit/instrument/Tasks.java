package io.httpaudit.instrument;

import java.util.ArrayList;
import java.util.List;

/**
 * The JDK's executors: what is submitted in a request's context runs in it, and what is submitted
 * in none runs in none, whichever thread runs it.
 *
 * <p>Certain:
 *
 * <ul>
 *   <li>what {@code submit}, {@code invokeAll}, {@code schedule}, {@code fork} and the like wrap in
 *       an object of their own, once submitted and once run;
 *   <li>a {@code CompletableFuture}'s functions: they have the context of their registration,
 *       whoever completes it, on whatever thread;
 *   <li>fork/join tasks, parallel streams' among them: a worker that helps others in the middle of
 *       its own task leaves its context for that time. A task that is called instead of forked is
 *       part of its caller.
 * </ul>
 *
 * <p>Less is known of an object that is given to {@code execute} as it is. What can't be sure to be
 * its submitter's own, {@link HttpAuditTaskKinds} says; it runs in no context, and so does one that
 * waits twice in different ones. Periodic tasks have none. A task that a saturated pool makes its
 * caller run is part of its caller.
 *
 * <p>Threads that are started carry nothing: pools and event loops start theirs within whichever
 * request comes first. {@link VirtualThreads} are tasks.
 */
final class Tasks implements Library {
  private static final String JUC = "java/util/concurrent/";
  private static final String POOL = JUC + "ThreadPoolExecutor";
  private static final String SCHEDULED = JUC + "ScheduledThreadPoolExecutor";
  private static final String FORK_JOIN = JUC + "ForkJoinPool";
  private static final String FORKED = JUC + "ForkJoinTask";
  private static final String FUTURE = JUC + "CompletableFuture$";

  /** A {@code CompletableFuture}'s dependents that hold a function. */
  private static final String[] COMPLETIONS = {
    "UniApply",
    "UniAccept",
    "UniRun",
    "UniWhenComplete",
    "UniHandle",
    "UniExceptionally",
    "UniComposeExceptionally",
    "UniCompose",
    "BiApply",
    "BiAccept",
    "BiRun",
    "OrApply",
    "OrAccept",
    "OrRun"
  };

  @Override
  public Point[] points() {
    List<Point> points = new ArrayList<>();
    threadPools(points);
    forkJoin(points);
    completableFuture(points);
    return points.toArray(new Point[0]);
  }

  private static void threadPools(List<Point> points) {
    points.add(Point.submits(POOL, "execute", "", 1));
    points.add(Point.runsAt(POOL, "runWorker", "", "run"));
    points.add(Point.forks(SCHEDULED, "delayedExecute", "", 1));
    points.add(Point.outside(SCHEDULED, "scheduleAtFixedRate", ""));
    points.add(Point.outside(SCHEDULED, "scheduleWithFixedDelay", ""));
  }

  /**
   * What is taken from a queue is run by {@code doExec}, within the pool; so are, elsewhere, tasks
   * that were never in one. JDK 17 submits by externalSubmit, 21 and later by poolSubmit, too.
   */
  private static void forkJoin(List<Point> points) {
    points.add(Point.forks(FORKED, "fork", "", 0));
    points.add(Point.forks(FORK_JOIN, "externalSubmit", "", 1));
    points.add(Point.forks(FORK_JOIN, "poolSubmit", "", 2));
    points.add(Point.runsAt(FORK_JOIN, "", "", "doExec"));
    points.add(Point.runsAt(FORK_JOIN + "$WorkQueue", "", "", "doExec"));
    points.add(Point.runsAt(FORKED, "awaitDone", "", "doExec"));
    // A pool's own timer, since JDK 25.
    points.add(Point.forks(FORK_JOIN, "scheduleDelayedTask", "", 1));
    points.add(Point.outside(FORK_JOIN, "scheduleAtFixedRate", ""));
    points.add(Point.outside(FORK_JOIN, "scheduleWithFixedDelay", ""));
    points.add(Point.runsAt(JUC + "DelayScheduler", "", "", "doExec"));
  }

  /**
   * Each dependent is made where it is registered, and tried by whoever completes what it waits
   * for, perhaps several times.
   */
  private static void completableFuture(List<Point> points) {
    for (String completion : COMPLETIONS) {
      points.add(Point.registers(FUTURE + completion, "<init>", "", 0));
      points.add(Point.fires(FUTURE + completion, "tryFire", ""));
    }
    for (String start : new String[] {"AsyncSupply", "AsyncRun"}) {
      points.add(Point.registers(FUTURE + start, "<init>", "", 0));
      points.add(Point.runsItself(FUTURE + start, "run", "()V"));
    }
  }
}
