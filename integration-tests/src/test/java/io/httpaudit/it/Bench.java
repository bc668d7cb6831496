package io.httpaudit.it;

import io.httpaudit.load.BenchServer;
import io.httpaudit.load.Hello;
import io.httpaudit.load.Sink;
import java.io.IOException;
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
 * What the agent costs, as ratios and differences within one run: the arms take turns, round by
 * round, and each round gives one ratio; printed are the median and the quartiles. A round during
 * which the host stole more than 5% of the time is void.
 *
 * <p>Not a test: it judges nothing. {@code bench.sh} runs it.
 */
public final class Bench {
  private static final double VOID = 0.05;

  /** Fields of {@code /proc/PID/stat} are in ticks of 10 ms. */
  private static final double TICK = 0.01;

  private final int rounds;
  private final int seconds;
  private final Jdk jdk;
  private final Path otel;

  private Bench(int rounds, int seconds, Jdk jdk, Path otel) {
    this.rounds = rounds;
    this.seconds = seconds;
    this.jdk = jdk;
    this.otel = otel;
  }

  /** One measurement of an arm. */
  private record Sample(double value, double cpu, double steal) {}

  public static void main(String[] arguments) throws Exception {
    Map<String, String> given = new LinkedHashMap<>();
    for (String argument : arguments) {
      given.put(
          argument.substring(0, argument.indexOf('=')),
          argument.substring(argument.indexOf('=') + 1));
    }
    Path otel = given.containsKey("otel") ? Path.of(given.get("otel")) : null;
    for (Jdk jdk : Jdk.all()) {
      Bench bench =
          new Bench(
              Integer.parseInt(given.getOrDefault("rounds", "9")),
              Integer.parseInt(given.getOrDefault("seconds", "5")),
              jdk,
              otel);
      bench.start();
      bench.saturation("jdk");
      bench.saturation("tomcat");
      bench.idle();
    }
  }

  // ---- start-up

  private void start() throws Exception {
    Map<String, Jvm.Setup> arms = new LinkedHashMap<>();
    arms.put("bare", Jvm.of(Hello.class).jdk(jdk).withoutAgent());
    arms.put("httpaudit", Jvm.of(Hello.class).jdk(jdk));
    if (otel != null) {
      arms.put(
          "opentelemetry",
          Jvm.of(Hello.class).jdk(jdk).withoutAgent().options("-javaagent:" + otel));
    }
    Map<String, List<Sample>> samples = empty(arms);
    for (int round = -1; round < 2 * rounds; round++) {
      for (var arm : arms.entrySet()) {
        Steal steal = new Steal();
        double before = children();
        long start = System.nanoTime();
        arm.getValue().run();
        double wall = (System.nanoTime() - start) / 1e6;
        if (round >= 0) {
          samples
              .get(arm.getKey())
              .add(new Sample(wall, (children() - before) * 1e3, steal.share()));
        }
      }
    }
    System.out.printf("%n%s, hello world, %d starts of each arm in turn%n", jdk, 2 * rounds);
    print(samples, "wall ms", Sample::value, "CPU ms", Sample::cpu);
  }

