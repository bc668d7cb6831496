package io.httpaudit.load;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;

/** Virtual threads where the JDK has them. */
public final class Threads {
  private Threads() {}

  public static ThreadFactory virtual() {
    if (Runtime.version().feature() < 21) {
      return daemons("would-be-virtual");
    }
    try {
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      return (ThreadFactory)
          Class.forName("java.lang.Thread$Builder").getMethod("factory").invoke(builder);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A thread a task: {@code Executors.newVirtualThreadPerTaskExecutor} where there is one. */
  public static ExecutorService perTask() {
    if (Runtime.version().feature() < 21) {
      return Executors.newCachedThreadPool(virtual());
    }
    try {
      return (ExecutorService)
          Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  public static ThreadFactory daemons(String name) {
    return work -> {
      Thread thread = new Thread(work, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
