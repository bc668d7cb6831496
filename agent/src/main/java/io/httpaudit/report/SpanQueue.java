package io.httpaudit.report;

import java.util.ArrayDeque;
import java.util.List;

/**
 * What waits to become spans: filled by the audit thread, emptied by the exporting one. Bounded,
 * and neither waits for the other longer than a few entries take to copy. A wake-up costs more than
 * an entry, so there is one a batch, or one each time that the oldest has waited long enough.
 */
final class SpanQueue {
  /** Something whose span is to be made. */
  interface Entry {
    void make(Batch batch);
  }

  private final ArrayDeque<Entry> entries = new ArrayDeque<>();
  private final int capacity;
  private final int batch;

  /** When the oldest entry came. */
  private long since;

  private boolean due;
  private boolean ended;

  SpanQueue(int capacity, int batch) {
    this.capacity = capacity;
    this.batch = Math.min(batch, capacity);
  }

  /** Whether there was room. */
  synchronized boolean offer(Entry entry) {
    if (ended || entries.size() >= capacity) {
      return false;
    }
    if (entries.isEmpty()) {
      since = System.nanoTime();
    }
    entries.add(entry);
    if (entries.size() == batch) {
      notifyAll();
    }
    return true;
  }

  /** Passes on what has waited for so many nanoseconds, batch or not. */
  synchronized void flush(long waited) {
    if (!due && !entries.isEmpty() && System.nanoTime() - since >= waited) {
      due = true;
      notifyAll();
    }
  }

  /** No more is taken in; what is there is passed on at once. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  synchronized boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Waits for a batch; false: the end. An interrupt stays set, and ends nothing. */
  synchronized boolean take(List<Entry> into) {
    boolean interrupted = false;
    while (!ended && !due && entries.size() < batch) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    for (int i = 0; i < batch && !entries.isEmpty(); i++) {
      into.add(entries.poll());
    }
    due &= !entries.isEmpty();
    since = System.nanoTime();
    return !into.isEmpty();
  }
}
