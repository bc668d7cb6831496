package io.httpaudit.instrument;

/**
 * Netty's event loops and other executors of its own, and its futures: what is submitted runs in
 * the context in which it was, and a listener in the one in which it was added; or in none. Whoever
 * completes a future does so for others: a flush while one request is handled completes another
 * one's write.
 *
 * <p>Certain is what is given to {@code execute}, or is wrapped by {@code submit}. What Netty
 * itself submits has none, but for what passes an event on to a handler with an executor of its
 * own. What is scheduled has none either: timers of connections are, as well.
 */
final class NettyThreads implements Library {
  private static final String CONCURRENT = "io/netty/util/concurrent/";
  private static final String PROMISE = CONCURRENT + "DefaultPromise";

  @Override
  public Point[] points() {
    return new Point[] {
      Point.submits(
          CONCURRENT + "SingleThreadEventExecutor", "execute", "(Ljava/lang/Runnable;)V", 1),
      Point.runsAt(CONCURRENT + "AbstractEventExecutor", "", "", "run"),
      Point.submits(PROMISE, "addListener0", "", 1),
      // Of a future that was complete from the beginning.
      Point.submits(PROMISE, "notifyListener", "", 2),
      Point.runs(PROMISE, "notifyListener0", "", 1),
      Point.outside(PROMISE, "notifyProgressiveListener0", "")
    };
  }
}
