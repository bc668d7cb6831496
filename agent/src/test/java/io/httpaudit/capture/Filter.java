package io.httpaudit.capture;

import io.httpaudit.correlate.Side;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import io.httpaudit.kernel.BpfMap;
import io.httpaudit.kernel.BpfObject;
import io.httpaudit.kernel.CallBuffer;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.kernel.RingBuffer;
import io.httpaudit.kernel.TestRun;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The compiled filter in the kernel, with maps and a ring of its own, attached to nothing; and all
 * that it leaves there.
 */
final class Filter implements AutoCloseable {
  /** A record of the ring, whole but for its time. */
  record Record(
      long flow,
      int seq,
      int ack,
      int payload,
      int lost,
      int ifindex,
      int window,
      int gsoSize,
      int gsoSegs,
      int flags,
      int direction) {}

  /** A run of a candidate, whole but for its time. */
  record Run(
      int seq,
      int ack,
      int payload,
      int segments,
      int ifindex,
      int window,
      int gsoSize,
      int flags,
      int direction,
      int packets) {}

  /** A candidate, whole but for its times; of these, in {@code marks}, only which are set. */
  record Kept(
      boolean inbound,
      String marks,
      int synIsn,
      int synAckIsn,
      int syns,
      int synAcks,
      int synDirection,
      int overflow,
      int ended,
      int ifindex,
      int synAckIfindex,
      int packets,
      List<Run> runs) {}

  final BpfObject object;
  final TestRun testRun;
  private final RingBuffer ring;
  private final Admissions admissions;
  private final Ports ports;

  /** Earliest and latest time that what was seen last may have. */
  private long from;

  private long to;
  private final List<Long> times = new ArrayList<>();

  Filter() throws KernelException {
    object = BpfObject.load(BpfObject.read());
    testRun = new TestRun(object);
    ring = new RingBuffer(object.map("ring"));
    admissions = new Admissions(object.map("admitted"));
    ports = new Ports(object.map("ports"));
  }

  void admit(Endpoint one, Endpoint other, long flow) {
    ports.use(one.port());
    if (admissions.claim(one, other, Side.CLIENT, flow) != flow) {
      throw new IllegalStateException("not admitted");
    }
  }

  void accept(Endpoint local, Endpoint peer, long flow) {
    ports.use(local.port());
    if (admissions.claim(local, peer, Side.SERVER, flow) != flow) {
      throw new IllegalStateException("not admitted");
    }
  }

  void withdraw(Endpoint one, Endpoint other) {
    ports.leave(one.port());
    admissions.end(FlowTuple.of(one, other), 1);
  }

  /** Takes what the ring holds, and looks at none of it. */
  void discard() {
    ring.drain((bytes, offset, length) -> {}, Integer.MAX_VALUE);
  }

  /** Records that the flow has lost; -1: it is not admitted. */
  long lost(Endpoint one, Endpoint other) {
    return admissions.lost(FlowTuple.of(one, other));
  }

  void listen(Endpoint at) throws KernelException {
    ports.use(at.port());
    CallBuffer buffer = CallBuffer.take();
    try {
      Layout.putEndpoint(buffer.bytes(), buffer.at(CallBuffer.KEY), at);
      buffer.bytes().put(buffer.at(CallBuffer.VALUE), (byte) 1);
      if (object.map("listening").update(buffer, BpfMap.BPF_ANY) != 0) {
        throw new IllegalStateException("not listening");
      }
    } finally {
      buffer.give();
    }
  }

  void unlisten(Endpoint at) throws KernelException {
    ports.leave(at.port());
    CallBuffer buffer = CallBuffer.take();
    try {
      Layout.putEndpoint(buffer.bytes(), buffer.at(CallBuffer.KEY), at);
      if (object.map("listening").delete(buffer) != 0) {
        throw new IllegalStateException("did not listen");
      }
    } finally {
      buffer.give();
    }
  }

