package io.httpaudit.load;

import java.util.concurrent.ThreadFactory;

/** Virtual threads where the JDK has them. */
final class Threads {
  private Threads() {}

  static ThreadFactory virtual() {
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

  static ThreadFactory daemons(String name) {
    return work -> {
      Thread thread = new Thread(work, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
