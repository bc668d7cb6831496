package io.httpaudit.flow;

import java.util.Arrays;

/**
 * One direction of a TCP connection as an array of bytes: which of them were on the wire when, and
 * when the other end acknowledged them. Position 0 is the first byte after the SYN; positions are
 * 64 bits wide and don't wrap.
 *
 * <p>Sequence numbers are compared modulo 2^32 (RFC 9293, 3.4): a number stands for the position
 * nearest to the highest one seen, so a stream of any length works, if no packet is displaced by 2
 * GiB or more. Until the SYN is known, positions count from the first number seen, and {@link
 * #known} is false.
 *
 * <p>Records come nearly in the order of their times; one that is late is put where its time
 * belongs. Nothing is kept below {@link #trim}'s position. Times are nanoseconds of {@link
 * System#nanoTime()}. One thread.
 */
public final class Timeline {
  private static final long NO_FIN = Long.MIN_VALUE;

  /** No time: earlier than all. */
  static final long NEVER = Long.MAX_VALUE;

  private static final long[] NONE = {};

  /** Of segments: longs of one. */
  private static final int STRIDE = 3;

  /** Records that a new array has room for. */
  private static final int FIRST = 4;

  /**
   * Three longs a packet with data, in the order of time: position, time, length << 32 | bytes a
   * wire segment.
   */
  private long[] segments = NONE;

  private int segmentsUsed;

  /**
   * Two longs an acknowledgement that advanced: position << 1 | carries data, time. Both ascend.
   */
  private long[] acks = NONE;

  private int acksUsed;

  /** Sequence number of position 0. */
  private int base;

  private boolean started;
  private boolean known;
  private long contiguous;
  private long highest;
  private long acked;
  private long trimmed;
  private int holeFrom;

  /** From this segment on, each begins where all before it had ended, or behind. */
  private int orderedFrom;

  /** Null: no packet had a mark. An object of its own, since most connections wait long for it. */
  private Marks marks;

  private int ifindex;

  /** What packets are marked with: FIN, URG, RST (RFC 9293, 3.1). */
  private static final class Marks {
    /** {@link #NO_FIN}: none was seen. */
    long fin = NO_FIN;

    long finTime;

    /** {@link Long#MAX_VALUE}: none was seen. */
    long urgent = Long.MAX_VALUE;

    /** When; 0: none was seen. */
    long reset;
  }

  /** Whether the SYN, and so what positions mean, is known. */
  public boolean known() {
    return known;
  }

  /** The interface whose packets count; 0: no packet yet. */
  public int ifindex() {
    return ifindex;
  }

  void ifindex(int index) {
    ifindex = index;
  }

  /** Every byte below was seen (or lies below {@link #trimmed}). */
  public long contiguous() {
    return contiguous;
  }

  /** Position behind the highest byte seen. */
  public long highest() {
    return highest;
  }

  /** Position up to which the other end acknowledged; the FIN counts as one byte. */
  public long acked() {
    return acked;
  }

  /** Below this position nothing is kept. */
  public long trimmed() {
    return trimmed;
  }

  /** Position of the FIN, which is behind the last byte; -1: none seen. */
  public long fin() {
    return hasFin() ? marks.fin : -1;
  }

  /** When the FIN was first seen. */
  public long finTime() {
    return marks == null ? 0 : marks.finTime;
  }

  public boolean finAcked() {
    return hasFin() && acked > marks.fin;
  }

  /**
   * Below this position no byte is urgent (RFC 9293, 3.8.5). One that is takes a position, but who
   * reads may get it apart from the others, or never. {@link Long#MAX_VALUE}: none was seen.
   */
  public long urgent() {
    return marks == null ? Long.MAX_VALUE : marks.urgent;
  }

  /** A packet that begins at {@code position} says that an urgent byte is in it, or follows. */
  void urgent(long position) {
    marks().urgent = Math.min(urgent(), position);
  }

  /** When the first RST of this direction was seen, 0: none. */
  long resetTime() {
    return marks == null ? 0 : marks.reset;
  }

  /** An RST was seen. */
  void reset(long time) {
    if (resetTime() == 0 || time < resetTime()) {
      marks().reset = time;
    }
  }

  private Marks marks() {
    if (marks == null) {
      marks = new Marks();
    }
    return marks;
  }

  /** Records kept: what memory depends on. */
  public int records() {
    return segmentsUsed + acksUsed;
  }

