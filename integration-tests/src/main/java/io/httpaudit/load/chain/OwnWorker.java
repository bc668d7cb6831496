package io.httpaudit.load.chain;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/** The same as an executor: its worker is a class of its own within it. */
final class OwnWorker implements Executor {
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();
  private final Executor pool;

  OwnWorker(Executor pool) {
    this.pool = pool;
  }

  @Override
  public void execute(Runnable task) {
    waiting.add(task);
    if (count.getAndIncrement() == 0) {
      pool.execute(new Worker());
    }
  }

  private final class Worker implements Runnable {
    @Override
    public void run() {
      do {
        waiting.remove().run();
      } while (count.decrementAndGet() > 0);
    }
  }
}
