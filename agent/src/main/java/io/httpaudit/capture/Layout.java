package io.httpaudit.capture;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import java.nio.ByteBuffer;

/**
 * What crosses from the kernel to the JVM, and back, byte for byte: bpf/httpaudit.h in Java. A test
 * compares each size and offset with the compiled object's BTF. Little-endian, but for addresses,
 * which are as on the wire.
 */
final class Layout {
  /** struct endpoint. */
  static final int ENDPOINT_ADDRESS = 0;

  static final int ENDPOINT_PORT = 16;
  static final int ENDPOINT_ZERO = 18;
  static final int ENDPOINT = 20;

  /** struct tuple. */
  static final int TUPLE_LOWER = 0;

  static final int TUPLE_UPPER = 20;
  static final int TUPLE = 40;

  /** struct packet. */
  static final int PACKET_TIME = 0;

  static final int PACKET_FLOW = 8;
  static final int PACKET_SEQ = 16;
  static final int PACKET_ACK = 20;
  static final int PACKET_PAYLOAD = 24;
  static final int PACKET_LOST = 28;
  static final int PACKET_IFINDEX = 32;
  static final int PACKET_WINDOW = 36;
  static final int PACKET_GSO_SIZE = 38;
  static final int PACKET_GSO_SEGS = 40;
  static final int PACKET_FLAGS = 42;
  static final int PACKET_DIRECTION = 43;
  static final int PACKET = 48;

  /** struct run. */
  static final int RUN_TIME = 0;

  static final int RUN_SEQ = 8;
  static final int RUN_ACK = 12;
  static final int RUN_PAYLOAD = 16;
  static final int RUN_SEGMENTS = 20;
  static final int RUN_IFINDEX = 24;
  static final int RUN_WINDOW = 28;
  static final int RUN_GSO_SIZE = 30;
  static final int RUN_FLAGS = 32;
  static final int RUN_DIRECTION = 33;
  static final int RUN_PACKETS = 34;
  static final int RUN = 40;

  /** struct candidate. */
  static final int CANDIDATE_SYN_TIME = 0;

  static final int CANDIDATE_SYNACK_TIME = 8;
  static final int CANDIDATE_ACK_TIME = 16;
  static final int CANDIDATE_SYN_ISN = 24;
  static final int CANDIDATE_SYNACK_ISN = 28;
  static final int CANDIDATE_SYNS = 32;
  static final int CANDIDATE_SYNACKS = 34;
  static final int CANDIDATE_SYN_DIRECTION = 36;
  static final int CANDIDATE_OVERFLOW = 37;
  static final int CANDIDATE_RUNS_USED = 38;
  static final int CANDIDATE_ENDED = 39;
  static final int CANDIDATE_IFINDEX = 40;
  static final int CANDIDATE_PACKETS = 44;
  static final int CANDIDATE_SYNACK_IFINDEX = 48;
  static final int CANDIDATE_RUNS = 56;
  static final int CANDIDATE_RUNS_MOST = 16;
  static final int CANDIDATE = CANDIDATE_RUNS + CANDIDATE_RUNS_MOST * RUN;

  /** struct admitted. */
  static final int ADMITTED_FLOW = 0;

  static final int ADMITTED_LOST = 8;
  static final int ADMITTED_FIN = 12;
  static final int ADMITTED_FIN_SEEN = 20;
  static final int ADMITTED_FIN_ACKED = 21;
  static final int ADMITTED = 24;

  /** struct port. */
  static final int PORT_FLOWS = 0;

  static final int PORT_UNTIL = 4;
  static final int PORT = 8;

  /** enum counter. */
  static final int PACKETS = 0;

  static final int RECORDS = 1;
  static final int RECORDS_LOST = 2;
  static final int COUNTERS = 6;

  /**
   * In an admission's {@code flow}: the server's end claimed it first. So whoever finds an entry
   * knows whether it is the other end's, to be joined, or an old one of its own, without a table.
   */
  static final long CLAIMED_BY_SERVER = 1L << 62;

  private Layout() {}

  static void putEndpoint(ByteBuffer bytes, int at, Endpoint endpoint) {
    bytes.putLong(at + ENDPOINT_ADDRESS, Long.reverseBytes(endpoint.high()));
    bytes.putLong(at + ENDPOINT_ADDRESS + 8, Long.reverseBytes(endpoint.low()));
    bytes.putInt(at + ENDPOINT_PORT, endpoint.port());
  }

  /** {@code endpoint} and {@code zero} by one int of a port below 65536. */
  static void putTuple(ByteBuffer bytes, int at, Endpoint lower, Endpoint upper) {
    putEndpoint(bytes, at + TUPLE_LOWER, lower);
    putEndpoint(bytes, at + TUPLE_UPPER, upper);
  }

  static void putTuple(ByteBuffer bytes, int at, FlowTuple tuple) {
    putTuple(bytes, at, tuple.lower(), tuple.upper());
  }

  static void read(ByteBuffer bytes, int at, Packet packet) {
    packet.time = bytes.getLong(at + PACKET_TIME);
    packet.flow = bytes.getLong(at + PACKET_FLOW) & ~CLAIMED_BY_SERVER;
    packet.seq = bytes.getInt(at + PACKET_SEQ);
    packet.ack = bytes.getInt(at + PACKET_ACK);
    packet.payload = bytes.getInt(at + PACKET_PAYLOAD);
    packet.lost = bytes.getInt(at + PACKET_LOST);
    packet.ifindex = bytes.getInt(at + PACKET_IFINDEX);
    packet.window = bytes.getShort(at + PACKET_WINDOW) & 0xffff;
    packet.gsoSize = bytes.getShort(at + PACKET_GSO_SIZE) & 0xffff;
    packet.gsoSegs = bytes.getShort(at + PACKET_GSO_SEGS) & 0xffff;
    packet.flags = bytes.get(at + PACKET_FLAGS) & 0xff;
    packet.direction = bytes.get(at + PACKET_DIRECTION) & 0xff;
  }
}
