package io.httpaudit.capture;

import io.httpaudit.correlate.KernelView.Candidate;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import io.httpaudit.kernel.BpfMap;
import io.httpaudit.kernel.CallBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Connections that began, as the kernel's two maps keep them. Looked up by exact key, never listed.
 */
final class Candidates {
  /**
   * A read may meet the filter in the middle of an update, which takes it less than a microsecond.
   */
  private static final int ATTEMPTS = 4;

  private final BpfMap outbound;
  private final BpfMap inbound;

  Candidates(BpfMap outbound, BpfMap inbound) {
    this.outbound = outbound;
    this.inbound = inbound;
  }

  /**
   * @param loopback index of the loopback interface, where a packet is seen as it arrives,
   *     whichever way it goes
   */
  Optional<Candidate> find(FlowTuple tuple, int loopback) {
    CallBuffer one = CallBuffer.take();
    CallBuffer other = CallBuffer.take();
    try {
      boolean isOutbound = lookupWhole(outbound, one, tuple);
      boolean isInbound = lookupWhole(inbound, other, tuple);
      if (isOutbound && (!isInbound || synTime(one) >= synTime(other))) {
        return Optional.of(read(one, loopback));
      }
      return isInbound ? Optional.of(read(other, loopback)) : Optional.empty();
    } finally {
      one.give();
      other.give();
    }
  }

  private static boolean lookupWhole(BpfMap map, CallBuffer buffer, FlowTuple tuple) {
    for (int attempt = 1; ; attempt++) {
      if (!lookup(map, buffer, tuple)) {
        return false;
      }
      if (attempt == ATTEMPTS || missing(buffer) == 0) {
        return true;
      }
    }
  }

  /**
   * Packets that were counted, but are in no run: two processors updated the candidate at once, and
   * one update was lost, or both are mixed in one run.
   */
  private static int missing(CallBuffer buffer) {
    ByteBuffer bytes = buffer.bytes();
    int at = buffer.at(CallBuffer.VALUE);
    int told =
        (bytes.getShort(at + Layout.CANDIDATE_SYNS) & 0xffff)
            + (bytes.getShort(at + Layout.CANDIDATE_SYNACKS) & 0xffff);
    for (int i = 0; i < used(buffer); i++) {
      told +=
          bytes.getShort(at + Layout.CANDIDATE_RUNS + i * Layout.RUN + Layout.RUN_PACKETS) & 0xffff;
    }
    return bytes.getInt(at + Layout.CANDIDATE_PACKETS) - told;
  }

  private static int used(CallBuffer buffer) {
    int used = buffer.bytes().get(buffer.at(CallBuffer.VALUE) + Layout.CANDIDATE_RUNS_USED) & 0xff;
    return Math.min(used, Layout.CANDIDATE_RUNS_MOST);
  }

  private static boolean lookup(BpfMap map, CallBuffer buffer, FlowTuple tuple) {
    Layout.putTuple(buffer.bytes(), buffer.at(CallBuffer.KEY), tuple);
    // The buffer held another connection's: an answer that was not written must not be taken for
    // this one's.
    int value = buffer.at(CallBuffer.VALUE);
    buffer.bytes().putLong(value + Layout.CANDIDATE_SYN_TIME, 0);
    buffer.bytes().putLong(value + Layout.CANDIDATE_SYNACK_TIME, 0);
    buffer.bytes().putLong(value + Layout.CANDIDATE_ACK_TIME, 0);
    buffer.bytes().put(value + Layout.CANDIDATE_RUNS_USED, (byte) 0);
    return map.lookup(buffer) == 0;
  }

  private static long synTime(CallBuffer buffer) {
    return buffer.bytes().getLong(buffer.at(CallBuffer.VALUE) + Layout.CANDIDATE_SYN_TIME);
  }

  /** When its first SYN passed; 0: none is known. */
  long synTime(FlowTuple tuple) {
    CallBuffer buffer = CallBuffer.take();
    try {
      if (lookup(inbound, buffer, tuple) || lookup(outbound, buffer, tuple)) {
        return synTime(buffer);
      }
      return 0;
    } finally {
      buffer.give();
    }
  }

