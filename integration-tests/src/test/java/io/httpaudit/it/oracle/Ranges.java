package io.httpaudit.it.oracle;

import java.util.Map;
import java.util.TreeMap;

/** A set of byte positions, kept as its ranges [from, to). */
final class Ranges {
  private final TreeMap<Long, Long> ranges = new TreeMap<>();

  void add(long from, long to) {
    if (from >= to) {
      return;
    }
    Map.Entry<Long, Long> before = ranges.floorEntry(from);
    if (before != null && before.getValue() >= from) {
      from = before.getKey();
      to = Math.max(to, before.getValue());
    }
    for (Map.Entry<Long, Long> next = ranges.ceilingEntry(from);
        next != null && next.getKey() <= to;
        next = ranges.ceilingEntry(from)) {
      to = Math.max(to, next.getValue());
      ranges.remove(next.getKey());
    }
    ranges.put(from, to);
  }

  boolean contains(long from, long to) {
    Map.Entry<Long, Long> before = ranges.floorEntry(from);
    return from >= to || before != null && before.getValue() >= to;
  }

  /** The end of what is here without a gap from {@code from} on. */
  long contiguousFrom(long from) {
    Map.Entry<Long, Long> before = ranges.floorEntry(from);
    return before == null ? from : Math.max(from, before.getValue());
  }
}
