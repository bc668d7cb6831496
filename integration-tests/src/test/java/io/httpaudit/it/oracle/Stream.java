package io.httpaudit.it.oracle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One direction of a connection as tcpdump saw it: its bytes, and which packets carried and
 * acknowledged them. Position 0 is the first byte after the SYN.
 */
final class Stream {
  /**
   * A packet with payload: [from, to). {@code order} is its place in the capture, {@code units} the
   * sizes that its segments may have; {@code repeats} tells of each segment of the first of these
   * sizes whether all of it had been seen before.
   */
  private record Copy(
      long from,
      long to,
      int[] units,
      long time,
      long order,
      boolean[] repeats,
      boolean overlaps) {}

  /** The first packet that acknowledged all below {@code position}. */
  private record Ack(long position, long time, long order, boolean carriesData) {}

  private final List<Copy> copies = new ArrayList<>();
  private final List<Ack> acks = new ArrayList<>();
  private final Ranges seen = new Ranges();
  private byte[] bytes = new byte[1024];
  private long highest;
  private boolean known;
  private int first;
  private long fin = -1;
  private long finOrder = Long.MAX_VALUE;

  /** Per copy: the highest end up to it, and the lowest start from it on. */
  private long[] highestEnd;

  private long[] lowestStart;

  boolean isKnown() {
    return known;
  }

  void syn(int sequence) {
    if (!known) {
      known = true;
      first = sequence + 1;
    }
  }

  /** The position nearest to the highest seen: sequence numbers are modulo 2^32. */
  long position(int sequence) {
    return highest + (sequence - (first + (int) highest));
  }

  /**
   * @param units the sizes, but the last's, that the packet's wire segments may have
   */
  void payload(long position, byte[] payload, int[] units, long time, long order) {
    int skip = (int) Math.min(payload.length, Math.max(0, -position));
    long from = position + skip;
    long to = position + payload.length;
    if (from >= to) {
      return;
    }
    int unit = units[0];
    boolean overlaps = from < highest;
    boolean[] repeats = new boolean[(int) ((to - from + unit - 1) / unit)];
    for (int i = 0; i < repeats.length; i++) {
      repeats[i] =
          seen.contains(from + (long) i * unit, Math.min(to, from + (long) (i + 1) * unit));
    }
    if (to > bytes.length) {
      bytes =
          Arrays.copyOf(
              bytes, (int) Math.max(to, Math.min(Integer.MAX_VALUE - 8, 2L * bytes.length)));
    }
    System.arraycopy(payload, skip, bytes, (int) from, payload.length - skip);
    copies.add(new Copy(from, to, units, time, order, repeats, overlaps));
    seen.add(from, to);
    highest = Math.max(highest, to);
  }

  void fin(long position, long order) {
    if (fin < 0) {
      fin = position;
      finOrder = order;
    }
  }

  /** Where the bytes end that are in the capture before a place. */
  long lengthBefore(long order) {
    return copies.stream().filter(c -> c.order() < order).mapToLong(Copy::to).max().orElse(0);
  }

  /** The FIN's place in the capture; beyond all without one. */
  long finOrder() {
    return finOrder;
  }

  void acknowledged(long position, long time, long order, boolean carriesData) {
    if (acks.isEmpty() || acks.get(acks.size() - 1).position() < position) {
      acks.add(new Ack(position, time, order, carriesData));
    }
  }

  void done() {
    int n = copies.size();
    highestEnd = new long[n];
    lowestStart = new long[n];
    for (int i = 0; i < n; i++) {
      highestEnd[i] = Math.max(i == 0 ? 0 : highestEnd[i - 1], copies.get(i).to());
    }
    for (int i = n - 1; i >= 0; i--) {
      lowestStart[i] =
          Math.min(i == n - 1 ? Long.MAX_VALUE : lowestStart[i + 1], copies.get(i).from());
    }
  }

  byte[] bytes() {
    return bytes;
  }

  /** Every byte below was on the wire. */
  int length() {
    return (int) seen.contiguousFrom(0);
  }

  /** Whether the sender has said that no byte follows those that were on the wire. */
  boolean isEnded() {
    return fin == length();
  }

  boolean hasFin() {
    return fin >= 0;
  }

