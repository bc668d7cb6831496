package io.httpaudit.capture;

import io.httpaudit.correlate.Side;
import io.httpaudit.flow.Endpoint;

/**
 * What a hook asks of the kernel side, on the application's own thread, at a connection's begin:
 * never on a byte's path. No method throws, and none blocks but for the first {@link #connecting}
 * or {@link #listening} of the process, which waits for the kernel side to be up, bounded.
 */
public interface Admission {
  /** In place of a flow's id: there are packets, but no room for this connection's. */
  long REFUSED = -1;

  /** Before {@code connect(2)}: taps the interface of the route to the peer, if it isn't yet. */
  void connecting(Endpoint peer);

  /** After {@code listen(2)}: SYNs to this address and port make inbound candidates. */
  void listening(Endpoint local);

  /** Before a listening socket's {@code close(2)}. */
  void unlistening(Endpoint local);

  /**
   * After {@code connect(2)} or {@code accept(2)}: from now on the connection's packets come by the
   * ring.
   *
   * @param connection the number that becomes the flow's id, unless the other end of the same
   *     connection is in this JVM and has claimed it before: then that one's
   * @return the flow's id, always positive; 0: there are no packets to be had (no rights, not up
   *     yet); {@link #REFUSED}
   */
  long admit(Endpoint local, Endpoint peer, Side side, long connection);

  /**
   * Undoes {@link #admit}: nobody will ever be told of the connection, so nobody else would.
   * Another end's claim stays.
   *
   * @param flow as {@link #admit} gave it for this connection; if it is none, nothing is to be done
   */
  void withdraw(Endpoint local, Endpoint peer, long flow, long connection);

  /**
   * After the connection's opening was told of: ends a rest of the thread that reads candidates,
   * since a candidate is gone once its tuple is used again.
   */
  default void opened() {}

  /** Whether {@link #tcpInfo} can tell something: there is no filter, but native code. */
  boolean wantsTcpInfo();

  /**
   * TCP_INFO of a socket of ours, in tier 3 only.
   *
   * @param out [0] RTT in microseconds, [1] retransmissions of the connection
   * @return false: not known, or not tier 3
   */
  boolean tcpInfo(int fd, long[] out);
}
