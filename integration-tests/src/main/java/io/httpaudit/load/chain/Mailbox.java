package io.httpaudit.load.chain;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/**
 * What waits here is done by a worker that is submitted to a pool when there is work, within
 * whichever request left it, and does all there is, whosever it is.
 */
final class Mailbox {
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private final Executor pool;
  private boolean busy;

  Mailbox(Executor pool) {
    this.pool = pool;
  }

  synchronized void leave(Runnable work) {
    waiting.add(work);
    if (!busy) {
      busy = true;
      pool.execute(this::empty);
    }
  }

  private void empty() {
    for (Runnable work = next(); work != null; work = next()) {
      work.run();
    }
  }

  private synchronized Runnable next() {
    Runnable work = waiting.poll();
    busy = work != null;
    return work;
  }
}