  /** Whether it began at a listener of this JVM. */
  boolean isInbound(FlowTuple tuple) {
    CallBuffer buffer = CallBuffer.take();
    try {
      return lookup(inbound, buffer, tuple);
    } finally {
      buffer.give();
    }
  }

  void forget(FlowTuple tuple) {
    CallBuffer buffer = CallBuffer.take();
    try {
      Layout.putTuple(buffer.bytes(), buffer.at(CallBuffer.KEY), tuple);
      inbound.delete(buffer);
      outbound.delete(buffer);
    } finally {
      buffer.give();
    }
  }

  private static Candidate read(CallBuffer buffer, int loopback) {
    ByteBuffer bytes = buffer.bytes();
    int at = buffer.at(CallBuffer.VALUE);
    int ifindex = bytes.getInt(at + Layout.CANDIDATE_IFINDEX);
    int synDirection = bytes.get(at + Layout.CANDIDATE_SYN_DIRECTION);
    int used = used(buffer);
    List<Packet> packets = new ArrayList<>(2 + used);
    if (bytes.getLong(at + Layout.CANDIDATE_SYN_TIME) != 0) {
      Packet syn = new Packet();
      syn.time = bytes.getLong(at + Layout.CANDIDATE_SYN_TIME);
      syn.seq = bytes.getInt(at + Layout.CANDIDATE_SYN_ISN);
      syn.flags = Packet.SYN;
      syn.direction = synDirection;
      syn.ifindex = ifindex;
      packets.add(syn);
    }
    if (bytes.getLong(at + Layout.CANDIDATE_SYNACK_TIME) != 0) {
      Packet synAck = new Packet();
      synAck.time = bytes.getLong(at + Layout.CANDIDATE_SYNACK_TIME);
      synAck.seq = bytes.getInt(at + Layout.CANDIDATE_SYNACK_ISN);
      synAck.ack = bytes.getInt(at + Layout.CANDIDATE_SYN_ISN) + 1;
      synAck.flags = Packet.SYN | Packet.ACK;
      int opposite = ifindex == loopback ? Packet.FROM_UPPER : Packet.FROM_UPPER | Packet.OUTGOING;
      synAck.direction = synDirection ^ opposite;
      synAck.ifindex = bytes.getInt(at + Layout.CANDIDATE_SYNACK_IFINDEX);
      packets.add(synAck);
    }
    for (int i = 0; i < used; i++) {
      packets.add(run(bytes, at + Layout.CANDIDATE_RUNS + i * Layout.RUN));
    }
    return new Candidate(
        bytes.get(at + Layout.CANDIDATE_OVERFLOW) != 0 || missing(buffer) != 0,
        bytes.getShort(at + Layout.CANDIDATE_SYNS) & 0xffff,
        bytes.getShort(at + Layout.CANDIDATE_SYNACKS) & 0xffff,
        bytes.getLong(at + Layout.CANDIDATE_ACK_TIME),
        packets);
  }

  private static Packet run(ByteBuffer bytes, int at) {
    Packet packet = new Packet();
    packet.time = bytes.getLong(at + Layout.RUN_TIME);
    packet.seq = bytes.getInt(at + Layout.RUN_SEQ);
    packet.ack = bytes.getInt(at + Layout.RUN_ACK);
    packet.payload = bytes.getInt(at + Layout.RUN_PAYLOAD);
    packet.ifindex = bytes.getInt(at + Layout.RUN_IFINDEX);
    packet.window = bytes.getShort(at + Layout.RUN_WINDOW) & 0xffff;
    packet.gsoSize = bytes.getShort(at + Layout.RUN_GSO_SIZE) & 0xffff;
    packet.gsoSegs = bytes.getInt(at + Layout.RUN_SEGMENTS);
    packet.flags = bytes.get(at + Layout.RUN_FLAGS) & 0xff;
    packet.direction = bytes.get(at + Layout.RUN_DIRECTION) & 0xff;
    return packet;
  }
}
