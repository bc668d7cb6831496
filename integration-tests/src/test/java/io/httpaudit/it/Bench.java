package io.httpaudit.it;

import io.httpaudit.load.BenchServer;
import io.httpaudit.load.Hello;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What the agent costs, as ratios and differences within one run: the arms take turns, round by
 * round, and each round gives one ratio; printed are the median and the quartiles. A round during
 * which the host stole more than 5% of the time is void.
 *
 * <p>Not a test: it judges nothing. {@code bench.sh} runs it.
 */
public final class Bench {
  /** Fields of {@code /proc/PID/stat} are in ticks of 10 ms. */
  private static final double TICK = 0.01;

  private final Plan plan;
  private final Jdk jdk;

  private Bench(Plan plan, Jdk jdk) {
    this.plan = plan;
    this.jdk = jdk;
  }

  /**
   * What is asked for.
   *
   * @param seconds of one arm in one round
   * @param warmUp seconds of each server before the first
   * @param servers of {@link BenchServer}
   * @param otel the OpenTelemetry agent, or none
   * @param before other builds of our own, to compare with
   * @param apps fat jars whose start is measured, too: until the line {@code ready …}
   * @param only {@code requests} or {@code start}; empty: all
   */
  record Plan(
      int rounds,
      int seconds,
      int warmUp,
      List<Jdk> jdks,
      List<String> servers,
      List<Path> otel,
      List<Path> before,
      List<Path> apps,
      String only) {
    static Plan of(String[] arguments) {
      Map<String, String> given = new LinkedHashMap<>();
      for (String argument : arguments) {
        int equals = argument.indexOf('=');
        given.put(argument.substring(0, equals), argument.substring(equals + 1));
      }
      String jdk = given.getOrDefault("jdk", "");
      return new Plan(
          Integer.parseInt(given.getOrDefault("rounds", "9")),
          Integer.parseInt(given.getOrDefault("seconds", "5")),
          Integer.parseInt(given.getOrDefault("warmup", "20")),
          Jdk.all().stream().filter(each -> each.toString().contains(jdk)).toList(),
          List.of(given.getOrDefault("servers", "jdk,tomcat").split(",")),
          paths(given.get("otel")),
          paths(given.get("before")),
          paths(given.get("app")),
          given.getOrDefault("only", ""));
    }

    boolean wants(String part) {
      return only.isEmpty() || only.equals(part);
    }

    private static List<Path> paths(String names) {
      return names == null
          ? List.of()
          : Stream.of(names.split(",")).map(name -> Path.of(name).toAbsolutePath()).toList();
    }
  }

  public static void main(String[] arguments) throws Exception {
    Plan plan = Plan.of(arguments);
    for (Jdk jdk : plan.jdks()) {
      Bench bench = new Bench(plan, jdk);
      if (plan.wants("start")) {
        bench.start();
        for (Path app : plan.apps()) {
          bench.start(app);
        }
      }
      for (String server : plan.wants("requests") ? plan.servers() : List.<String>of()) {
        Path folder = Files.createTempDirectory("bench");
        try {
          new RequestBench(jdk, server, plan, folder).run();
        } finally {
          Files.deleteIfExists(folder.resolve("keys.p12"));
          Files.delete(folder);
        }
      }
      if (plan.only().isEmpty()) {
        bench.idle();
      }
    }
  }

  // ---- start-up

  /** How a program is started; a copy for each arm. */
  private Map<String, Jvm.Setup> arms(Supplier<Jvm.Setup> program) {
    Map<String, Jvm.Setup> arms = new LinkedHashMap<>();
    arms.put(Samples.BARE, program.get().withoutAgent());
    arms.put("httpaudit", program.get());
    for (Path otel : plan.otel()) {
      String option = "-javaagent:" + otel;
      arms.put("opentelemetry", program.get().withoutAgent().options(option));
      arms.put("both", program.get().options(option));
    }
    return arms;
  }

  private void start() throws Exception {
    Map<String, Jvm.Setup> arms = arms(() -> Jvm.of(Hello.class).jdk(jdk));
    Samples samples = new Samples();
    for (int round = -1; round < 2 * plan.rounds(); round++) {
      for (var arm : arms.entrySet()) {
        Samples.Steal steal = new Samples.Steal();
        double before = children();
        long start = System.nanoTime();
        arm.getValue().run();
        double wall = (System.nanoTime() - start) / 1e6;
        if (round >= 0) {
          double cpu = (children() - before) * 1e3;
          samples.add(arm.getKey(), new Samples.Sample(wall, cpu, steal.share(), Map.of()));
        }
      }
    }
    System.out.printf("%n%s, hello world, %d starts of each arm in turn%n", jdk, 2 * plan.rounds());
    samples.print("wall ms", "CPU ms");
  }

  /** Until its server is ready; with how many classes it then has. */
  private void start(Path app) throws Exception {
    Map<String, Jvm.Setup> arms = arms(() -> Jvm.of("").jdk(jdk).arguments("-jar", app, "0"));
    Samples samples = new Samples();
    String classes = "";
    for (int round = -1; round < plan.rounds(); round++) {
      for (var arm : arms.entrySet()) {
        Samples.Steal steal = new Samples.Steal();
        long start = System.nanoTime();
        try (Jvm jvm = arm.getValue().start()) {
          jvm.awaitLine("ready ");
          double wall = (System.nanoTime() - start) / 1e6;
          double cpu = ticks(Path.of("/proc/" + jvm.pid() + "/stat"), 11) * TICK * 1e3;
          if (round >= 0) {
            samples.add(arm.getKey(), new Samples.Sample(wall, cpu, steal.share(), Map.of()));
          } else if (arm.getKey().equals(Samples.BARE)) {
            classes = loadedClasses(jvm);
          }
        }
      }
    }
    System.out.printf(
        "%n%s, %s, %s classes when it is ready, %d starts of each arm in turn%n",
        jdk, app.getFileName(), classes, plan.rounds());
    samples.print("wall ms", "CPU ms");
  }

  /** As the JDK's own counter says. */
  private String loadedClasses(Jvm jvm) {
    String counters =
        Command.run(
            jdk.java().resolveSibling("jcmd").toString(),
            String.valueOf(jvm.pid()),
            "PerfCounter.print");
    String name = "java.cls.loadedClasses=";
    return counters
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()))
        .findFirst()
        .orElse("an unknown number of");
  }

  /** CPU seconds of this process's ended children. */
  private static double children() throws IOException {
    return ticks(Path.of("/proc/self/stat"), 13) * TICK;
  }

  /** User and system time: two fields of a {@code stat}, of which the first is this one. */
  private static long ticks(Path stat, int first) throws IOException {
    String[] fields = afterName(Files.readString(stat));
    return Long.parseLong(fields[first]) + Long.parseLong(fields[first + 1]);
  }

  private static String[] afterName(String stat) {
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
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
}
