package io.httpaudit.stacks;

/** Threads that keep no program from its end; and what ends it at once. */
public final class Daemons {
  private Daemons() {}

  public static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "tls");
    thread.setDaemon(true);
    return thread;
  }

  /** What no peer of these programs may bring about. */
  public static void fail(Exception e) {
    e.printStackTrace();
    System.exit(3);
  }
}