  /** CPU seconds of this process's ended children. */
  private static double children() throws IOException {
    String[] fields = afterName(Files.readString(Path.of("/proc/self/stat")));
    return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) * TICK;
  }

  private static String[] afterName(String stat) {
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
  }

  // ---- saturation

  private void saturation(String server) throws Exception {
    try (Jvm sink = Jvm.of(Sink.class).withoutAgent().start()) {
      String endpoint = "http://127.0.0.1:" + sink.awaitLine("ready ");
      Map<String, Jvm> arms = new LinkedHashMap<>();
      try {
        arms.put("bare", setup(server, endpoint).withoutAgent().start());
        arms.put("httpaudit", setup(server, endpoint).start());
        arms.put(
            "httpaudit, always_off",
            setup(server, endpoint).variable("OTEL_TRACES_SAMPLER", "always_off").start());
        if (otel != null) {
          arms.put(
              "opentelemetry",
              setup(server, endpoint).withoutAgent().options("-javaagent:" + otel).start());
        }
        Map<String, List<Sample>> samples = empty(arms);
        long[] requests = new long[1];
        for (int round = -2; round < rounds; round++) {
          for (var arm : arms.entrySet()) {
            Sample sample = load(arm.getValue(), requests);
            if (round >= 0) {
              samples.get(arm.getKey()).add(sample);
            }
          }
        }
        System.out.printf(
            "%n%s, %s server, 8 connections, %d rounds of %d s of each arm in turn, spans to a sink%n",
            jdk, server, rounds, seconds);
        print(samples, "requests/s", Sample::value, "CPU us/request", Sample::cpu);
        end(arms);
      } finally {
        arms.values().forEach(Jvm::close);
      }
    }
  }

  private Jvm.Setup setup(String server, String endpoint) {
    return Jvm.of(BenchServer.class)
        .jdk(jdk)
        .arguments(server)
        .options("-Xmx512m")
        .variable("OTEL_TRACES_EXPORTER", "otlp")
        .variable("OTEL_METRICS_EXPORTER", "none")
        .variable("OTEL_LOGS_EXPORTER", "none")
        .variable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
  }

  private Sample load(Jvm server, long[] requests) throws Exception {
    String url = "http://127.0.0.1:" + server.awaitLine("ready ") + "/things/4711";
    Steal steal = new Steal();
    double before = cpu(server.pid());
    String output = Command.run("wrk", "-t2", "-c8", "-d" + seconds + "s", url);
    double used = cpu(server.pid()) - before;
    long count = 0;
    double rate = 0;
    for (String line : output.split("\n")) {
      if (line.contains(" requests in ")) {
        count = Long.parseLong(line.trim().split(" ")[0]);
      } else if (line.startsWith("Requests/sec:")) {
        rate = Double.parseDouble(line.substring(13).trim());
      } else if (line.contains("Non-2xx") || line.contains("Socket errors")) {
        throw new IllegalStateException(output);
      }
    }
    requests[0] += count;
    return new Sample(rate, used * 1e6 / count, steal.share());
  }

  private static double cpu(long pid) throws IOException {
    String[] fields = afterName(Files.readString(Path.of("/proc/" + pid + "/stat")));
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK;
  }

  private static void end(Map<String, Jvm> arms) {
    for (var arm : arms.entrySet()) {
      arm.getValue().say("end");
      arm.getValue().await();
      arm.getValue()
          .stderr()
          .lines()
          .filter(line -> line.contains(" exchanges: "))
          .forEach(line -> System.out.println("  " + arm.getKey() + ": " + line));
    }
  }

  // ---- at rest

  private void idle() throws Exception {
    try (Jvm server = Jvm.of(BenchServer.class).jdk(jdk).arguments("jdk").start()) {
      String port = server.awaitLine("ready ");
      Command.run("wrk", "-t1", "-c1", "-d1s", "http://127.0.0.1:" + port + "/");
      Thread.sleep(3_000);
      long before = wakeUps(server.pid());
      int duration = 10;
      Thread.sleep(duration * 1_000L);
      System.out.printf(
          Locale.ROOT,
          "%n%s, at rest: %.1f wake-ups a second of all httpaudit threads%n",
          jdk,
          (wakeUps(server.pid()) - before) / (double) duration);
      server.say("end");
    }
  }

  private static long wakeUps(long pid) throws IOException {
    long sum = 0;
    try (var threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads.toList()) {
        if (Files.readString(thread.resolve("comm")).startsWith("httpaudit")) {
          for (String line : Files.readAllLines(thread.resolve("status"))) {
            if (line.startsWith("voluntary_ctxt_switches")) {
              sum += Long.parseLong(line.replaceAll("\\D", ""));
            }
          }
        }
      }
    }
    return sum;
  }

  // ---- figures

  private static Map<String, List<Sample>> empty(Map<String, ?> arms) {
    Map<String, List<Sample>> samples = new LinkedHashMap<>();
    arms.keySet().forEach(arm -> samples.put(arm, new ArrayList<>()));
    return samples;
  }

  private static void print(
      Map<String, List<Sample>> samples,
      String one,
      ToDoubleFunction<Sample> first,
      String two,
      ToDoubleFunction<Sample> second) {
    List<Sample> bare = samples.get("bare");
    int valid = 0;
    for (int round = 0; round < bare.size(); round++) {
      valid += isValid(samples, round) ? 1 : 0;
    }
    samples.forEach(
        (arm, list) -> {
          System.out.printf("  %-22s %s%n", arm, figure(samples, list, bare, one, first));
          System.out.printf("  %-22s %s%n", "", figure(samples, list, bare, two, second));
        });
    System.out.printf(
        "  %d of %d rounds count; in the others the host stole more than 5%%%n",
        valid, bare.size());
  }

  private static boolean isValid(Map<String, List<Sample>> samples, int round) {
    return samples.values().stream().allMatch(list -> list.get(round).steal() <= VOID);
  }

  private static String figure(
      Map<String, List<Sample>> samples,
      List<Sample> list,
      List<Sample> bare,
      String unit,
      ToDoubleFunction<Sample> value) {
    List<Double> values = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    List<Double> differences = new ArrayList<>();
    for (int round = 0; round < list.size(); round++) {
      if (isValid(samples, round)) {
        double own = value.applyAsDouble(list.get(round));
        double other = value.applyAsDouble(bare.get(round));
        values.add(own);
        ratios.add(own / other);
        differences.add(own - other);
      }
    }
    if (values.isEmpty()) {
      return unit + ": every round is void";
    }
    String text = String.format(Locale.ROOT, "%-16s %10.1f", unit, quartile(values, 2));
    if (list == bare) {
      return text
          + String.format(
              Locale.ROOT, "  (%.1f to %.1f)", quartile(values, 1), quartile(values, 3));
    }
    return text
        + String.format(
            Locale.ROOT,
            "  ratio %.3f (%.3f to %.3f), difference %+.1f (%+.1f to %+.1f)",
            quartile(ratios, 2),
            quartile(ratios, 1),
            quartile(ratios, 3),
            quartile(differences, 2),
            quartile(differences, 1),
            quartile(differences, 3));
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
  private static final class Steal {
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
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
