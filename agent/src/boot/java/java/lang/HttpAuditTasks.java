package java.lang;

import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * Which context a task was submitted in, by the task's identity. Nothing is wrapped, so the
 * application finds its own objects in its queues; a task that is never run is collected as ever.
 *
 * <p>Assumes nothing of the threads. Guarantees: nobody waits, but repeats a compare-and-set; a
 * task that was submitted once gets its context once; a task that waits twice in different contexts
 * gets none, since nobody knows which of the two runs. 40 bytes a task that waits.
 *
 * <p>Each bucket is a stack. An entry that is over, since its context was taken or its task was
 * collected, stays over, and is unlinked by whoever passes. Two who unlink at once may link an
 * entry again that is over, never lose one that is not: each link only ever skips such entries.
 */
final class HttpAuditTasks {
  private static final int BUCKETS = 1 << 12;

  private final AtomicReferenceArray<Entry> buckets = new AtomicReferenceArray<>(BUCKETS);

  /** About so many wait: none means that no task has a context. */
  private final AtomicLong waiting = new AtomicLong();

  private static final class Entry extends WeakReference<Object> {
    private static final AtomicReferenceFieldUpdater<Entry, Object> CONTEXT =
        AtomicReferenceFieldUpdater.newUpdater(Entry.class, Object.class, "context");

    /** As it was put; null: taken. */
    private volatile Object context;

    /** Whether some other context was submitted with the same task, while this one waited. */
    private volatile boolean doubtful;

    /** Written by several: to entries further down that are as safely published as this one. */
    private Entry below;

    Entry(Object task, Object context) {
      super(task);
      this.context = context;
    }

    boolean isOver() {
      return context == null || refersTo(null);
    }

    /** The context, for one of those who ask. */
    Object take() {
      return CONTEXT.getAndSet(this, null);
    }
  }

  private static int bucket(Object task) {
    int hash = System.identityHashCode(task);
    return (hash ^ hash >>> 12) & BUCKETS - 1;
  }

  boolean isEmpty() {
    return waiting.get() == 0;
  }

  /**
   * {@code task} waits.
   *
   * @param context in which, or, of a thread, what {@link HttpAuditTaskKinds#starts} returned
   */
  void put(Object task, Object context) {
    int bucket = bucket(task);
    Entry added = new Entry(task, context);
    // First: whoever finds nothing waiting doesn't look for it.
    waiting.incrementAndGet();
    try {
      push(bucket, added, task, context);
    } catch (Throwable e) {
      // A stack that is full. It was not pushed, since that is the last that is done.
      waiting.decrementAndGet();
      throw e;
    }
  }

  /**
   * As {@link #put}, of one who waits for more than one thing and may come again: it has one entry
   * at the most, and, once it has come in different contexts, none.
   */
  void keep(Object task, HttpAuditContext context) {
    for (Entry e = buckets.get(bucket(task)); e != null; e = next(e)) {
      Object known = e.refersTo(task) ? e.context : null;
      if (known != null) {
        if (known != context) {
          e.doubtful = true;
        }
        return;
      }
    }
    put(task, context);
  }

  private void push(int bucket, Entry added, Object task, Object context) {
    while (true) {
      Entry top = buckets.get(bucket);
      Entry live = live(top);
      boolean twice = false;
      for (Entry e = live; e != null; e = next(e)) {
        if (e.refersTo(task) && e.context != null && e.context != context) {
          e.doubtful = true;
          twice = true;
        }
      }
      added.below = live;
      added.doubtful = twice;
      if (buckets.compareAndSet(bucket, top, added)) {
        return;
      }
    }
  }

  /** A task was submitted once more, without any context: of those that wait, nobody knows now. */
  void doubt(Object task) {
    for (Entry e = buckets.get(bucket(task)); e != null; e = next(e)) {
      if (e.refersTo(task)) {
        e.doubtful = true;
      }
    }
  }

  /** The context of a task that begins to run, null: none. It is forgotten. */
  HttpAuditContext take(Object task) {
    return (HttpAuditContext) remove(task);
  }

  /** Likewise, as it was put. */
  Object remove(Object task) {
    int bucket = bucket(task);
    Entry top = buckets.get(bucket);
    for (Entry e = top; e != null; e = next(e)) {
      Object context = e.refersTo(task) ? e.take() : null;
      if (context != null) {
        waiting.decrementAndGet();
        buckets.compareAndSet(bucket, top, live(top));
        return e.doubtful ? null : context;
      }
    }
    return null;
  }

  /** The same, but it goes on waiting. */
  HttpAuditContext peek(Object task) {
    for (Entry e = buckets.get(bucket(task)); e != null; e = next(e)) {
      Object context = e.refersTo(task) ? e.context : null;
      if (context != null) {
        return e.doubtful ? null : (HttpAuditContext) context;
      }
    }
    return null;
  }

  /** Forgets the tasks that were collected unrun. Costs a look at each bucket. */
  void sweep() {
    for (int i = 0; i < BUCKETS; i++) {
      Entry top = buckets.get(i);
      if (top != null) {
        Entry live = live(top);
        buckets.compareAndSet(i, top, live);
        for (Entry e = live; e != null; e = next(e)) {
          // To its end.
        }
      }
    }
  }

  /** About so many tasks wait. */
  long size() {
    return waiting.get();
  }

  /** The next that is not over; those between are unlinked. */
  private Entry next(Entry entry) {
    Entry below = entry.below;
    Entry live = live(below);
    if (live != below) {
      entry.below = live;
    }
    return live;
  }

  /** From this entry on the first that is not over; what was collected unrun counts no more. */
  private Entry live(Entry top) {
    Entry at = top;
    while (at != null && at.isOver()) {
      if (at.take() != null) {
        waiting.decrementAndGet();
      }
      at = at.below;
    }
    return at;
  }
}
