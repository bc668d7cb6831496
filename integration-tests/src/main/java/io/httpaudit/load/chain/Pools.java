package io.httpaudit.load.chain;

import io.httpaudit.load.Threads;
import java.util.List;
import java.util.Timer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Where the front's work runs; fewer threads than requests at once, so that tasks wait. */
final class Pools {
  final ExecutorService pool = Executors.newFixedThreadPool(8, Threads.daemons("pool"));
  final ForkJoinPool forkJoin = new ForkJoinPool(3);
  final ScheduledExecutorService scheduled =
      Executors.newScheduledThreadPool(3, Threads.daemons("scheduled"));
  final ExecutorService virtual = Threads.perTask();
  final ExecutorService single = Executors.newSingleThreadExecutor(Threads.daemons("single"));
  final OwnExecutor own = new OwnExecutor();
  final SerialExecutor serial = new SerialExecutor(pool);
  final SerialExecutor serialFutures = new SerialExecutor(pool::submit);
  final SerialExecutor serialThreads = new SerialExecutor(virtual);
  final OwnWorker worker = new OwnWorker(pool);
  final Mailbox mailbox = new Mailbox(pool);
  final Timer timer = new Timer("timer", true);

  /** Soon full. */
  final ExecutorService small =
      new ThreadPoolExecutor(
          1,
          1,
          1,
          TimeUnit.MINUTES,
          new ArrayBlockingQueue<>(1),
          Threads.daemons("small"),
          new ThreadPoolExecutor.CallerRunsPolicy());

  /** What was begun is done then. */
  void end() throws InterruptedException {
    for (ExecutorService each : List.of(pool, forkJoin, scheduled, virtual, single, small)) {
      each.shutdown();
      each.awaitTermination(10, TimeUnit.SECONDS);
    }
  }
}
