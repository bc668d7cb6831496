package io.httpaudit.agent;

import io.httpaudit.capture.Capture;
import io.httpaudit.enrich.Beside;
import io.httpaudit.faults.Faults;
import io.httpaudit.instrument.Libraries;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.kernel.Rights;
import io.httpaudit.observe.Hooks;
import io.httpaudit.observe.Observer;
import io.httpaudit.observe.Tracer;
import io.httpaudit.report.OtelConfig;
import io.httpaudit.report.Stderr;
import io.httpaudit.trace.Propagation;
import io.httpaudit.trace.Sampler;
import io.httpaudit.trace.SpanIds;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

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
    SpanIds ids = SpanIds.random();
    Sampler sampler = sampler(settings);
    Tracer tracer = settings.reporting().traces() ? new Tracer(ids, sampler) : null;
    Propagation propagation = propagation(settings);
    Waker waker = new Waker(capture);
    OwnThreads threads = new OwnThreads(own, capture);
    Beside beside = new Beside(settings.beside(), settings.holdNanos(), threads, waker);
    Observer observer = new Observer(capture, propagation, tracer, beside, own, waker);
    Libraries libraries = new Libraries(observer, propagation, beside, tracer != null);
    Hooks hooks = new Hooks(instrumentation, Faults.HOOKS ? new FaultySink(observer) : observer);
    AuditThread audit =
        new AuditThread(
            settings, capture, observer, hooks, libraries, beside, ids, sampler, own, threads);
    libraries.weave(instrumentation);
    audit.start(new Late(libraries, instrumentation));
    weave(hooks.among(instrumentation.getAllLoadedClasses()), instrumentation);
    audit.endWithJvm();
    giveUpRights(settings, capture);
  }

  private static void weave(List<Class<?>> loaded, Instrumentation instrumentation)
      throws UnmodifiableClassException {
    if (!loaded.isEmpty()) {
      instrumentation.retransformClasses(loaded.toArray(new Class<?>[0]));
    }
  }

  /**
   * Weaves into what was loaded before, beside the application's start: some 15 ms, and until then
   * there is no request.
   */
  private record Late(Libraries libraries, Instrumentation instrumentation) implements Runnable {
    @Override
    public void run() {
      try {
        weave(libraries.among(instrumentation.getAllLoadedClasses()), instrumentation);
      } catch (UnmodifiableClassException | LinkageError e) {
        Stderr.line("httpaudit: contexts may end at threads: ".concat(e.toString()));
      }
    }
  }

  private static Sampler sampler(Settings settings) {
    if (!settings.reporting().traces()) {
      return Sampler.none();
    }
    List<String> complaints = new ArrayList<>();
    Sampler sampler = OtelConfig.sampler(complaints);
    say(complaints);
    return sampler;
  }

  private static Propagation propagation(Settings settings) {
    List<String> complaints = new ArrayList<>();
    Propagation propagation = OtelConfig.propagation(complaints);
    if (settings.reporting().traces()) {
      say(complaints);
    }
    return propagation;
  }

  private static void say(List<String> complaints) {
    for (String complaint : complaints) {
      Stderr.line(complaint);
    }
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
      if (settings.keepRights() || !Rights.holdsAny()) {
        return;
      }
      if (!capture.awaitNative(NATIVE_WAIT)) {
        Stderr.line("httpaudit: rights not given up: native calls took too long to come up");
      }
      capture.dropRightsOfThisThread();
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
