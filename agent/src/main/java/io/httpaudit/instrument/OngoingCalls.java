package io.httpaudit.instrument;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Calls in progress, by the identity of the object that a library has for each. It is not kept
 * alive: a call that is never ended is forgotten with it. Any thread.
 */
final class OngoingCalls {
  /** Further ones are not known: they have no context, and are counted as a fault. */
  private static final int MOST = 1 << 18;

  private final ConcurrentHashMap<Key, OngoingCall> calls = new ConcurrentHashMap<>();
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
  boolean begin(Object of, OngoingCall call) {
    forget();
    if (calls.mappingCount() >= MOST) {
      HttpAudit.countFault();
      return false;
    }
    return calls.putIfAbsent(new Key(of, gone), call) == null;
  }

  /** Null: none is known. */
  OngoingCall of(Object of) {
    return of == null ? null : calls.get(new Key(of, null));
  }

  void end(Object of) {
    calls.remove(new Key(of, null));
  }

  /** How many are kept. */
  long size() {
    forget();
    return calls.mappingCount();
  }

  private void forget() {
    for (Reference<?> key = gone.poll(); key != null; key = gone.poll()) {
      calls.remove(key);
    }
  }
}
