package io.httpaudit.capture;

import io.httpaudit.kernel.Netlink;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Interfaces' names by index, also of those that are gone: packets that were seen on one are told
 * of later. One thread reads links; any thread asks.
 */
final class LinkNames {
  /** Beyond it, only those are remembered that are there. */
  static final int MOST = 4096;

  private final Map<Integer, String> names = new ConcurrentHashMap<>();

  void read(List<Netlink.Link> links) {
    for (Netlink.Link link : links) {
      names.put(link.index(), link.name());
    }
    if (names.size() > MOST) {
      Set<Integer> present = new HashSet<>();
      for (Netlink.Link link : links) {
        present.add(link.index());
      }
      names.keySet().retainAll(present);
    }
  }

  /** Empty: not known (any more). */
  String of(int ifindex) {
    String name = names.get(ifindex);
    return name == null ? "" : name;
  }
}
