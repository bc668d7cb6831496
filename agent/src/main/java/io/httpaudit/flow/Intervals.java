package io.httpaudit.flow;

import java.util.Arrays;

/** A set of stream positions, as disjoint ascending intervals that don't touch. One thread. */
final class Intervals {
  /** Pairs [from, to). */
  private long[] edges = new long[8];

  private int used;

  void clear() {
    used = 0;
  }

  boolean contains(long from, long to) {
    if (from >= to) {
      return true;
    }
    int i = upTo(from);
    return i >= 0 && edges[2 * i + 1] >= to;
  }

  /** The end of what is contained without a gap from {@code from} on. */
  long contiguousFrom(long from) {
    int i = upTo(from);
    return i >= 0 && edges[2 * i + 1] > from ? edges[2 * i + 1] : from;
  }

  void add(long from, long to) {
    if (from >= to) {
      return;
    }
    int first = upTo(from);
    // Whatever touches the new interval is swallowed by it.
    if (first < 0 || edges[2 * first + 1] < from) {
      first++;
    }
    int behind = first;
    while (behind < used && edges[2 * behind] <= to) {
      from = Math.min(from, edges[2 * behind]);
      to = Math.max(to, edges[2 * behind + 1]);
      behind++;
    }
    int removed = behind - first;
    if (removed != 1) {
      if (used + 1 - removed > edges.length / 2) {
        edges = Arrays.copyOf(edges, edges.length * 2);
      }
      System.arraycopy(edges, 2 * behind, edges, 2 * first + 2, 2 * (used - behind));
      used += 1 - removed;
    }
    edges[2 * first] = from;
    edges[2 * first + 1] = to;
  }

  /** Index of the last interval that begins at or below {@code position}, -1: none. */
  private int upTo(long position) {
    int low = 0;
    int high = used - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (edges[2 * middle] <= position) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return high;
  }
}