  /**
   * The SYN's sequence number.
   *
   * @return false: another one is known already, so this SYN belongs to another connection
   */
  boolean isn(int isn) {
    int first = isn + 1;
    if (known) {
      return first == base;
    }
    known = true;
    if (started) {
      shift(base - first);
    }
    started = true;
    base = first;
    return true;
  }

  private void shift(long by) {
    for (int i = 0; i < segmentsUsed; i++) {
      segments[STRIDE * i] += by;
    }
    for (int i = 0; i < acksUsed; i++) {
      acks[2 * i] += by << 1;
    }
    if (hasFin()) {
      marks.fin += by;
    }
    if (urgent() != Long.MAX_VALUE) {
      marks.urgent += by;
    }
    highest = 0;
    for (int i = 0; i < segmentsUsed; i++) {
      highest = Math.max(highest, segments[STRIDE * i] + (segments[STRIDE * i + 2] >>> 32));
    }
    acked = acksUsed == 0 ? 0 : Math.max(0, acks[2 * acksUsed - 2] >> 1);
    contiguous = 0;
    holeFrom = 0;
    absorb();
  }

  /** The position that a sequence number stands for. */
  long position(int seq) {
    if (!started) {
      started = true;
      base = seq;
    }
    return highest + (seq - (base + (int) highest));
  }

  /**
   * A packet's payload.
   *
   * @param wireSegment payload bytes of each wire segment but the last; 0: one segment
   */
  void data(long position, int length, int wireSegment, long time) {
    if (position < 0 && known) {
      // A probe before the first byte carries a byte that is none of the stream's.
      length += (int) position;
      position = 0;
    }
    long end = position + length;
    if (length <= 0 || end <= trimmed && known) {
      return;
    }
    if (STRIDE * (segmentsUsed + 1) > segments.length) {
      segments = Arrays.copyOf(segments, Math.max(STRIDE * FIRST, segments.length * 2));
    }
    int at = segmentsUsed;
    while (at > 0 && segments[STRIDE * (at - 1) + 1] > time) {
      at--;
    }
    if (at < segmentsUsed) {
      System.arraycopy(
          segments, STRIDE * at, segments, STRIDE * (at + 1), STRIDE * (segmentsUsed - at));
      holeFrom = Math.min(holeFrom, at);
    }
    segmentsUsed++;
    segments[STRIDE * at] = position;
    segments[STRIDE * at + 1] = time;
    segments[STRIDE * at + 2] = (long) length << 32 | wireSegment;
    if (at + 1 < segmentsUsed || position < highest) {
      orderedFrom = segmentsUsed;
    }
    if (contiguous == highest) {
      holeFrom = at;
    }
    highest = Math.max(highest, end);
    if (position <= contiguous && end > contiguous) {
      contiguous = end;
      absorb();
    }
  }

  /** Moves {@link #contiguous} over what came out of order. */
  private void absorb() {
    boolean moved = contiguous < highest;
    while (moved) {
      moved = false;
      for (int i = holeFrom; i < segmentsUsed; i++) {
        long position = segments[STRIDE * i];
        long end = position + (segments[STRIDE * i + 2] >>> 32);
        if (position <= contiguous && end > contiguous) {
          contiguous = end;
          moved = true;
        }
      }
    }
  }

  /** The other end acknowledged all below {@code position}. */
  void ack(long position, boolean carriesData, long time) {
    if (position <= trimmed && known) {
      acked = Math.max(acked, position);
      return;
    }
    int at = acksUsed;
    while (at > 0 && acks[2 * at - 1] > time) {
      at--;
    }
    long before = at > 0 ? acks[2 * at - 2] >> 1 : Long.MIN_VALUE;
    if (position <= before || acksUsed == 0 && position <= acked && known) {
      return;
    }
    int behind = at;
    while (behind < acksUsed && acks[2 * behind] >> 1 <= position) {
      behind++;
    }
    if (2 * (acksUsed + 1) > acks.length) {
      acks = Arrays.copyOf(acks, Math.max(2 * FIRST, acks.length * 2));
    }
    System.arraycopy(acks, 2 * behind, acks, 2 * at + 2, 2 * (acksUsed - behind));
    acksUsed += 1 - (behind - at);
    acks[2 * at] = position << 1 | (carriesData ? 1 : 0);
    acks[2 * at + 1] = time;
    acked = Math.max(acked, position);
  }

