package io.httpaudit.load.chain;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;

/** One thread, which whoever comes first begins, runs what all have submitted, many at a time. */
final class OwnExecutor implements Executor {
  private final BlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
  private Thread thread;

  @Override
  public void execute(Runnable task) {
    queue.add(task);
    synchronized (this) {
      if (thread == null) {
        thread = new Thread(this::run, "own-executor");
        thread.setDaemon(true);
        thread.start();
      }
    }
  }

  private void run() {
    List<Runnable> batch = new ArrayList<>();
    try {
      while (true) {
        batch.add(queue.take());
        queue.drainTo(batch);
        batch.forEach(Runnable::run);
        batch.clear();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
