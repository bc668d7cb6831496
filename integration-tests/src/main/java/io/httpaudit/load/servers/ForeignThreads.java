package io.httpaudit.load.servers;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * An application's own threads with a queue of its own, of which no agent can know what belongs to
 * what.
 */
final class ForeignThreads implements Executor {
  private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();

  ForeignThreads(int threads) {
    for (int i = 0; i < threads; i++) {
      Thread thread = new Thread(this::work, "foreign-" + i);
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void work() {
    try {
      while (true) {
        queue.take().run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void execute(Runnable task) {
    queue.add(task);
  }
}
