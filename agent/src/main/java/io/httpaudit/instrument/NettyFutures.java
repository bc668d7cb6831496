package io.httpaudit.instrument;

/**
 * Netty's futures: their listeners run in the context in which they were added, or in none, whoever
 * completes what they wait for. A flush while one request is handled completes another one's write.
 */
final class NettyFutures implements Library {
  private static final String PROMISE = "io/netty/util/concurrent/DefaultPromise";

  @Override
  public Point[] points() {
    return new Point[] {
      Point.submits(PROMISE, "addListener0", "", 1),
      // Of a future that was complete from the beginning.
      Point.submits(PROMISE, "notifyListener", "", 2),
      Point.runs(PROMISE, "notifyListener0", "", 1),
      Point.outside(PROMISE, "notifyProgressiveListener0", "")
    };
  }
}
