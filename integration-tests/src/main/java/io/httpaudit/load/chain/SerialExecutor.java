package io.httpaudit.load.chain;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/** One task after the other, each of which gives the pool the next: it may be another request's. */
final class SerialExecutor implements Executor {
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private final Executor pool;
  private boolean busy;

  SerialExecutor(Executor pool) {
    this.pool = pool;
  }

  @Override
  public synchronized void execute(Runnable task) {
    waiting.add(
        () -> {
          try {
            task.run();
          } finally {
            next();
          }
        });
    if (!busy) {
      next();
    }
  }

  private synchronized void next() {
    Runnable task = waiting.poll();
    busy = task != null;
    if (busy) {
      pool.execute(task);
    }
  }
}
