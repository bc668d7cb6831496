package io.httpaudit.it.chain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What was found, by the kind of link, and the first of each fault in words. */
final class Tally {
  private static final int TOLD = 40;

  private static final class Counts {
    private long links;
    private long crossed;
    private long broken;
    private long unknown;
  }

  private final Map<String, Counts> kinds = new TreeMap<>();
  private final List<String> faults = new ArrayList<>();
  private long crossed;
  private long broken;
  private long missing;

  private Counts of(String kind) {
    return kinds.computeIfAbsent(kind, k -> new Counts());
  }

  void link(String kind) {
    of(kind).links++;
  }

  /** A root where that may be. */
  void unknown(String kind) {
    of(kind).unknown++;
  }

  void crossed(String kind, String how) {
    of(kind).crossed++;
    crossed++;
    tell("crossed", kind, how);
  }

  void broken(String kind, String how) {
    of(kind).broken++;
    broken++;
    tell("broken", kind, how);
  }

  void missing(String kind, String how) {
    missing++;
    tell("missing", kind, how);
  }

  private void tell(String fault, String kind, String how) {
    if (faults.size() < TOLD) {
      faults.add(fault + " (" + kind + "): " + how);
    }
  }

  long crossed() {
    return crossed;
  }

  long broken() {
    return broken;
  }

  /** Exchanges that no log has, or more than once. */
  long missing() {
    return missing;
  }

  List<String> faults() {
    return faults;
  }

  String table() {
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "  %-48s %9s %8s %7s %10s%n",
                "link",
                "count",
                "crossed",
                "broken",
                "not known"));
    long links = 0;
    long unknown = 0;
    for (var kind : kinds.entrySet()) {
      Counts c = kind.getValue();
      links += c.links;
      unknown += c.unknown;
      text.append(
          String.format(
              Locale.ROOT,
              "  %-48s %9d %8d %7d %9.2f%%%n",
              kind.getKey(),
              c.links,
              c.crossed,
              c.broken,
              share(c.unknown, c.links)));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "  %-48s %9d %8d %7d %9.2f%%%n",
            "all",
            links,
            crossed,
            broken,
            share(unknown, links)));
    return text.toString();
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : part * 100.0 / whole;
  }
}
