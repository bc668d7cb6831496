package io.httpaudit.observe;

/**
 * The context of a request that this JVM was asked: of the SERVER span to come. From its head's
 * last byte until its response's last it is kept by its connection.
 */
final class ServedRequest extends HttpAuditContext {
  /** Stands for all that follow on a connection of which one direction can't be framed. */
  static final ServedRequest LOST = new ServedRequest(null, -1, 0, 0, 0, 0, false, null, null);

  final Connection connection;

  /** Of the exchange on its connection. */
  final long index;

  /** What its target's {@code hashCode} is as a string; 0: not known, since not all is ASCII. */
  final int target;

  /** The object that a library decoded it into; null: none, or it is answered. */
  volatile Object message;

  /** The one before it, if that was not answered when this came: they are pipelined. */
  volatile ServedRequest earlier;

  /** A thread said that it handles it. */
  volatile boolean claimed;

  ServedRequest(
      Connection connection,
      long index,
      int target,
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
}
