package io.httpaudit.it;

import io.httpaudit.it.Samples.Sample;
import io.httpaudit.it.Samples.Steal;
import io.httpaudit.load.BenchServer;
import io.httpaudit.load.Sink;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a request costs a server: the arms run side by side, are warmed up, and take turns. Under
 * two loads: as many requests as there can be, when an exporter may have to drop spans; and few
 * enough that none has to. Spans go to a sink that counts them.
 */
final class RequestBench {
  private static final String AUDIT = "httpaudit";
  private static final String OTEL = "opentelemetry";
  private static final String OFF = ", always_off";

  /** Nanoseconds of CPU a microsecond. */
  private static final double NANOS_PER_MICRO = 1e3;

  private static final String OTHER = "other threads";
  private static final String COMPILERS = "JIT (not in the sum)";

  /** Behind a server's name: over TLS. */
  private static final String TLS = "-tls";

  private final Jdk jdk;
  private final String server;

  /** Of the keystore. */
  private final Path folder;

  private final Bench.Plan plan;
  private final List<Arm> arms = new ArrayList<>();

  /** Null: it is plain. */
  private Path keys;

  /** A load on one server at a time. */
  private enum Load {
    SATURATION("as many requests as it answers, 8 connections", 8, ""),
    STEADY("some 5,000 requests a second, 32 connections", 32, "function delay() return 6 end\n");

    private final String words;
    private final int connections;

    /** For wrk. */
    private final String script;

    Load(String words, int connections, String script) {
      this.words = words;
      this.connections = connections;
      this.script = script;
    }

    /** What wrk counted. */
    record Done(long requests, double rate) {}

    Done run(int seconds, String url) throws IOException {
      List<String> command =
          new ArrayList<>(
              List.of("wrk", "-t2", "-c" + connections, "-d" + seconds + "s", "--timeout", "30s"));
      Path file = Files.createTempFile("load", ".lua");
      try {
        if (!script.isEmpty()) {
          Files.writeString(file, script);
          command.addAll(List.of("-s", file.toString()));
        }
        command.add(url);
        return counted(Command.run(command));
      } finally {
        Files.delete(file);
      }
    }

    private static Done counted(String output) {
      long requests = 0;
      double rate = 0;
      for (String line : output.split("\n")) {
        if (line.contains(" requests in ")) {
          requests = Long.parseLong(line.trim().split(" ")[0]);
        } else if (line.startsWith("Requests/sec:")) {
          rate = Double.parseDouble(line.substring(13).trim());
        } else if (line.contains("Non-2xx") || line.contains("Socket errors")) {
          throw new IllegalStateException(output);
        }
      }
      return new Done(requests, rate);
    }
  }

  /** A server that runs. */
  private static final class Arm {
    final String name;
    final String path;
    final Jvm jvm;
    final String url;
    long requests;

    Arm(String name, String path, Jvm jvm, boolean tls) {
      this.name = name;
      this.path = path;
      this.jvm = jvm;
      url = (tls ? "https" : "http") + "://127.0.0.1:" + jvm.awaitLine("ready ") + "/things/4711";
    }

    Sample load(Load load, int seconds) throws IOException {
      Steal steal = new Steal();
      Map<String, Long> before = cpu();
      Load.Done done = load.run(seconds, url);
      Map<String, Long> after = cpu();
      requests += done.requests();
      Map<String, Double> shares = new LinkedHashMap<>();
      double sum = 0;
      for (String group : List.of(OTHER, "audit thread", "export thread", COMPILERS)) {
        double used = after.getOrDefault(group, 0L) - before.getOrDefault(group, 0L);
        shares.put(group, used / NANOS_PER_MICRO / done.requests());
        sum += group.equals(COMPILERS) ? 0 : shares.get(group);
      }
      return new Sample(done.rate(), sum, steal.share(), shares);
    }

    /** Nanoseconds of CPU by kind of thread, to the nanosecond: ticks are too coarse. */
    private Map<String, Long> cpu() throws IOException {
      Map<String, Long> used = new LinkedHashMap<>();
      try (var threads = Files.list(Path.of("/proc/" + jvm.pid() + "/task"))) {
        for (Path thread : threads.toList()) {
          try {
            String nanos = Files.readString(thread.resolve("schedstat")).split(" ")[0];
            String name = Files.readString(thread.resolve("comm"));
            used.merge(group(name), Long.parseLong(nanos), Long::sum);
          } catch (NoSuchFileException e) {
            // It has ended.
          }
        }
      }
      return used;
    }

