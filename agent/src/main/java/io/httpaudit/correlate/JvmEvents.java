package io.httpaudit.correlate;

import io.httpaudit.flow.Endpoint;

/**
 * What the hooks saw, in the order in which each thread said it. observe/ decodes its ring into
 * these calls, on the audit thread. Times are nanoseconds of {@link System#nanoTime()}. Offsets are
 * stream positions, 0 the first byte after the SYN.
 */
public interface JvmEvents {
  /**
   * A socket is connected, or connecting ({@code connect} has returned, perhaps with EINPROGRESS),
   * or was accepted.
   *
   * @param connection number in this process, from 1, never used again
   * @param flow the id under which the kernel reports its packets; 0: not admitted; -1: there was
   *     no room to
   * @param entry when {@code connect} was entered; of an accepted one, when {@code accept} returned
   * @param exit when {@code connect} or {@code accept} returned
   * @param call span id of the call that wanted it, told before by {@link #call}; 0: not known
   */
  void opened(
      long connection,
      Side side,
      Endpoint local,
      Endpoint peer,
      long flow,
      long entry,
      long exit,
      long call);

  /**
   * {@code connect} threw. {@code local} may have port 0: unknown; or the wildcard address: that is
   * not known.
   *
   * @param error what the kernel said
   */
  void connectFailed(
      long connection,
      Endpoint local,
      Endpoint peer,
      long flow,
      long entry,
      long exit,
      SocketError error,
      long call);

  /** A library began a call: what is sent with this span's id in it is this call's, once. */
  void call(Call call);

  /** For the call of {@code span} a name was resolved. */
  void resolved(long span, long start, long end);

  /** The server's library took a request by this route. */
  void route(long connection, long index, String route);

  /** The connect of a connection that was {@link #opened} failed; nothing was moved. */
  void connectFailed(long connection, SocketError error, long at);

  /** A message's head is complete. Always before its {@link #messageEnd}. */
  void messageHead(long connection, MessageHead head);

  /**
   * A message's last byte was moved.
   *
   * @param end stream position behind it
   * @param next where the next one in this direction begins at the earliest: {@code end}, or in the
   *     same TLS record
   * @param at when the call that moved its last byte exited
   * @param proven false: it ended because the connection did, in the middle of what the framing
   *     asks for
   */
  void messageEnd(
      long connection, boolean request, long index, long end, long next, long at, boolean proven);

  /**
   * From the message that starts at {@code offset} on, this direction can't be framed, to the
   * connection's end.
   *
   * @param partial what is known of that message's head, as far as it was read; index and offset
   *     always
   */
  void boundaryUnknown(long connection, MessageHead partial);

  /**
   * Behind these positions the connection carries another protocol.
   *
   * @param named false: TLS of an engine that no hook sees; what it carries nobody knows
   */
  void upgraded(long connection, long outOffset, long inOffset, String outcome, boolean named);

  /**
   * A TLS handshake of a client was [{@code from}, {@code to}) of what it sent: from its
   * ClientHello to its last record before application data. Always before that data's {@link
   * #messageHead}.
   */
  void handshake(long connection, long from, long to);

  /** What a connection's TLS handshake settled; or, before its end, that it never did. */
  void tls(long connection, Tls tls);

  /**
   * TCP_INFO of the connection, in tier 3, when a message ended. Microseconds and counts of the
   * whole connection.
   */
  void tcpInfo(long connection, long rttMicros, long retransmits);

  /**
   * The socket is closed (or shut for good): nothing more will be moved.
   *
   * @param bytesOut stream position behind the last byte that a write moved
   * @param bytesIn stream position behind the last byte that a read moved
   * @param lastWrite exit of the last write that moved bytes, 0: none
   * @param lastRead exit of the last read that moved bytes, 0: none
   * @param understood stream position up to where what was read was framed: within TLS, was
   *     decrypted
   */
  void closed(
      long connection,
      long bytesOut,
      long bytesIn,
      long lastWrite,
      long lastRead,
      SocketError error,
      long at,
      long understood);
}