  boolean isAcknowledged(long to) {
    return !acks.isEmpty() && acks.get(acks.size() - 1).position() >= to;
  }

  /** The first acknowledgement that covers the byte at {@code position}; null: none. */
  private Ack covering(long position) {
    int low = 0;
    int high = acks.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (acks.get(middle).position() > position) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low < acks.size() ? acks.get(low) : null;
  }

  /** The first copy behind which all that lies below {@code position} has been sent once. */
  private int firstReaching(long position) {
    int low = 0;
    int high = highestEnd.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (highestEnd[middle] > position) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /**
   * When, and in how many segments, [from, to) was on the wire; all of it must have been.
   *
   * @param arrives seen at the receiver's interface: then a byte counts with the last copy before
   *     the earlier of its first acknowledgement and its being read. The reading is in no capture,
   *     so each earlier copy is as good where there are several.
   */
  Span span(long from, long to, boolean arrives) {
    return span(from, to, arrives, Long.MAX_VALUE);
  }

  /**
   * @param closing the place in the capture of the packet behind which the exchange may be final:
   *     copies behind it may count
   */
  Span span(long from, long to, boolean arrives, long closing) {
    Span span = new Span();
    Ranges fresh = new Ranges();
    Ack firstAck = arrives ? covering(from) : null;
    List<Long> later = new ArrayList<>();
    long last = Long.MIN_VALUE;
    for (int i = firstReaching(from); i < copies.size() && lowestStart[i] < to; i++) {
      Copy c = copies.get(i);
      if (c.from() >= to || c.to() <= from) {
        continue;
      }
      long a = Math.max(from, c.from());
      long b = Math.min(to, c.to());
      count(c, a, b, span, c.order() > closing && fresh.contains(from, to));
      if (a == from && (span.first.isEmpty() || arrives && before(c, firstAck))) {
        span.first.add(c.time());
      }
      if (!fresh.contains(a, b)) {
        last = Math.max(last, c.time());
        fresh.add(a, b);
      } else if (arrives && before(c, covering(b - 1))) {
        later.add(c.time());
      }
    }
    span.last.add(last);
    for (long time : later) {
      if (time > last) {
        span.last.add(time);
      }
    }
    return span;
  }

  /**
   * The place in the capture of the packet that first acknowledged the byte before {@code to}; none
   * did: behind all.
   */
  long acknowledgedBy(long to) {
    Ack ack = covering(to - 1);
    return ack == null ? Long.MAX_VALUE : ack.order();
  }

  /** The place in the capture of the packet with which all of [from, to) had been on the wire. */
  long completedBy(long from, long to) {
    Ranges fresh = new Ranges();
    for (int i = firstReaching(from); i < copies.size() && lowestStart[i] < to; i++) {
      fresh.add(copies.get(i).from(), copies.get(i).to());
      if (fresh.contains(from, to)) {
        return copies.get(i).order();
      }
    }
    return Long.MAX_VALUE;
  }

  /**
   * Counts the segments of a packet that hold a byte of [a, b); {@code late}: it may have come too
   * late to be counted.
   */
  private static void count(Copy c, long a, long b, Span span, boolean late) {
    int segments = span.segments;
    int retransmits = span.retransmits;
    count(c, a, b, span);
    if (late) {
      span.segments = segments;
      span.retransmits = retransmits;
    }
  }

  private static void count(Copy c, long a, long b, Span span) {
    int fewest = Integer.MAX_VALUE;
    int most = 0;
    for (int unit : c.units()) {
      int segments = (int) ((b - 1 - c.from()) / unit - (a - c.from()) / unit + 1);
      fewest = Math.min(fewest, segments);
      most = Math.max(most, segments);
    }
    span.segments += fewest;
    span.mostSegments += most;
    if (c.units().length == 1) {
      for (int s = (int) ((a - c.from()) / c.units()[0]);
          s <= (b - 1 - c.from()) / c.units()[0];
          s++) {
        span.retransmits += c.repeats()[s] ? 1 : 0;
        span.mostRetransmits += c.repeats()[s] ? 1 : 0;
      }
    } else if (c.overlaps()) {
      span.mostRetransmits += most;
    }
  }

  private static boolean before(Copy copy, Ack ack) {
    return ack == null || copy.order() < ack.order() || copy.time() <= ack.time();
  }
}
