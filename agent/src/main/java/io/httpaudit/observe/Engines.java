package io.httpaudit.observe;

import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The TLS engines of this JVM, by their identity, and those of their Hellos that no socket has sent
 * yet. Holds no engine: one that is collected is forgotten.
 *
 * <p>Any thread. Nobody waits; a look-up allocates nothing.
 */
public final class Engines {
  private static final int BUCKETS = 1 << 10;

  /** Hellos that wait for a socket: those of sockets that no hook sees wait for ever. */
  private static final int MOST_HELLOS = 4096;

  /** A Hello is sent at once. */
  private static final long HELLO_NANOS = 10_000_000_000L;

  private final AtomicReferenceArray<Entry> buckets = new AtomicReferenceArray<>(BUCKETS);
  private final ConcurrentHashMap<Random, Made> hellos = new ConcurrentHashMap<>();

  private record Random(long a, long b, long c, long d) {}

  private record Made(TlsEnd by, long at) {}

  private static final class Entry extends WeakReference<Object> {
    final TlsEnd end;
    volatile Entry below;

    Entry(Object engine, TlsEnd end, Entry below) {
      super(engine);
      this.end = end;
      this.below = below;
    }
  }

  private static int bucket(Object engine) {
    int hash = System.identityHashCode(engine);
    return (hash ^ hash >>> 10) & BUCKETS - 1;
  }

  /** What is known of this engine; of a new one, nothing. */
  public TlsEnd of(Object engine) {
    int bucket = bucket(engine);
    TlsEnd made = null;
    while (true) {
      Entry top = buckets.get(bucket);
      TlsEnd known = find(engine, top);
      if (known != null) {
        return known;
      }
      if (made == null) {
        made = new TlsEnd(this);
      }
      if (buckets.compareAndSet(bucket, top, new Entry(engine, made, live(top)))) {
        return made;
      }
    }
  }

  /** Whether what this engine encrypts and decrypts is known to be a connection's bytes. */
  public boolean reads(Object engine) {
    TlsEnd known = find(engine, buckets.get(bucket(engine)));
    return known != null && known.isRead();
  }

  private static TlsEnd find(Object engine, Entry top) {
    for (Entry e = top; e != null; e = e.below) {
      if (e.refersTo(engine)) {
        return e.end;
      }
    }
    return null;
  }

  /** From this entry on the first whose engine is not collected. */
  private static Entry live(Entry from) {
    Entry at = from;
    while (at != null && at.refersTo(null)) {
      at = at.below;
    }
    return at;
  }

  /** Forgets the engines that were collected, and Hellos that nobody sent. Now and then. */
  void sweep() {
    for (int i = 0; i < BUCKETS; i++) {
      Entry top = buckets.get(i);
      if (top == null) {
        continue;
      }
      Entry live = live(top);
      if (live != top) {
        buckets.compareAndSet(i, top, live);
      }
      for (Entry e = live; e != null; e = e.below) {
        Entry next = live(e.below);
        if (next != e.below) {
          e.below = next;
        }
      }
    }
    if (!hellos.isEmpty()) {
      long old = System.nanoTime() - HELLO_NANOS;
      hellos.values().removeIf(made -> made.at() - old < 0);
    }
  }

  /** An engine made a Hello with this random. */
  void made(long a, long b, long c, long d, TlsEnd by) {
    if (hellos.size() < MOST_HELLOS) {
      hellos.put(new Random(a, b, c, d), new Made(by, System.nanoTime()));
    }
  }

  /** The engine that made the Hello of this random, once: who asks writes it to its socket. */
  TlsEnd claim(long a, long b, long c, long d) {
    Made made = hellos.remove(new Random(a, b, c, d));
    return made == null ? null : made.by();
  }
}
