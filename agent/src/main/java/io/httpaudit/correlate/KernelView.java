package io.httpaudit.correlate;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import java.util.List;
import java.util.Optional;

/**
 * What the correlator asks of the kernel side: capture/ implements it, a test may by hand. The
 * audit thread alone.
 */
public interface KernelView {
  /**
   * So long, in nanoseconds, packets of an outgoing connection are kept after a SYN or SYN-ACK, at
   * least.
   */
  long KEPT = 8_000_000_000L;

  /** 1: kernel filter; 3: TCP_INFO; 4: application times only. */
  int tier();

  /** Why the tier is not 1. */
  Optional<Why> lacking();

  /** When the first tap was up, nanoTime; {@link Long#MAX_VALUE} while none is. */
  long attachedAt();

  /**
   * The packets of a connection before it was admitted. Looked up by its exact key; a second look
   * may show more (a packet may race the claim): {@code packets} then repeats the first ones, runs
   * perhaps longer.
   */
  Optional<Candidate> candidate(FlowTuple tuple);

  /** Records lost by all flows so far. Zero means that no flow lost any. */
  long recordsLost();

  /** Records that this flow lost so far, by its entry in the kernel; -1: it has none any more. */
  long recordsLost(FlowTuple tuple);

  /**
   * One connection that was admitted, and had this local end, is gone, and none of its packets is
   * needed any more.
   */
  void left(Endpoint local);

  /**
   * Ends the admission of a flow whose connection is gone, if {@code flow} still is the id of its
   * entry.
   */
  void end(FlowTuple tuple, long flow);

  /** {@code lo}, {@code eth0}; empty where unknown. */
  String interfaceName(int ifindex);

  /**
   * {@code local} with the address from which packets to {@code peer} are sent, by the routes as
   * they are now.
   */
  default Endpoint source(Endpoint local, Endpoint peer) {
    return local;
  }

  /**
   * Whether this client's connection began at a listener of this JVM, so that both of its ends are
   * here.
   */
  default boolean isOwnListeners(Endpoint peer, FlowTuple tuple) {
    return false;
  }

  /**
   * Index of the interface that holds this local address; 0: unknown. Loopback for traffic to an
   * own address.
   */
  int homeInterface(Endpoint local, Endpoint peer);

  /**
   * What the kernel kept of a connection that began.
   *
   * @param overflowed packets are missing
   * @param syns copies of the SYN
   * @param synAcks copies of the SYN-ACK
   * @param handshakeAck when the handshake's last ACK passed, 0: unknown
   * @param packets the first SYN, the first SYN-ACK, then the runs, each as one packet with its
   *     first packet's time
   */
  record Candidate(
      boolean overflowed, int syns, int synAcks, long handshakeAck, List<Packet> packets) {}
}