  void fin(long position, long time) {
    if (!hasFin() || position < marks.fin) {
      marks().fin = position;
      marks().finTime = time;
    }
  }

  /**
   * Index of the first acknowledgement that covers the byte at {@code position}; {@code acksUsed}:
   * none.
   */
  private int ackIndex(long position) {
    int low = 0;
    int high = acksUsed;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (acks[2 * middle] >> 1 > position) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /**
   * When the byte at {@code position} was first acknowledged; {@link Long#MAX_VALUE}: not, or it is
   * trimmed.
   */
  public long ackTime(long position) {
    int i = ackIndex(position);
    return i < acksUsed ? acks[2 * i + 1] : NEVER;
  }

  /** Whether the packet that first acknowledged the byte at {@code position} carried data. */
  public boolean ackCarriesData(long position) {
    int i = ackIndex(position);
    return i < acksUsed && (acks[2 * i] & 1) != 0;
  }

  /** Whether every byte of [from, to) was seen. */
  public boolean covered(long from, long to) {
    if (!known || from < trimmed && from < to) {
      return false;
    }
    return contiguous >= to || highest >= to && contiguousFrom(from) >= to;
  }

  /** The end of what was seen without a gap from {@code from} on. */
  public long contiguousFrom(long from) {
    if (from <= contiguous) {
      return contiguous;
    }
    Intervals seen = new Intervals();
    for (int i = 0; i < segmentsUsed; i++) {
      long position = segments[STRIDE * i];
      seen.add(position, position + (segments[STRIDE * i + 2] >>> 32));
    }
    return seen.contiguousFrom(from);
  }

  /**
   * Measures [from, to), which must not begin below {@link #trimmed}, of bytes that this host
   * sends: a byte was on the wire with its first copy.
   */
  public void measureSent(long from, long to, RangeFacts facts) {
    measure(from, to, false, 0, 0, facts);
  }

  /**
   * Measures [from, to) of bytes that arrive: a byte was on the wire with the last copy seen before
   * the earlier of this host's first acknowledgement that covers it, and the application's read of
   * it; if none was (times inverted), with its first copy.
   *
   * @param readFirst when the application had read the first byte, {@link Long#MAX_VALUE}: not
   * @param readAll when it had read all, {@link Long#MAX_VALUE}: not
   */
  public void measureArrived(long from, long to, long readFirst, long readAll, RangeFacts facts) {
    measure(from, to, true, Math.min(readFirst, readAll), readAll, facts);
  }

  private void measure(
      long from, long to, boolean arrival, long readFirst, long readAll, RangeFacts facts) {
    facts.clear();
    if (!known) {
      return;
    }
    if (from >= to) {
      facts.covered = true;
      return;
    }
    Intervals before = facts.before;
    before.add(Long.MIN_VALUE, trimmed);
    long top = trimmed;
    long firstLimit = arrival ? Math.min(ackTime(from), readFirst) : Long.MIN_VALUE;
    long last = Long.MIN_VALUE;
    for (int i = 0; i < segmentsUsed; i++) {
      long start = segments[STRIDE * i];
      long time = segments[STRIDE * i + 1];
      int length = (int) (segments[STRIDE * i + 2] >>> 32);
      int unit = (int) segments[STRIDE * i + 2];
      long end = start + length;
      if (start >= to && i >= orderedFrom) {
        break;
      }
      if (start < to && end > from) {
        long a = Math.max(start, from);
        long b = Math.min(end, to);
        if (a == from && (!facts.seen || time <= firstLimit)) {
          facts.seen = true;
          facts.first = time;
        }
        boolean fresh = start >= top;
        if (fresh || !before.contains(a, b)) {
          last = Math.max(last, time);
        } else if (arrival
            && time <= Math.min(ackTime(b - 1), b - 1 == from ? readFirst : readAll)) {
          last = Math.max(last, time);
        }
        if (fresh) {
          facts.segments +=
              unit == 0 || unit >= length ? 1 : (b - 1 - start) / unit - (a - start) / unit + 1;
        } else {
          count(start, end, unit == 0 ? length : unit, from, to, top, facts);
        }
      }
      before.add(start, end);
      top = Math.max(top, end);
    }
    facts.covered = before.contains(from, to);
    facts.last = last;
  }

  /** Counts the wire segments of a packet that begins below what was seen before. */
  private static void count(
      long start, long end, int unit, long from, long to, long top, RangeFacts facts) {
    for (long a = start; a < end; a += unit) {
      long b = Math.min(end, a + unit);
      if (a < to && b > from) {
        facts.segments++;
        if (facts.before.contains(a, b)) {
          facts.retransmits++;
        } else if (a < top && !facts.before.contains(a, Math.min(b, top))) {
          facts.outOfOrder++;
        }
      }
    }
  }

  /**
   * Forgets what lies wholly below {@code position}: no range that begins below it will be asked
   * for.
   */
  public void trim(long position) {
    if (position <= trimmed || !known) {
      return;
    }
    trimmed = position;
    int kept = 0;
    int ordered = 0;
    for (int i = 0; i < segmentsUsed; i++) {
      if (i >= orderedFrom && segments[STRIDE * i] >= position) {
        // And so do all that follow.
        System.arraycopy(
            segments, STRIDE * i, segments, STRIDE * kept, STRIDE * (segmentsUsed - i));
        kept += segmentsUsed - i;
        break;
      }
      if (segments[STRIDE * i] + (segments[STRIDE * i + 2] >>> 32) > position) {
        if (kept < i) {
          System.arraycopy(segments, STRIDE * i, segments, STRIDE * kept, STRIDE);
        }
        kept++;
        ordered = i < orderedFrom ? kept : ordered;
      }
    }
    segmentsUsed = kept;
    orderedFrom = ordered;
    if (segmentsUsed == 0) {
      segments = NONE;
    }
    dropAcks(ackIndex(position));
    holeFrom = 0;
    highest = Math.max(highest, position);
    if (contiguous < position) {
      contiguous = position;
      absorb();
    }
  }

  /**
   * Forgets all but how far the stream went: what was seen without a gap, and what was acknowledged
   * by the time {@code before}, since no copy of that follows which matters.
   *
   * @return false: bytes were forgotten that were acknowledged and never seen
   */
  boolean settle(long before) {
    trim(contiguous);
    int settled = ackedBy(before);
    if (settled == 0) {
      return true;
    }
    long position = Math.min(acks[2 * settled - 2] >> 1, highest);
    boolean seen = position <= contiguous;
    trim(position);
    // What is acknowledged above the highest byte seen would else be kept until that is passed.
    dropAcks(ackedBy(before));
    return seen;
  }

  /**
   * Forgets what came before {@code time}: the handshake came then, so that was another
   * connection's, on the same tuple. Before anything is trimmed.
   *
   * @param bytes whether data, too
   */
  void beginAt(long time, boolean bytes) {
    int first = ackedBy(time - 1);
    if (first > 0) {
      dropAcks(first);
      acked = acksUsed == 0 ? 0 : Math.max(0, acks[2 * acksUsed - 2] >> 1);
    }
    int old = 0;
    while (bytes && old < segmentsUsed && segments[STRIDE * old + 1] < time) {
      old++;
    }
    if (old > 0) {
      segmentsUsed -= old;
      System.arraycopy(segments, STRIDE * old, segments, 0, STRIDE * segmentsUsed);
      orderedFrom = segmentsUsed;
      shift(0);
    }
    if (marks != null && marks.finTime < time) {
      noFin();
    }
    if (marks != null && marks.reset < time) {
      marks.reset = 0;
    }
  }

  /** How many of the acknowledgements, which ascend in time, came by {@code time}. */
  private int ackedBy(long time) {
    int count = acksUsed;
    while (count > 0 && acks[2 * count - 1] > time) {
      count--;
    }
    return count;
  }

  private void dropAcks(int first) {
    System.arraycopy(acks, 2 * first, acks, 0, 2 * (acksUsed - first));
    acksUsed -= first;
    // An idle connection keeps nothing.
    if (acksUsed == 0) {
      acks = NONE;
    }
  }

  /** Forgets all records; what was seen stays seen. */
  void forget() {
    trim(highest);
    segments = NONE;
    segmentsUsed = 0;
    orderedFrom = 0;
    holeFrom = 0;
    dropAcks(acksUsed);
  }

  /** Drops what another interface showed; the meaning of positions stays. */
  void restart() {
    segmentsUsed = 0;
    orderedFrom = 0;
    acksUsed = 0;
    contiguous = trimmed;
    holeFrom = 0;
    noFin();
  }

  private void noFin() {
    if (marks != null) {
      marks.fin = NO_FIN;
      marks.finTime = 0;
    }
  }

  private boolean hasFin() {
    return marks != null && marks.fin != NO_FIN;
  }
}
