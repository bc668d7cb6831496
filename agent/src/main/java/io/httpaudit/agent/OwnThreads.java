package io.httpaudit.agent;

import io.httpaudit.capture.Capture;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.report.Stderr;
import java.util.concurrent.ThreadFactory;

/**
 * Makes the threads that pass on what the audit thread has found. It starts them, but they go
 * neither first nor with its rights: they may run exporters of the application's own. Any thread.
 */
final class OwnThreads implements ThreadFactory {
  private final ThreadGroup group;
  private final Capture capture;

  OwnThreads(ThreadGroup group, Capture capture) {
    this.group = group;
    this.capture = capture;
  }

  @Override
  public Thread newThread(Runnable task) {
    return thread(group, new AsOthers(capture, task), "httpaudit");
  }

  /** One of the agent's, whichever: it keeps neither the JVM nor a loader of the application's. */
  static Thread thread(ThreadGroup group, Runnable task, String name) {
    Thread thread = new Thread(group, task, name, 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    return thread;
  }

  private record AsOthers(Capture capture, Runnable task) implements Runnable {
    @Override
    public void run() {
      try {
        capture.goAsOthers();
      } catch (Throwable e) {
        // Whatever it is: without the task, spans of the application's would wait for ever.
        Stderr.line("httpaudit: rights not given up: ".concat(why(e)));
      }
      task.run();
    }

    private static String why(Throwable e) {
      return e instanceof KernelException ? String.valueOf(e.getMessage()) : e.toString();
    }
  }
}
