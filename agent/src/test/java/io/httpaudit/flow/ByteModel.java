package io.httpaudit.flow;

import java.util.ArrayList;
import java.util.List;

/**
 * The oracle: for every byte of a stream, the list of its copies. Slow, and shares nothing with
 * {@link Timeline}: no intervals, no sequence numbers, no trimming.
 */
final class ByteModel {
  record Ack(long time, long position, boolean data) {}

  private final List<List<Long>> copies = new ArrayList<>();
  private final List<Ack> acks = new ArrayList<>();

  /**
   * Wire segments in order: from, to, whether all bytes were seen before, whether it filled a hole.
   */
  private final List<long[]> segments = new ArrayList<>();

  ByteModel(int length) {
    for (int i = 0; i < length; i++) {
      copies.add(new ArrayList<>());
    }
  }

  void data(int from, int length, int unit, long time) {
    for (int a = from; a < from + length; a += unit == 0 ? length : unit) {
      int b = Math.min(from + length, unit == 0 ? from + length : a + unit);
      int top = -1;
      for (int i = 0; i < copies.size(); i++) {
        top = copies.get(i).isEmpty() ? top : i;
      }
      boolean all = true;
      boolean fills = false;
      for (int i = Math.max(0, a); i < b; i++) {
        all &= !copies.get(i).isEmpty();
        fills |= copies.get(i).isEmpty() && i < top;
      }
      segments.add(new long[] {a, b, all ? 1 : 0, fills ? 1 : 0});
      for (int i = Math.max(0, a); i < b; i++) {
        copies.get(i).add(time);
      }
    }
  }

  void ack(long position, boolean data, long time) {
    acks.add(new Ack(time, position, data));
  }

  boolean covered(int from, int to) {
    return copies.subList(from, to).stream().noneMatch(List::isEmpty);
  }

  long sent(int at) {
    return copies.get(at).get(0);
  }

  long ackTime(int at) {
    return acks.stream()
        .filter(a -> a.position() > at)
        .findFirst()
        .map(Ack::time)
        .orElse(Long.MAX_VALUE);
  }

  boolean ackData(int at) {
    return acks.stream().filter(a -> a.position() > at).findFirst().map(Ack::data).orElse(false);
  }

  long arrived(int at, long read) {
    long limit = Math.min(ackTime(at), read);
    long found = sent(at);
    for (long time : copies.get(at)) {
      found = time <= limit ? time : found;
    }
    return found;
  }

  long segments(int from, int to) {
    return segments.stream().filter(s -> s[0] < to && s[1] > from).count();
  }

  long retransmits(int from, int to) {
    return segments.stream().filter(s -> s[0] < to && s[1] > from && s[2] == 1).count();
  }

  long outOfOrder(int from, int to) {
    return segments.stream()
        .filter(s -> s[0] < to && s[1] > from && s[3] == 1 && s[2] == 0)
        .count();
  }
}
