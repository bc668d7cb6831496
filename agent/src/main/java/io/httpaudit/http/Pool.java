package io.httpaudit.http;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A bounded stock of objects that are needed for a moment, shared by all threads. Neither blocks
 * nor allocates: an empty stock answers {@code null}, a full one drops what it is given.
 *
 * <p>A thread looks first where its identity points, so that it mostly finds what it gave itself,
 * and its cache has it.
 */
final class Pool<T> {
  private static final int SLOTS = 64;

  /** One reference in 64 bytes: threads that use neighbouring slots don't share a cache line. */
  private static final int STRIDE = 16;

  private static final int PROBES = 4;

  private final AtomicReferenceArray<T> slots = new AtomicReferenceArray<>(SLOTS * STRIDE);

  /** An object, or null. */
  T take() {
    int at = System.identityHashCode(Thread.currentThread());
    for (int i = 0; i < PROBES; i++) {
      int slot = ((at + i) & (SLOTS - 1)) * STRIDE;
      if (slots.get(slot) != null) {
        T taken = slots.getAndSet(slot, null);
        if (taken != null) {
          return taken;
        }
      }
    }
    return null;
  }

  /** Keeps {@code given}, if there is room. The caller forgets it. */
  void give(T given) {
    int at = System.identityHashCode(Thread.currentThread());
    for (int i = 0; i < PROBES; i++) {
      int slot = ((at + i) & (SLOTS - 1)) * STRIDE;
      if (slots.get(slot) == null && slots.compareAndSet(slot, null, given)) {
        return;
      }
    }
  }
}
