package io.httpaudit.load.chain;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;

/**
 * Calls that belong to no request, made on the very threads that serve requests: if one of those
 * kept a context, they tell.
 */
final class Background {
  /** A call. */
  interface Call {
    void make(Ask ask) throws IOException;
  }

  private static final int PAUSE_MILLIS = 3;

  private final long firstId;
  private final Call call;
  private final List<Executor> executors = new ArrayList<>();
  private final Thread thread = new Thread(this::run, "background");
  private volatile boolean ended;
  private long made;

  Background(long firstId, Call call) {
    this.firstId = firstId;
    this.call = call;
  }

  Background in(Executor executor) {
    executors.add(executor);
    return this;
  }

  void start() {
    thread.setDaemon(true);
    thread.start();
  }

  /** How many calls were made. */
  long end() throws InterruptedException {
    ended = true;
    thread.join();
    return made;
  }

  private void run() {
    while (!ended) {
      Ask ask = new Ask("back", HandOff.BACKGROUND, firstId + made, 0);
      CountDownLatch done = new CountDownLatch(1);
      executors
          .get((int) (made++ % executors.size()))
          .execute(
              () -> {
                try {
                  call.make(ask);
                } catch (IOException | RuntimeException e) {
                  e.printStackTrace();
                } finally {
                  done.countDown();
                }
              });
      try {
        done.await();
      } catch (InterruptedException e) {
        return;
      }
      Pause.millis(PAUSE_MILLIS);
    }
  }
}
