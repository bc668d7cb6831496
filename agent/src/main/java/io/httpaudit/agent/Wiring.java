package io.httpaudit.agent;

import io.httpaudit.capture.Capture;
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
    Observer observer = new Observer(capture, propagation, tracer, own, new Waker(capture));
    AuditThread audit = new AuditThread(settings, capture, observer, ids, sampler, own);
    Hooks hooks = new Hooks(instrumentation, Faults.HOOKS ? new FaultySink(observer) : observer);
    Libraries libraries = new Libraries(observer, propagation);
    if (tracer != null) {
      libraries.weave(instrumentation);
    }
    audit.start();
    weaveLoaded(hooks, tracer == null ? null : libraries, instrumentation);
    audit.endWithJvm();
    giveUpRights(settings, capture);
  }

  /**
   * What the JVM had loaded before.
   *
   * @param libraries null: they aren't woven
   */
  private static void weaveLoaded(Hooks hooks, Libraries libraries, Instrumentation instrumentation)
      throws Exception {
    Class<?>[] loaded = instrumentation.getAllLoadedClasses();
    List<Class<?>> wanted = hooks.among(loaded);
    if (libraries != null) {
      wanted.addAll(libraries.among(loaded));
    }
    if (!wanted.isEmpty()) {
      instrumentation.retransformClasses(wanted.toArray(new Class<?>[0]));
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