  /** As if no SYN of this port had passed for long: for a port of which the JVM has nothing. */
  void lapse(int port) throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.bytes().putInt(buffer.at(CallBuffer.KEY), port);
      BpfMap map = object.map("ports");
      int until = buffer.at(CallBuffer.VALUE) + Layout.PORT_UNTIL;
      if (map.lookup(buffer) != 0 || buffer.bytes().getInt(until) == 0) {
        throw new IllegalStateException("nothing was expected there");
      }
      buffer.bytes().putInt(until, buffer.bytes().getInt(until) - 2 * 8192 | 1);
      if (map.update(buffer, BpfMap.BPF_ANY) != 0) {
        throw new IllegalStateException("the port can't be written");
      }
    } finally {
      buffer.give();
    }
  }

  /** As if an outgoing candidate had begun so many nanoseconds earlier. */
  void age(Endpoint one, Endpoint other, long nanos) throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      Layout.putTuple(buffer.bytes(), buffer.at(CallBuffer.KEY), FlowTuple.of(one, other));
      BpfMap map = object.map("outbound");
      int synTime = buffer.at(CallBuffer.VALUE) + Layout.CANDIDATE_SYN_TIME;
      if (map.lookup(buffer) != 0) {
        throw new IllegalStateException("no candidate");
      }
      buffer.bytes().putLong(synTime, buffer.bytes().getLong(synTime) - nanos);
      if (map.update(buffer, BpfMap.BPF_ANY) != 0) {
        throw new IllegalStateException("the candidate can't be written");
      }
    } finally {
      buffer.give();
    }
  }

  /** Runs the filter on frames, in this order, and returns what came by the ring. */
  List<Record> run(Frame... frames) {
    from = System.nanoTime();
    for (Frame frame : frames) {
      int result = tryRun(frame.bytes(), frame.ifindex, frame.gsoSize, frame.gsoSegs);
      if (result < 0) {
        throw new IllegalStateException("the kernel refuses the test run: errno " + -result);
      }
    }
    to = System.nanoTime();
    return records();
  }

  int tryRun(byte[] frame, int ifindex, int gsoSize, int gsoSegs) {
    return testRun.run(frame, ifindex, gsoSize, gsoSegs);
  }

  /** What the ring holds by now. */
  List<Record> records() {
    List<Record> records = new ArrayList<>();
    times.clear();
    Packet p = new Packet();
    ring.drain(
        (bytes, offset, length) -> {
          if (length != Layout.PACKET) {
            throw new IllegalStateException("a record of " + length + " bytes");
          }
          Layout.read(bytes, offset, p);
          times.add(p.time);
          records.add(
              new Record(
                  p.flow,
                  p.seq,
                  p.ack,
                  p.payload,
                  p.lost,
                  p.ifindex,
                  p.window,
                  p.gsoSize,
                  p.gsoSegs,
                  p.flags,
                  p.direction));
        },
        Integer.MAX_VALUE);
    return records;
  }

  /** Whether all records of the last run, and these times, lie within it. */
  boolean timed(long... others) {
    for (long time : others) {
      if (time < from || time > to) {
        return false;
      }
    }
    return times.stream().allMatch(time -> time >= from && time <= to);
  }

  long took() {
    return to - from;
  }

  long counter(int index) throws KernelException {
    CallBuffer buffer = object.map("counters").bufferForValues(8192);
    try {
      buffer.bytes().putInt(buffer.at(CallBuffer.KEY), index);
      object.map("counters").lookup(buffer);
      long sum = 0;
      for (int cpu = 0; cpu < Runtime.getRuntime().availableProcessors(); cpu++) {
        sum += buffer.bytes().getLong(buffer.at(CallBuffer.VALUE) + 8 * cpu);
      }
      return sum;
    } finally {
      buffer.give();
    }
  }

  Optional<Kept> candidate(Endpoint one, Endpoint other) throws KernelException {
    Optional<Kept> inbound = candidate("inbound", one, other);
    Optional<Kept> outbound = candidate("outbound", one, other);
    if (inbound.isPresent() && outbound.isPresent()) {
      throw new IllegalStateException("a candidate in both maps");
    }
    return inbound.isPresent() ? inbound : outbound;
  }

  private Optional<Kept> candidate(String map, Endpoint one, Endpoint other)
      throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      Layout.putTuple(buffer.bytes(), buffer.at(CallBuffer.KEY), FlowTuple.of(one, other));
      if (object.map(map).lookup(buffer) != 0) {
        return Optional.empty();
      }
      return Optional.of(kept(map.equals("inbound"), buffer.bytes(), buffer.at(CallBuffer.VALUE)));
    } finally {
      buffer.give();
    }
  }

  private static Kept kept(boolean inbound, ByteBuffer bytes, int at) {
    String marks = "";
    long before = 1;
    for (int i = 0; i < 3; i++) {
      long time = bytes.getLong(at + 8 * i);
      if (time != 0) {
        marks += new String[] {"syn ", "synack ", "ack "}[i];
        if (time < before) {
          throw new IllegalStateException("marks run backwards");
        }
        before = time;
      }
    }
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < bytes.get(at + Layout.CANDIDATE_RUNS_USED); i++) {
      runs.add(run(bytes, at + Layout.CANDIDATE_RUNS + i * Layout.RUN));
    }
    return new Kept(
        inbound,
        marks.trim(),
        bytes.getInt(at + Layout.CANDIDATE_SYN_ISN),
        bytes.getInt(at + Layout.CANDIDATE_SYNACK_ISN),
        bytes.getShort(at + Layout.CANDIDATE_SYNS),
        bytes.getShort(at + Layout.CANDIDATE_SYNACKS),
        bytes.get(at + Layout.CANDIDATE_SYN_DIRECTION),
        bytes.get(at + Layout.CANDIDATE_OVERFLOW),
        bytes.get(at + Layout.CANDIDATE_ENDED),
        bytes.getInt(at + Layout.CANDIDATE_IFINDEX),
        bytes.getInt(at + Layout.CANDIDATE_SYNACK_IFINDEX),
        bytes.getInt(at + Layout.CANDIDATE_PACKETS),
        runs);
  }

  private static Run run(ByteBuffer bytes, int at) {
    return new Run(
        bytes.getInt(at + Layout.RUN_SEQ),
        bytes.getInt(at + Layout.RUN_ACK),
        bytes.getInt(at + Layout.RUN_PAYLOAD),
        bytes.getInt(at + Layout.RUN_SEGMENTS),
        bytes.getInt(at + Layout.RUN_IFINDEX),
        bytes.getShort(at + Layout.RUN_WINDOW) & 0xffff,
        bytes.getShort(at + Layout.RUN_GSO_SIZE) & 0xffff,
        bytes.get(at + Layout.RUN_FLAGS) & 0xff,
        bytes.get(at + Layout.RUN_DIRECTION) & 0xff,
        bytes.getShort(at + Layout.RUN_PACKETS) & 0xffff);
  }

  @Override
  public void close() {
    ring.close();
    testRun.close();
    object.close();
  }
}
