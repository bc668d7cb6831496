package io.httpaudit.report;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * Batches on their way from the audit thread to the exporting one, and back to be used again.
 * Bounded, and neither waits for the other: a lock is held for a few instructions, once a batch.
 */
final class BatchQueue {
  /** What waits at the most, in bytes; {@code capacity} ordinary spans are a third of it. */
  private static final int MOST_BYTES = 1 << 25;

  /** Batches kept to be filled: one is, while another is sent. */
  private static final int SPARE = 2;

  private final ArrayDeque<Batch> waiting = new ArrayDeque<>();
  private final ArrayDeque<Batch> spare = new ArrayDeque<>();
  private final Supplier<Batch> maker;
  private final int capacity;

  /** What waits. Written under the lock. */
  private volatile int entries;

  private volatile int bytes;
  private volatile boolean ended;

  /**
   * @param capacity exchanges and connections in all that waits
   */
  BatchQueue(int capacity, Supplier<Batch> maker) {
    this.capacity = capacity;
    this.maker = maker;
  }

  /** Whether {@code batch} may take one more. */
  boolean hasRoom(Batch batch) {
    return !ended && entries + batch.size() < capacity && bytes + batch.bytes() < MOST_BYTES;
  }

  /** One to be filled. */
  Batch empty() {
    synchronized (this) {
      if (!spare.isEmpty()) {
        return spare.poll();
      }
    }
    return maker.get();
  }

  synchronized void offer(Batch batch) {
    if (!ended) {
      waiting.add(batch);
      entries += batch.size();
      bytes += batch.bytes();
      notifyAll();
    }
  }

  /** No more is taken in; what is there is still given out. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Waits for a batch; null: the end. An interrupt stays set, and ends nothing. */
  synchronized Batch take() {
    boolean interrupted = false;
    while (!ended && waiting.isEmpty()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    Batch taken = waiting.poll();
    if (taken != null) {
      entries -= taken.size();
      bytes -= taken.bytes();
    }
    return taken;
  }

  /** Takes back what was sent. */
  void giveBack(Batch batch) {
    batch.clear();
    synchronized (this) {
      if (spare.size() < SPARE) {
        spare.add(batch);
      }
    }
  }
}
