package io.httpaudit.instrument;

/**
 * What a server's connection is at, by the object that the server has for it. Any thread; of one
 * connection, those that handle its requests, one after the other.
 */
final class Serving {
  private final ByIdentity<Request> requests = new ByIdentity<>();

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

  /** Null: this connection was never asked for by {@link #at}. */
  Request find(Object connection) {
    return requests.of(connection);
  }

  /** Never null. */
  Request at(Object connection) {
    Request known = find(connection);
    if (known != null) {
      return known;
    }
    Request made = new Request();
    Request before = requests.add(connection, made) ? null : find(connection);
    return before == null ? made : before;
  }
}
