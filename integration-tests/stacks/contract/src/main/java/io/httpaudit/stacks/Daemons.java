package io.httpaudit.stacks;

/** Threads that keep no program from its end; and what ends it at once. */
public final class Daemons {
  private Daemons() {}

  public static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "tls");
    thread.setDaemon(true);
    return thread;
  }

  /** What is done on a thread of its own. */
  public interface Work {
    void run() throws Exception;
  }

  /** On another thread than this. */
  public static void elsewhere(Work work) {
    thread(
            () -> {
              try {
                work.run();
              } catch (Exception e) {
                fail(e);
              }
            })
        .start();
  }

  /** What no peer of these programs may bring about. */
  public static void fail(Exception e) {
    e.printStackTrace();
    System.exit(3);
  }
}
