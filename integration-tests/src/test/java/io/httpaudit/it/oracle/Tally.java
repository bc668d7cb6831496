package io.httpaudit.it.oracle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How audit lines fared against a capture. */
public final class Tally {
  private static final int SHOWN = 20;

  /** Times further off than this are another packet's. */
  static final double ANOTHER_PACKET_US = 50_000;

  private final String arm;
  private final List<String> wrong = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();
  private final List<String> extra = new ArrayList<>();
  private double[] times = new double[1024];
  private int timesUsed;
  private double[] durations = new double[1024];
  private int durationsUsed;
  private long packets;
  private long wholes;
  private long matched;
  private long cuts;
  private long cutsMatched;
  private long ambiguous;
  private long unread;
  private long overflowed;
  private long choices;
  private long earlierCopies;
  private long retransmits;
  private long connections;

  public Tally(String arm) {
    this.arm = arm;
  }

  /** Takes another one's figures in; its arm is forgotten. */
  public Tally add(Tally other) {
    wrong.addAll(other.wrong);
    missing.addAll(other.missing);
    extra.addAll(other.extra);
    for (int i = 0; i < other.timesUsed; i++) {
      time(other.times[i]);
    }
    for (int i = 0; i < other.durationsUsed; i++) {
      duration(other.durations[i]);
    }
    packets += other.packets;
    wholes += other.wholes;
    matched += other.matched;
    cuts += other.cuts;
    cutsMatched += other.cutsMatched;
    ambiguous += other.ambiguous;
    unread += other.unread;
    overflowed += other.overflowed;
    choices += other.choices;
    earlierCopies += other.earlierCopies;
    retransmits += other.retransmits;
    connections += other.connections;
    return this;
  }

  void packets(long count) {
    packets += count;
  }

  void wrong(String what) {
    wrong.add(what);
  }

  void missing(String what) {
    missing.add(what);
  }

  void extra(String what) {
    extra.add(what);
  }

  void whole(boolean isMatched) {
    wholes++;
    matched += isMatched ? 1 : 0;
  }

  void cut(boolean isMatched) {
    cuts++;
    cutsMatched += isMatched ? 1 : 0;
  }

  void countAmbiguous() {
    ambiguous++;
  }

  void countUnread() {
    unread++;
  }

  void countOverflowed() {
    overflowed++;
  }

  void connection() {
    connections++;
  }

  void retransmits(long count) {
    retransmits += count;
  }

  /**
   * A time for which the capture holds several copies; {@code earlier}: not the last before the
   * acknowledgement.
   */
  void choice(boolean earlier) {
    choices++;
    earlierCopies += earlier ? 1 : 0;
  }

  void time(double micros) {
    if (timesUsed == times.length) {
      times = Arrays.copyOf(times, 2 * timesUsed);
    }
    times[timesUsed++] = Math.abs(micros);
  }

  void duration(double micros) {
    if (durationsUsed == durations.length) {
      durations = Arrays.copyOf(durations, 2 * durationsUsed);
    }
    durations[durationsUsed++] = Math.abs(micros);
  }

  private static double quantile(double[] values, int used, double part) {
    if (used == 0) {
      return 0;
    }
    double[] sorted = Arrays.copyOf(values, used);
    Arrays.sort(sorted);
    return sorted[(int) Math.min(used - 1, Math.ceil(part * used) - 1)];
  }

  /**
   * By how many microseconds times of packets differ from the capture's, at most, for this part of
   * them.
   */
  public double timesWithin(double part) {
    return quantile(times, timesUsed, part);
  }

  /** Likewise of durations between two packets. */
  public double durationsWithin(double part) {
    return quantile(durations, durationsUsed, part);
  }

  /**
   * Lines of exchanges that the capture has whole, with framing that isn't ambiguous, and that no
   * end left unread.
   */
  public long wholes() {
    return wholes;
  }

  /** Of {@link #wholes}. */
  public long matched() {
    return matched;
  }

  /** Lines of exchanges that the connection's end cut. */
  public long cuts() {
    return cuts;
  }

  public long cutsMatched() {
    return cutsMatched;
  }

  /** Lines of exchanges whose framing is ambiguous, as they must be: inferred, boundary_unknown. */
  public long ambiguous() {
    return ambiguous;
  }

  /** Lines, inferred, of exchanges of which one end left bytes unread that nothing frames. */
  public long unread() {
    return unread;
  }

  /**
   * Lines, {@code records_lost}, of first exchanges at servers that accepted late: more packets had
   * come by then than the kernel keeps of a connection that nobody has claimed.
   */
  public long overflowed() {
    return overflowed;
  }

  /** Lines of connections. */
  public long connections() {
    return connections;
  }

  /** Segments sent again that both the lines and the capture count. */
  public long retransmits() {
    return retransmits;
  }

  /** All lines of exchanges that were judged. */
  public long lines() {
    return wholes + cuts + ambiguous + unread + overflowed;
  }

  public List<String> wrong() {
    return wrong;
  }

  public List<String> missing() {
    return missing;
  }

  public List<String> extra() {
    return extra;
  }

  /** The first of all that is wrong, a line each; empty: nothing is. */
  public String troubles() {
    StringBuilder text = new StringBuilder();
    list(text, "wrong", wrong);
    list(text, "missing", missing);
    list(text, "extra", extra);
    return text.toString();
  }

  /** Fails with the first of all that is wrong, which a test runner's list shows. */
  public void assertRight() {
    String troubles = troubles();
    if (!troubles.isEmpty()) {
      throw new AssertionError(troubles);
    }
  }

  private void list(StringBuilder text, String name, List<String> of) {
    for (int i = 0; i < Math.min(SHOWN, of.size()); i++) {
      text.append(arm).append(": ").append(name).append(": ").append(of.get(i)).append('\n');
    }
    if (of.size() > SHOWN) {
      text.append(arm)
          .append(": ")
          .append(name)
          .append(": ")
          .append(of.size() - SHOWN)
          .append(" more\n");
    }
  }

  public static String header() {
    return String.format(
        Locale.ROOT,
        "%-28s %8s %8s %8s %6s %6s %6s %6s %6s %6s %6s %6s %6s | %7s %7s %9s | %9s | %s",
        "arm",
        "packets",
        "whole",
        "matched",
        "cut",
        "ambig.",
        "unread",
        "overfl.",
        "conns",
        "wrong",
        "miss.",
        "extra",
        "retr.",
        "p50 µs",
        "p99 µs",
        "max µs",
        "Δ p99 µs",
        "several copies (an earlier one)");
  }

  /**
   * One line under {@link #header}; figures are lines, so two an exchange if both ends were
   * audited.
   */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%-28s %8d %8d %8d %6s %6d %6d %6d %6d %6d %6d %6d %6d | %7.1f %7.1f %9.1f | %9.1f | %d (%d)",
        arm,
        packets,
        wholes,
        matched,
        cuts == cutsMatched ? "" + cuts : cutsMatched + "/" + cuts,
        ambiguous,
        unread,
        overflowed,
        connections,
        wrong.size(),
        missing.size(),
        extra.size(),
        retransmits,
        timesWithin(0.5),
        timesWithin(0.99),
        timesWithin(1),
        durationsWithin(0.99),
        choices,
        earlierCopies);
  }
}
