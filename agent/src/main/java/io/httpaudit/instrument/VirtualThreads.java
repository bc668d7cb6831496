package io.httpaudit.instrument;

/**
 * A virtual thread is a task: it has the context in which it was started, if what it does is its
 * starter's own, and not the next of a queue that its starter hands over. Its carriers have none:
 * what they run of it is on a thread of its own.
 */
final class VirtualThreads implements Library {
  private static final String THREAD = "java/lang/VirtualThread";

  @Override
  public Point[] points() {
    return new Point[] {
      Point.starts(THREAD, "start", "(Ljdk/internal/vm/ThreadContainer;)V"),
      // Not at its entry: in JDK 21 the thread that calls it is still the carrier.
      Point.begins(THREAD, "run", "(Ljava/lang/Runnable;)V", "runWith", 1)
    };
  }
}
