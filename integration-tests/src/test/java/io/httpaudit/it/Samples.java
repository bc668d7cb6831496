package io.httpaudit.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What the arms of a benchmark measured, round by round: printed as medians and quartiles of the
 * rounds' own ratios and differences to the arm {@link #BARE}. A round during which the host stole
 * more than 5% of the time is void.
 */
final class Samples {
  static final String BARE = "bare";

  private static final double VOID = 0.05;

  /**
   * One measurement of an arm.
   *
   * @param steal share of the time that the host gave to others
   * @param shares parts of {@code cpu} that are told beside it
   */
  record Sample(double value, double cpu, double steal, Map<String, Double> shares) {}

  private final Map<String, List<Sample>> arms = new LinkedHashMap<>();

  void add(String arm, Sample sample) {
    arms.computeIfAbsent(arm, name -> new ArrayList<>()).add(sample);
  }

  boolean has(String arm) {
    return arms.containsKey(arm);
  }

  private boolean isValid(int round) {
    return arms.values().stream().allMatch(list -> list.get(round).steal() <= VOID);
  }

  /** The rounds that count, of an arm. */
  private List<Double> valid(String arm, ToDoubleFunction<Sample> value) {
    List<Double> values = new ArrayList<>();
    List<Sample> list = arms.get(arm);
    for (int round = 0; round < list.size(); round++) {
      if (isValid(round)) {
        values.add(value.applyAsDouble(list.get(round)));
      }
    }
    return values;
  }

  void print(String value, String cpu) {
    for (String arm : arms.keySet()) {
      System.out.printf("  %-26s %s%n", arm, figure(arm, value, Sample::value));
      System.out.printf("  %-26s %s%n", "", figure(arm, cpu, Sample::cpu));
      printShares(arm);
    }
    int all = arms.get(BARE).size();
    System.out.printf(
        "  %d of %d rounds count; in the others the host stole more than 5%%%n",
        valid(BARE, Sample::cpu).size(), all);
  }

  private void printShares(String arm) {
    StringBuilder line = new StringBuilder();
    for (String share : arms.get(arm).get(0).shares().keySet()) {
      List<Double> values = valid(arm, sample -> sample.shares().get(share));
      if (!values.isEmpty() && quartile(values, 2) >= 0.005) {
        line.append(line.length() == 0 ? "" : ", ").append(share);
        line.append(String.format(Locale.ROOT, " %.2f", quartile(values, 2)));
      }
    }
    if (line.length() > 0) {
      System.out.printf("  %-26s   %s%n", "", line);
    }
  }

  /** CPU that an arm takes beyond the bare one's, as a share of what another one does. */
  void printShare(String arm, String of) {
    List<Double> one = increases(arm);
    List<Double> other = increases(of);
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < one.size(); i++) {
      ratios.add(one.get(i) / other.get(i));
    }
    if (!ratios.isEmpty()) {
      System.out.printf(
          Locale.ROOT,
          "  CPU increase of %s / of %s: %.2f (%.2f to %.2f); of the medians %.2f%n",
          arm,
          of,
          quartile(ratios, 2),
          quartile(ratios, 1),
          quartile(ratios, 3),
          quartile(one, 2) / quartile(other, 2));
    }
  }

  private List<Double> increases(String arm) {
    List<Double> own = valid(arm, Sample::cpu);
    List<Double> bare = valid(BARE, Sample::cpu);
    List<Double> increases = new ArrayList<>();
    for (int i = 0; i < own.size(); i++) {
      increases.add(own.get(i) - bare.get(i));
    }
    return increases;
  }

  private String figure(String arm, String unit, ToDoubleFunction<Sample> value) {
    List<Double> values = valid(arm, value);
    List<Double> bare = valid(BARE, value);
    if (values.isEmpty()) {
      return unit + ": every round is void";
    }
    String text = String.format(Locale.ROOT, "%-16s %10.1f", unit, quartile(values, 2));
    if (arm.equals(BARE)) {
      return text + String.format(Locale.ROOT, "  (%s)", quarters("%.1f", values));
    }
    List<Double> ratios = new ArrayList<>();
    List<Double> differences = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      ratios.add(values.get(i) / bare.get(i));
      differences.add(values.get(i) - bare.get(i));
    }
    return text
        + String.format(
            Locale.ROOT,
            "  ratio %.3f (%s), difference %+.2f (%s)",
            quartile(ratios, 2),
            quarters("%.3f", ratios),
            quartile(differences, 2),
            quarters("%+.2f", differences));
  }

  private static String quarters(String format, List<Double> values) {
    return String.format(Locale.ROOT, format, quartile(values, 1))
        + " to "
        + String.format(Locale.ROOT, format, quartile(values, 3));
  }

  private static double quartile(List<Double> values, int quarter) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    double at = (sorted.length - 1) * quarter / 4.0;
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  /** The share of time that the host gave to others, from the making on. */
  static final class Steal {
    private final long[] before = read();

    double share() {
      long[] now = read();
      long all = now[0] - before[0];
      return all == 0 ? 0 : (now[1] - before[1]) / (double) all;
    }

    private static long[] read() {
      try {
        String[] fields = Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split("\\s+");
        long all = 0;
        for (int i = 1; i <= 8; i++) {
          all += Long.parseLong(fields[i]);
        }
        return new long[] {all, Long.parseLong(fields[8])};
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
