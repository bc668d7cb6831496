package io.httpaudit.observe;

/**
 * The context of a request that this JVM was asked: of the SERVER span to come. From its head's
 * last byte until its response's last it is kept by its connection.
 */
final class ServedRequest extends HttpAuditContext {
  /** Stands for all that follow on a connection of which one direction can't be framed. */
  static final ServedRequest LOST = new ServedRequest(null, -1, '\0', 0, 0, 0, false, null, null);

  /** Stands for whoever handles it, or has answered it. */
  static final Object SOMEBODY = new Object();

  final Connection connection;

  /** Of the exchange on its connection, up to {@link #MOST}. */
  final int index;

  static final int MOST = Integer.MAX_VALUE;

  /** Of its target, as {@link #hash} makes it; 0: not known. */
  final char target;

  /** The one before it, if that was not answered when this came: they are pipelined. */
  volatile ServedRequest earlier;

  /**
   * The object that a library decoded it into, and handles it by; or {@link #SOMEBODY}. Null: no
   * thread has said that it handles it.
   */
  volatile Object claimed;

  ServedRequest(
      Connection connection,
      int index,
      char target,
      long traceHigh,
      long traceLow,
      long spanId,
      boolean sampled,
      String state,
      String baggage) {
    super(traceHigh, traceLow, spanId, sampled, state, baggage);
    this.connection = connection;
    this.index = index;
    this.target = target;
  }

  /**
   * Whether its target is this one, as far as a hash can tell: of 65,536 others one is taken for
   * it. Without allocation.
   *
   * @param path as the head has it, or the whole target
   * @param query what is behind the question mark; null or empty: nothing, if there is one at all
   */
  boolean isFor(String path, String query) {
    int hash = path.hashCode();
    if ((query == null || query.isEmpty()) && target == hash(hash)) {
      return true;
    }
    hash = 31 * hash + '?';
    for (int i = 0; query != null && i < query.length(); i++) {
      hash = 31 * hash + query.charAt(i);
    }
    return target == hash(hash);
  }

  /** Of a target's {@code hashCode}, never 0. */
  static char hash(int hashCode) {
    char folded = (char) (hashCode ^ hashCode >>> 16);
    return folded == 0 ? 1 : folded;
  }
}
