package io.httpaudit.it.oracle;

import java.util.ArrayList;
import java.util.List;

/**
 * A byte range on the wire. Of times there are several only where there are several copies that may
 * count.
 */
final class Span {
  /** At least so many: the sizes of a large packet's segments aren't always in the capture. */
  int segments;

  int mostSegments;
  int retransmits;
  int mostRetransmits;

  /** When its first byte may count as on the wire, ascending in the capture's order. */
  final List<Long> first = new ArrayList<>();

  /** When all of its bytes may. */
  final List<Long> last = new ArrayList<>();

  boolean isCertain() {
    return first.size() == 1 && last.size() == 1;
  }
}
