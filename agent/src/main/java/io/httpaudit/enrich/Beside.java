package io.httpaudit.enrich;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Side;
import io.httpaudit.enrich.TheirSpan.Identity;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The application's own OpenTelemetry, where there is one: its HTTP spans are held from their end
 * until what the packets say of their exchange is known, or their time is up, and then passed on to
 * the SDK that made them, which samples, processes and exports them as ever.
 *
 * <p>On the application's threads: {@link #started}, {@link #over}, {@link #hasRoom}, {@link
 * #ended}, {@link #flush}. They wait for nobody, but a flush, bounded. On the audit thread: {@link
 * #asked}, {@link #exchange}, {@link #look}, {@link #close}. Spans are passed on by a thread of its
 * own, since exporting may be part of that.
 */
public final class Beside {
  /** Spans held at once: what is more goes on as it is. */
  private static final int MOST = 8_192;

  /** Starts, and ends of what is not held, that wait at once to be taken. */
  private static final int MOST_TOLD = 2 * MOST;

  /**
   * What a flush waits for packets, and then for the spans to be passed on, in nanoseconds: an
   * acknowledgement alone may be delayed by 200 ms (Linux, include/net/tcp.h, TCP_DELACK_MAX).
   */
  private static final long FLUSH_NANOS = 250_000_000;

  private static final long FLUSH_PAUSE = 2;

  /** Of a thread whose SERVER spans are started when their request is known already. */
  private static final Object WITHIN = new Object();

  /** Nanoseconds that no span is held for. */
  private static final long FOREVER = Long.MAX_VALUE / 2;

  /** Which spans there are to be. */
  public enum Mode {
    /** The application's own where it has OpenTelemetry, else ours. */
    AUTO,
    /** Never ours. */
    ENRICH,
    /** Ours alone. */
    OWN
  }

  private final Mode mode;
  private final long holdNanos;
  private final ThreadFactory threads;
  private final Runnable wake;

  /** An AwaitingSpan, or WITHIN. */
  private final ThreadLocal<Object> awaiting = new ThreadLocal<>();

  /** What began, Identity, and what is over, Joins.Over: a span's end behind its start. */
  private final Queue<Record> told = new ConcurrentLinkedQueue<>();

  private final AtomicInteger toldWaiting = new AtomicInteger();
  private final Queue<TheirSpan> ends = new ConcurrentLinkedQueue<>();
  private final List<TheirSpan> taken = new ArrayList<>();
  private final AtomicInteger held = new AtomicInteger();
  private final BlockingQueue<Runnable> decided = new LinkedBlockingQueue<>();
  private final Joins joins = new Joins();
  private final AtomicLong enriched = new AtomicLong();
  private final AtomicLong left = new AtomicLong();
  private Thread thread;
  private volatile boolean active;
  private volatile boolean closed;

  /** Flushes that are on: few. */
  private final Queue<Flush> flushes = new ConcurrentLinkedQueue<>();

  /**
   * The SDK wants what has ended by now.
   *
   * @param begin nanoTime
   * @param done when all that was held by then is passed on
   */
  private record Flush(long begin, CountDownLatch done) {}

  private volatile boolean unknown;

  /**
   * @param holdNanos how long a span waits at most
   * @param threads makes our own threads
   * @param wake makes the audit thread look
   */
  public Beside(Mode mode, long holdNanos, ThreadFactory threads, Runnable wake) {
    this.mode = mode;
    this.holdNanos = holdNanos;
    this.threads = threads;
    this.wake = wake;
    active = mode == Mode.ENRICH;
  }

  /** Whether there may be spans to enrich. */
  public boolean isWanted() {
    return mode != Mode.OWN;
  }

  /** An SDK that has somewhere for spans to go is in this JVM. */
  public void activate() {
    if (isWanted()) {
      active = true;
    }
  }

  /** An SDK is in this JVM that is of a shape that is not known: its spans are left alone. */
  public void findsUnknown() {
    unknown = true;
    activate();
  }

  /** Whether there is such an SDK. */
  public boolean hasUnknown() {
    return unknown;
  }

  /** Whether the application's spans are enriched, and none are made. */
  public boolean isActive() {
    return active;
  }

  // ---- the application's threads

  /** A CLIENT or SERVER span was started. */
  public void started(Identity span) {
    tell(span);
  }

  /**
   * A CLIENT or SERVER span has ended, and is not held.
   *
   * @param events position in the ring of events by then
   */
  public void over(long span, long events) {
    tell(new Joins.Over(span, events));
  }

  private void tell(Record what) {
    if (closed) {
      return;
    }
    if (toldWaiting.incrementAndGet() > MOST_TOLD) {
      toldWaiting.decrementAndGet();
      return;
    }
    told.add(what);
  }

  /**
   * A SERVER span was started on this thread, which handles a request already, as that request's
   * own. So are all that this thread's server starts: one that is started where none is known is
   * not for the next, but for one that is not known at all. Other servers' threads may differ.
   */
  public void startsWithin() {
    if (awaiting.get() != WITHIN) {
      awaiting.set(WITHIN);
    }
  }

  /** A SERVER span was started on this thread, perhaps for the request that it handles next. */
  public void awaits(AwaitingSpan span) {
    if (awaiting.get() != WITHIN) {
      awaiting.set(span);
    }
  }

  /** This thread begins to handle a request, which is not known: whatever awaits it is of that. */
  public void handlesUnknown() {
    if (active && awaiting.get() != WITHIN) {
      awaiting.remove();
    }
  }

