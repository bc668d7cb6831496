package io.httpaudit.agent;

import io.httpaudit.capture.Capture;
import io.httpaudit.faults.Faults;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.kernel.Rights;
import io.httpaudit.observe.Hooks;
import io.httpaudit.observe.Observer;
import io.httpaudit.report.Stderr;
import java.lang.instrument.Instrumentation;
import java.util.HashSet;

/**
 * Puts the rooms together. The kernel side comes up beside the application's start, on the audit
 * thread; the main thread waits for one thing alone: until native calls work, if it has rights to
 * give up, since only a thread itself can.
 */
final class Wiring {
  /** jffi's first call takes some 100 ms; on a machine that is busy, longer. */
  private static final long NATIVE_WAIT = 5_000_000_000L;

  private Wiring() {}

  static void start(Settings settings, Instrumentation instrumentation) throws Exception {
    ThreadGroup own = new ThreadGroup(system(), "httpaudit");
    Capture capture = new Capture(new HashSet<>(settings.interfaces()), settings.keepRights());
    Observer observer = new Observer(capture, own, new Waker(capture));
    AuditThread audit = new AuditThread(settings, capture, observer, own);
    Hooks hooks = new Hooks(instrumentation, Faults.HOOKS ? new FaultySink(observer) : observer);
    audit.start();
    hooks.weaveLoaded();
    audit.endWithJvm();
    giveUpRights(settings, capture);
  }

  private record Waker(Capture capture) implements Runnable {
    @Override
    public void run() {
      capture.wake();
    }
  }

  /** The application's threads inherit the loss, since they start later. */
  private static void giveUpRights(Settings settings, Capture capture) {
    try {
      if (!settings.keepRights() && Rights.holdsAny() && capture.awaitNative(NATIVE_WAIT)) {
        capture.dropRightsOfThisThread();
      }
    } catch (KernelException e) {
      Stderr.line("httpaudit: rights not given up: ".concat(String.valueOf(e.getMessage())));
    } catch (RuntimeException | LinkageError e) {
      Stderr.line("httpaudit: rights not given up: ".concat(e.toString()));
    }
  }

  private static ThreadGroup system() {
    ThreadGroup group = Thread.currentThread().getThreadGroup();
    while (group.getParent() != null) {
      group = group.getParent();
    }
    return group;
  }
}
