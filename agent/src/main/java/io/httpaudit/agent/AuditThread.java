package io.httpaudit.agent;

import io.httpaudit.capture.Capture;
import io.httpaudit.correlate.Correlator;
import io.httpaudit.enrich.Beside;
import io.httpaudit.instrument.Libraries;
import io.httpaudit.kernel.Errno;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.kernel.Libc;
import io.httpaudit.observe.ErrorTexts;
import io.httpaudit.observe.Hooks;
import io.httpaudit.observe.Observer;
import io.httpaudit.report.Report;
import io.httpaudit.report.Stderr;
import io.httpaudit.trace.Sampler;
import io.httpaudit.trace.SpanIds;
import java.util.Set;
import java.util.concurrent.ThreadFactory;

/**
 * Where all comes together: brings the kernel side up, then passes packets and events to the
 * correlator until the JVM ends. Sleeps for milliseconds while something moves, and for half a
 * second at rest; a ring that fills wakes it.
 */
final class AuditThread implements Runnable {
  private static final int BUSY_MILLIS = 10;

  /** While little moves: each time it wakes, the processor's caches hold nothing of it any more. */
  private static final int CALM_MILLIS = 40;

  /** Packets and events of one round that are more than little. */
  private static final int LITTLE = 2_000;

  private static final int REST_MILLIS = 700;

  /** Rounds without anything before it counts as rest. */
  private static final int ROUNDS_TO_REST = 20;

  /**
   * Events between two looks at what is final: what waits for it is small, whatever the backlog.
   */
  private static final int EVENTS = 4_096;

  /**
   * An acknowledgement may be delayed by so much (RFC 9293, 3.8.6.3; Linux: 40 ms), and at the end
   * it is waited for.
   */
  private static final long LAST_ACKS = 60_000_000;

  /** What a backlog may take at the end, in nanoseconds. */
  private static final long BACKLOG = 2_000_000_000;

  private static final long END_MILLIS = 3_000;

  /** Between two lines about limits. */
  private static final long MINUTE = 60_000_000_000L;

  /** Between two looks for tasks that were collected unrun. */
  private static final long SWEEP_NANOS = 1_000_000_000;

  /** Between two looks for connections that ended untold. */
  private static final long LOOK_NANOS = 1_000_000_000;

  private final Settings settings;
  private final Capture capture;
  private final Observer observer;
  private final Hooks hooks;
  private final Libraries libraries;
  private final Beside beside;
  private final SpanIds ids;
  private final Sampler sampler;
  private final ThreadFactory others;
  private final Thread thread;
  private Runnable late;
  private Report report;
  private Correlator correlator;
  private Shadows shadows;
  private volatile boolean ending;
  private boolean unknownSaid;
  private long eventsLost;

  /** Position in the ring of events; -1: nothing is in doubt. */
  private long doubtfulUntil = -1;

  /** Looks for connections that ended untold that are due; not before; behind that position. */
  private int looks;

  private long lookAt = Long.MIN_VALUE;
  private long lookBehind;

  AuditThread(
      Settings settings,
      Capture capture,
      Observer observer,
      Hooks hooks,
      Libraries libraries,
      Beside beside,
      SpanIds ids,
      Sampler sampler,
      ThreadGroup group,
      ThreadFactory others) {
    this.settings = settings;
    this.capture = capture;
    this.observer = observer;
    this.hooks = hooks;
    this.libraries = libraries;
    this.beside = beside;
    this.ids = ids;
    this.sampler = sampler;
    this.others = others;
    thread = OwnThreads.thread(group, this, "httpaudit-audit");
  }

  /**
   * Starts.
   *
   * @param late done first thing once the kernel side is up
   */
  void start(Runnable late) {
    this.late = late;
    thread.start();
  }

  /** Registers the end. On the main thread: no lambda, which costs tens of milliseconds there. */
  void endWithJvm() {
    if (!HttpAudit.atShutdown(new End())) {
      Stderr.line("httpaudit: no summary at the end: the JVM is ending already");
    }
  }