    private static String group(String thread) {
      if (thread.startsWith("C1 Comp") || thread.startsWith("C2 Comp")) {
        return COMPILERS;
      }
      return thread.startsWith("httpaudit-audit")
          ? "audit thread"
          : thread.startsWith("httpaudit-expor") ? "export thread" : OTHER;
    }
  }

  RequestBench(Jdk jdk, String server, Bench.Plan plan, Path folder) {
    this.jdk = jdk;
    this.folder = folder;
    this.server = server;
    this.plan = plan;
  }

  void run() throws Exception {
    keys = server.endsWith(TLS) ? Keystore.in(folder) : null;
    try (Jvm sink = Jvm.of(Sink.class).withoutAgent().start()) {
      String endpoint = "http://127.0.0.1:" + sink.awaitLine("ready ");
      try {
        start(endpoint);
        for (Arm arm : arms) {
          arm.load(Load.SATURATION, plan.warmUp());
        }
        for (Load load : Load.values()) {
          measure(load);
        }
        end(endpoint);
      } finally {
        arms.forEach(arm -> arm.jvm.close());
      }
    }
  }

  private void start(String endpoint) {
    add(endpoint, Samples.BARE, Jvm.Setup::withoutAgent);
    add(endpoint, AUDIT, setup -> {});
    add(endpoint, AUDIT + OFF, setup -> setup.variable("OTEL_TRACES_SAMPLER", "always_off"));
    for (Path before : plan.before()) {
      add(
          endpoint,
          "before: " + before.getFileName(),
          setup -> setup.withoutAgent().options("-javaagent:" + before));
    }
    for (Path otel : plan.otel()) {
      add(endpoint, OTEL, setup -> setup.withoutAgent().options("-javaagent:" + otel));
      add(
          endpoint,
          OTEL + OFF,
          setup ->
              setup
                  .withoutAgent()
                  .options("-javaagent:" + otel)
                  .variable("OTEL_TRACES_SAMPLER", "always_off"));
    }
  }

  private void add(String endpoint, String name, Consumer<Jvm.Setup> change) {
    String path = "arm" + arms.size();
    Jvm.Setup setup =
        Jvm.of(BenchServer.class)
            .jdk(jdk)
            .arguments(server.replace(TLS, ""))
            .options("-Xmx512m")
            .variable("OTEL_TRACES_EXPORTER", "otlp")
            .variable("OTEL_METRICS_EXPORTER", "none")
            .variable("OTEL_LOGS_EXPORTER", "none")
            .variable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
            .variable("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint + "/" + path);
    boolean tls = server.endsWith(TLS);
    if (tls) {
      setup.options("-Dkeys=" + keys);
    }
    change.accept(setup);
    arms.add(new Arm(name, path, setup.start(), tls));
  }

  private void measure(Load load) throws IOException {
    Samples samples = new Samples();
    for (int round = -1; round < plan.rounds(); round++) {
      for (Arm arm : arms) {
        Sample sample = arm.load(load, plan.seconds());
        if (round >= 0) {
          samples.add(arm.name, sample);
        }
      }
    }
    System.out.printf(
        "%n%s, %s server, %s, %d rounds of %d s of each arm in turn, spans to a sink%n",
        jdk, server, load.words, plan.rounds(), plan.seconds());
    samples.print("requests/s", "CPU us/request");
    if (samples.has(OTEL)) {
      samples.printShare(AUDIT, OTEL);
      samples.printShare(AUDIT + OFF, OTEL + OFF);
    }
  }

  /** The end flushes; then the sink knows all spans that ever come. */
  private void end(String endpoint) throws Exception {
    for (Arm arm : arms) {
      arm.jvm.say("end");
      arm.jvm.await();
      arm.jvm
          .stderr()
          .lines()
          .filter(line -> line.contains(" exchanges: "))
          .forEach(line -> System.out.println("  " + arm.name + ": " + line));
    }
    HttpClient client = HttpClient.newHttpClient();
    for (Arm arm : arms) {
      HttpRequest ask = HttpRequest.newBuilder(URI.create(endpoint + "/" + arm.path)).build();
      long spans = Long.parseLong(client.send(ask, BodyHandlers.ofString()).body());
      boolean none = arm.name.equals(Samples.BARE) || arm.name.endsWith(OFF);
      if (!none) {
        // What was in hand when a run of the load ended is answered, and in no count of its own.
        System.out.printf(
            "  %s: %d requests counted by the load generator, %d SERVER spans at the sink: %d lost%n",
            arm.name, arm.requests, spans, Math.max(0, arm.requests - spans));
      } else if (spans != 0) {
        throw new IllegalStateException(arm.name + " sent " + spans + " spans");
      }
    }
  }
}
