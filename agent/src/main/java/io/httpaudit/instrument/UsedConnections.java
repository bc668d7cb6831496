package io.httpaudit.instrument;

/**
 * The connections of a client's pool that had an attempt. The pool opens them, for whom is not
 * known: so the first attempt that has one is said to have opened it. Any thread.
 */
final class UsedConnections {
  private final ByIdentity<Boolean> used = new ByIdentity<>();

  /** An attempt has its connection, just now: one that had another before was open. */
  void has(OngoingCall call, Object connection) {
    if (used.of(connection) != null) {
      call.takes();
    } else {
      call.opensElsewhere();
      used.add(connection, true);
    }
  }
}
