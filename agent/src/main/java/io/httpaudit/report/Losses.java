package io.httpaudit.report;

/**
 * All that was seen, and all that was dropped on the way, for the summary. The first three are
 * always written, the others where they are not zero.
 *
 * @param packets records of this JVM's packets
 * @param records packet records that found no room in the kernel's ring
 * @param spans that did not reach the collector
 * @param lines of the audit log that could not be written
 * @param events of hooks that found no room
 * @param exchanges left out, since too many were open
 * @param connections left out, since too many were open
 * @param packetsDropped records that came, and found no room in the JVM
 * @param flowsRefused connections that the kernel's map had no room for
 * @param ignored exchanges that {@code ignore} left out
 * @param faults of hooks
 * @param spansEnriched of the application's own that got what the packets say
 * @param spansLeft its HTTP spans that went on as they were
 */
record Losses(
    long packets,
    long records,
    long spans,
    long lines,
    long events,
    long exchanges,
    long connections,
    long packetsDropped,
    long flowsRefused,
    long ignored,
    long faults,
    long spansEnriched,
    long spansLeft) {
  void others(Json json) {
    known(json, "lines_lost", lines);
    known(json, "events_lost", events);
    known(json, "exchanges_dropped", exchanges);
    known(json, "connections_dropped", connections);
    known(json, "packets_dropped", packetsDropped);
    known(json, "flows_refused", flowsRefused);
    known(json, "ignored", ignored);
    known(json, "faults", faults);
    known(json, "spans_enriched", spansEnriched);
    known(json, "spans_not_enriched", spansLeft);
  }

  private static void known(Json json, String name, long count) {
    if (count != 0) {
      json.put(name, count);
    }
  }
}
