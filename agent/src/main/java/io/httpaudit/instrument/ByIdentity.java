package io.httpaudit.instrument;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is known of objects of a library's that have no place for a note, by their identity. None is
 * kept alive: what is never removed is forgotten with its object. Any thread.
 *
 * @param <V> what is known
 */
final class ByIdentity<V> {
  /** Of further ones nothing is known, and they are counted as a fault. */
  private static final int MOST = 1 << 18;

  private final ConcurrentHashMap<Key, V> known = new ConcurrentHashMap<>();
  private final ReferenceQueue<Object> gone = new ReferenceQueue<>();

  /** Equal to another one of the same object. */
  private static final class Key extends WeakReference<Object> {
    private final int hash;

    Key(Object of, ReferenceQueue<Object> gone) {
      super(of, gone);
      hash = System.identityHashCode(of);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(Object other) {
      if (this == other) {
        return true;
      }
      Object mine = get();
      return mine != null && other instanceof Key key && key.refersTo(mine);
    }
  }

  /** Whether it is kept: not if there is one of that object already, or too many are. */
  boolean add(Object of, V what) {
    forget();
    if (known.mappingCount() >= MOST) {
      HttpAudit.countFault();
      return false;
    }
    return known.putIfAbsent(new Key(of, gone), what) == null;
  }

  /** Null: nothing is known. */
  V of(Object of) {
    return of == null ? null : known.get(new Key(of, null));
  }

  /** Where something is known of it. */
  void replace(Object of, V what) {
    known.replace(new Key(of, null), what);
  }

  /** Null: nothing was known. */
  V remove(Object of) {
    return known.remove(new Key(of, null));
  }

  /** How many are kept. */
  long size() {
    forget();
    return known.mappingCount();
  }

  private void forget() {
    for (Reference<?> key = gone.poll(); key != null; key = gone.poll()) {
      known.remove(key);
    }
  }
}