  /** This thread begins to handle a request. */
  public void handles(long connection, long sequence) {
    if (active && awaiting.get() instanceof AwaitingSpan span) {
      awaiting.remove();
      Identity identity = span.identity();
      if (identity != null) {
        started(identity.of(connection, sequence));
      }
    }
  }

  /** Whether a span that has ended can be held; if so, {@link #ended} must follow. */
  public boolean hasRoom() {
    if (closed) {
      return false;
    }
    if (held.incrementAndGet() > MOST) {
      held.decrementAndGet();
      left.incrementAndGet();
      return false;
    }
    return true;
  }

  /** The room is not needed: the span goes on as it is. */
  public void hasNoNeed() {
    held.decrementAndGet();
    left.incrementAndGet();
  }

  /** nanoTime until which a span that ends now is held. */
  public long deadline() {
    return System.nanoTime() + holdNanos;
  }

  /**
   * A span has ended: it is ours until it is passed on, unless this throws, and then it never was.
   */
  public void ended(TheirSpan span) {
    try {
      ends.add(span);
    } catch (Throwable e) {
      hasNoNeed();
      throw e;
    }
    if (closed) {
      // Nobody may be there any more who takes it.
      passOnWhatIsLeft();
    }
  }

  /**
   * The application wants its spans exported, or ends. Waits for those that are held by now,
   * bounded; what packets are not known by then is left out. Spans that end meanwhile are no
   * concern of its.
   */
  public void flush() {
    if (held.get() == 0 || Thread.currentThread() == thread) {
      return;
    }
    Flush flush = new Flush(System.nanoTime(), new CountDownLatch(1));
    flushes.add(flush);
    boolean interrupted = false;
    boolean done = false;
    while (!done && held.get() > 0 && System.nanoTime() - flush.begin < 2 * FLUSH_NANOS) {
      wake.run();
      try {
        done = flush.done.await(FLUSH_PAUSE, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    flushes.remove(flush);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the audit thread

  /** A request's head went by, whose bytes name a span. */
  public void asked(Side side, long parent) {
    if (active) {
      joins.asked(side, parent);
    }
  }

  /**
   * An exchange is final.
   *
   * @param facts null: it is not to be told
   * @return with the ids of the span that describes it, if one is known
   */
  public Exchange exchange(Exchange exchange, Facts facts) {
    takeTold();
    return joins.exchange(exchange, facts);
  }

  private void takeTold() {
    for (Record what = told.poll(); what != null; what = told.poll()) {
      toldWaiting.decrementAndGet();
      if (what instanceof Joins.Over over) {
        joins.over(over);
      } else {
        joins.started((Identity) what);
      }
    }
  }

  /** The ends first: what has ended by now was started before, and told of then. */
  private void takeSpans() {
    for (TheirSpan span = ends.poll(); span != null; span = ends.poll()) {
      taken.add(span);
    }
    takeTold();
    taken.forEach(joins::ended);
    taken.clear();
  }

  /**
   * Passes on what is decided. Every few milliseconds.
   *
   * @param events those below this position of the ring have been drained
   * @return whether spans wait still
   */
  public boolean look(long now, long events) {
    // Before the ends are taken: what had ended when a flush began is among these.
    List<Flush> begun = List.copyOf(flushes);
    takeSpans();
    joins.forgetOver(events);
    if (held.get() > 0) {
      for (Joins.Decided each : joins.decided(due(now, begun), events)) {
        next(() -> pass(each));
      }
    }
    for (Flush flush : begun) {
      if (!joins.holds(flush.begin + holdNanos) && flushes.remove(flush)) {
        next(flush.done::countDown);
      }
    }
    return held.get() > 0;
  }

  /** nanoTime until which spans are held: ahead, for those that a flush has waited for. */
  private long due(long now, List<Flush> begun) {
    long due = now;
    for (Flush flush : begun) {
      if (now - flush.begin >= FLUSH_NANOS && flush.begin + holdNanos - due > 0) {
        due = flush.begin + holdNanos;
      }
    }
    return due;
  }

  private void next(Runnable task) {
    decided.add(task);
    if (thread == null) {
      start();
    }
  }

  private void start() {
    thread = threads.newThread(this::passOn);
    thread.setName("httpaudit-enrich");
    thread.start();
  }

  /** All that is held goes on as it stands, and nothing is held any more. */
  public void close() {
    closed = true;
    takeSpans();
    for (Joins.Decided each : joins.decided(System.nanoTime() + FOREVER, Long.MAX_VALUE)) {
      decided.add(() -> pass(each));
    }
    for (Runnable task = decided.poll(); task != null; task = decided.poll()) {
      task.run();
    }
  }

  private void passOnWhatIsLeft() {
    for (TheirSpan span = ends.poll(); span != null; span = ends.poll()) {
      left.incrementAndGet();
      passOn(span);
    }
  }

  /** Spans that got what the packets say. */
  public long enriched() {
    return enriched.get();
  }

  /** HTTP spans that went on as they were. */
  public long left() {
    return left.get();
  }

  // ---- the thread that passes on

  private void passOn() {
    try {
      while (!closed) {
        decided.take().run();
      }
    } catch (InterruptedException e) {
      // Nobody does that; what waits is passed on by close.
    }
  }

  private void pass(Joins.Decided each) {
    boolean written = false;
    if (each.facts() != null) {
      try {
        each.facts().write(each.span());
        written = true;
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
    (written ? enriched : left).incrementAndGet();
    passOn(each.span());
  }

  private void passOn(TheirSpan span) {
    try {
      span.passOn();
    } catch (Throwable e) {
      // The application's own processor threw; where it was to be called, its thread would know.
      HttpAudit.countFault();
    } finally {
      held.decrementAndGet();
    }
  }
}