  /** On the thread that ends the JVM, after the application's own hooks. Waits, bounded. */
  private final class End implements Runnable {
    @Override
    public void run() {
      ending = true;
      try {
        capture.wake();
        thread.join(END_MILLIS);
        if (thread.isAlive()) {
          Stderr.line(
              "httpaudit: not ended within "
                  + END_MILLIS / 1_000
                  + " s: the log may lack its last lines");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void run() {
    try {
      nativeAccess();
      learnErrors();
      if (beside.isWanted() && OpenTelemetryAgent.isComing()) {
        // Before the first connection, which waits for the kernel side.
        beside.activate();
      }
      capture.start();
      late.run();
      sayStart();
      report = new Report(settings.reporting(), ids, sampler, beside, others);
      correlator = new Correlator(capture, report, report.tracing());
      shadows = new Shadows(capture::unhooked, capture, observer, correlator, System.nanoTime());
      capture.goFirst();
      while (!ending) {
        round();
      }
    } catch (Throwable e) {
      endEarly(e);
    }
    try {
      close();
    } catch (Throwable e) {
      endEarly(e);
    }
  }

  /**
   * Nothing may leave this thread: the application's handler of uncaught exceptions is not for us.
   */
  private void endEarly(Throwable e) {
    HttpAudit.connect(null);
    try {
      beside.close();
      if (correlator != null) {
        correlator.doubt();
      }
      Stderr.line(
          "httpaudit: the audit ended early, the application goes on: ".concat(e.toString()));
    } catch (Throwable again) {
      ending = true;
    }
  }

  /** Since JDK 24 native calls from an unnamed module print a warning. */
  private static void nativeAccess() {
    if (Runtime.version().feature() >= 24) {
      HttpAudit.enableNativeAccess(
          NativeModule.of(
              AuditThread.class.getClassLoader(),
              Set.of("com.kenai.jffi", "com.kenai.jffi.internal")));
    }
  }

  /** Before the first connect, which waits for the kernel side, can fail. */
  private void learnErrors() {
    try {
      Libc.load();
      observer.errorTexts(
          new ErrorTexts(
              Libc.strerror(Errno.ECONNREFUSED),
              Libc.strerror(Errno.ETIMEDOUT),
              Libc.strerror(Errno.ECONNRESET),
              Libc.strerror(Errno.EPIPE)));
    } catch (KernelException e) {
      // Why, the capture says, which can't do without.
    }
  }

  private void sayStart() {
    if (!settings.quiet()) {
      // The line says it.
      capture.takeLimit();
      Stderr.line(StartLine.of(settings, capture, beside));
    }
  }

  /** nanoTime when a limit was told of last. */
  private long limitSaid = System.nanoTime() - MINUTE;

  private void sayLimits(long now) {
    if (now - limitSaid >= MINUTE) {
      capture
          .takeLimit()
          .ifPresent(
              limit -> {
                limitSaid = now;
                Stderr.line("httpaudit: ".concat(limit));
              });
    }
  }

  /** Of a library that differs from those we know: its exchanges are audited all the same. */
  private void sayMissing() {
    if (beside.hasUnknown() && !unknownSaid) {
      unknownSaid = true;
      Stderr.line(
          "httpaudit: this version of OpenTelemetry's SDK is not known: its spans go on as they are,"
              + " and none are made beside them");
    }
    for (String what = libraries.takeMissing(); what != null; what = libraries.takeMissing()) {
      Stderr.line("httpaudit: requests or calls may lack their context: no ".concat(what));
    }
    for (String what : hooks.takeJdkMissing()) {
      Stderr.line("httpaudit: bytes or connections may go unseen: this JDK has no ".concat(what));
    }
    for (String what = hooks.takeMissing(); what != null; what = hooks.takeMissing()) {
      Stderr.line("httpaudit: connections of Netty's are not observed, ".concat(what));
    }
  }

  /** nanoTime when tasks that never run were last forgotten. */
  private long swept = System.nanoTime();

  private int quiet;
  private int timeout = BUSY_MILLIS;

  private void round() {
    int passed = capture.poll(timeout, correlator::packet);
    long now;
    long next;
    int drained;
    do {
      now = System.nanoTime();
      drained = drain();
      passed += drained;
      next = correlator.tick(now);
    } while (drained >= EVENTS && !ending);
    if (correlator.wantsAllInterfaces()) {
      capture.tapAll();
    }
    endUntold(now);
    shadows.look(now);
    sayMissing();
    sayLimits(now);
    report.flush();
    boolean holds = beside.look(now, observer.drained());
    if (now - swept >= SWEEP_NANOS) {
      swept = now;
      HttpAudit.sweepTasks();
      observer.sweep();
    }
    quiet = passed > 0 || holds || next != Long.MAX_VALUE ? 0 : quiet + 1;
    timeout = quiet > ROUNDS_TO_REST ? REST_MILLIS : passed < LITTLE ? CALM_MILLIS : BUSY_MILLIS;
  }

  /**
   * Events first: a packet that a later drain brings belongs to a connection that is known by then.
   */
  private int drain() {
    int passed = observer.drain(correlator, EVENTS);
    doubt();
    return passed + capture.poll(0, correlator::packet);
  }

  /**
   * A hook that failed, or found no room, leaves all connections in doubt that were open by then.
   * Those have told of their opening below what was written now, if not below what was drained.
   */
  private void doubt() {
    long lost = observer.lost();
    boolean failed = HttpAudit.takeFailed();
    if (failed || lost != eventsLost) {
      correlator.eventsLost(lost - eventsLost);
      eventsLost = lost;
      doubtfulUntil = observer.written();
      if (looks == 0) {
        lookBehind = doubtfulUntil;
      }
      looks = 2;
    }
    if (doubtfulUntil >= 0) {
      correlator.doubt();
      if (observer.drained() >= doubtfulUntil) {
        doubtfulUntil = -1;
      }
    }
  }

  /** The end of a connection may be what a hook failed to tell. */
  private void endUntold(long now) {
    if (looks > 0 && now >= lookAt && observer.drained() >= lookBehind) {
      looks--;
      lookAt = now + LOOK_NANOS;
      lookBehind = observer.written();
      correlator.endUntold(observer.openConnections(), now);
    }
  }

  private void close() {
    try {
      if (correlator != null) {
        observer.endThoseInVain();
        drainToTheEnd();
        HttpAudit.connect(null);
        correlator.shutdown(System.nanoTime());
        String line = report.close(correlator, capture);
        if (!settings.quiet()) {
          Stderr.line(line);
        }
      }
    } finally {
      // Whatever failed, perhaps for want of memory: nobody reads what the filter would go on
      // telling.
      capture.close();
    }
  }

  private void drainToTheEnd() {
    long begin = System.nanoTime();
    boolean goesOn = true;
    while (goesOn) {
      long now = System.nanoTime();
      boolean more = drain() >= EVENTS;
      boolean waits = correlator.tick(now) != Long.MAX_VALUE;
      if (more) {
        goesOn = now - begin < BACKLOG;
        if (!goesOn) {
          correlator.doubt();
        }
      } else {
        goesOn = waits && now - begin < LAST_ACKS;
        capture.poll(goesOn ? 2 : 0, correlator::packet);
      }
    }
  }
}
