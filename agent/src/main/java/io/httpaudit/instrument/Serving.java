package io.httpaudit.instrument;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a server's connection is at, by the identity of the object that the server has for it, where
 * that has no place for a note. It is not kept alive. Any thread; of one connection, those that
 * handle its requests, one after the other.
 */
final class Serving {
  /** Further ones are not known, and counted as a fault. */
  private static final int MOST = 1 << 18;

  private final ConcurrentHashMap<Key, Request> requests = new ConcurrentHashMap<>();
  private final ReferenceQueue<Object> gone = new ReferenceQueue<>();

  /** The request that a connection is at. */
  static final class Request {
    /** Whether a thread has begun to handle it. */
    volatile boolean begun;

    /** Whether its route, or that there is none, was found. */
    volatile boolean routed;

    /** Null: it is not certain which one it is, or nobody has begun. */
    volatile HttpAuditContext context;

    /** Another one. */
    void next() {
      begun = false;
      routed = false;
      context = null;
    }

    void begins(HttpAuditContext in) {
      context = in;
      begun = true;
    }
  }

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

  /** Null: this connection was never asked for by {@link #at}. */
  Request find(Object connection) {
    return requests.get(new Key(connection, null));
  }

  /** Never null. */
  Request at(Object connection) {
    Request known = find(connection);
    if (known != null) {
      return known;
    }
    for (Reference<?> key = gone.poll(); key != null; key = gone.poll()) {
      requests.remove(key);
    }
    Request made = new Request();
    if (requests.mappingCount() >= MOST) {
      HttpAudit.countFault();
      return made;
    }
    Request before = requests.putIfAbsent(new Key(connection, gone), made);
    return before == null ? made : before;
  }
}
