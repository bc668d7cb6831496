package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.load.Transport;
import io.httpaudit.load.chain.Allocating;
import io.httpaudit.load.chain.Line;
import io.httpaudit.load.chain.RawServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the application's threads allocate more with the agent than without, a request, a call, a
 * hand-over: two JVMs that do the same in turns, and the difference of what they allocate at the
 * least.
 */
class AllocationIT {
  private static final int ROUNDS = 5;

  /** The part of the requests that makes what they cost a thing of the program's, not of chance. */
  private static final double COMMON = 0.05;

  /** The part that shows that requests without the agent cost as much, too. */
  private static final double SEEN = 0.001;

  private static final int VOLUME = Integer.getInteger("volume", 1);
  private static final String TRACE =
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";

  /** The same call, by which the application itself sends a header as long as a traceparent. */
  private static final String WITH_HEADER = "-with-header";

  private static final long CONTEXT = 64;

  /** Beyond its header: the call's own context, and what carries it. */
  private static final double CALL = 200;

  @TempDir Path folder;

  static List<Jdk> jdks() {
    return Jdk.few();
  }

  /** What is done, {@code count} times; by one request each, or by one for all. */
  private record Work(String name, boolean tomcat, String path, String fields, int count) {
    boolean oneForAll() {
      return path.endsWith("/");
    }
  }

  private static List<Work> works(Jdk jdk) {
    List<Work> works = requestsAndCalls();
    int requests = 1_000 * Math.min(VOLUME, 5);
    for (String handOver :
        List.of(
            "execute",
            "submit",
            "schedule",
            "fork-join",
            "supply-async",
            "dependent",
            "dependent-completed")) {
      works.add(new Work(handOver, false, "/" + handOver + "/", "", requests));
    }
    if (jdk.feature() >= 21) {
      works.add(new Work("virtual", false, "/virtual/", "", requests));
    }
    return works;
  }

  private static List<Work> requestsAndCalls() {
    List<Work> works = new ArrayList<>();
    int requests = 1_000 * Math.min(VOLUME, 5);
    for (boolean tomcat : new boolean[] {false, true}) {
      String server = tomcat ? "Tomcat" : "JDK server";
      works.add(new Work(server, tomcat, "/answer", "", requests));
      works.add(new Work(server + ", traceparent", tomcat, "/answer", TRACE, requests));
    }
    for (String call : List.of("url-connection", "http-client", "http-client-async")) {
      works.add(new Work(call, false, "/" + call + "/", "", requests / 2));
      String withHeader = call + WITH_HEADER;
      works.add(new Work(withHeader, false, "/" + withHeader + "/", "", requests / 2));
    }
    return works;
  }

  /** One of the two JVMs. */
  private static final class Arm implements AutoCloseable {
    private final Jvm jvm;
    private final Line[] lines = new Line[2];

    /** Of work that is one request for all, the mean of each round. */
    private final Map<Work, double[]> means = new LinkedHashMap<>();

    /** Of a request each, how often one cost so many bytes. */
    private final Map<Work, NavigableMap<Long, Integer>> ways = new LinkedHashMap<>();

    Arm(Jvm.Setup setup, Transport on) throws IOException {
      jvm = setup.start();
      String[] ports = jvm.awaitLine("ready ").split(" ");
      for (int i = 0; i < 2; i++) {
        lines[i] = new Line(Integer.parseInt(ports[i]), on);
      }
    }

    private String ask(Work work, String path) throws IOException {
      Line line = lines[work.tomcat ? 1 : 0];
      line.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + work.fields + "\r\n");
      return line.receiveBody();
    }

    private void work(Work work, int count) throws IOException {
      if (work.oneForAll()) {
        ask(work, work.path + count);
        return;
      }
      for (int i = 0; i < count; i++) {
        ask(work, work.path);
      }
    }

    void warmUp(Work work) throws IOException {
      work(work, work.count);
      if (!work.oneForAll()) {
        ask(work, "/each");
      }
    }

    void measure(Work work, int round) throws IOException {
      if (work.oneForAll()) {
        means.computeIfAbsent(work, w -> new double[ROUNDS])[round] = mean(work);
        return;
      }
      work(work, work.count);
      Map<Long, Integer> all = ways.computeIfAbsent(work, w -> new TreeMap<>());
      for (String way : ask(work, "/each").split(" ")) {
        String[] pair = way.split("=");
        all.merge(Long.parseLong(pair[0]), Integer.parseInt(pair[1]), Integer::sum);
      }
    }

    private double mean(Work work) throws IOException {
      long before = Long.parseLong(ask(work, "/allocated"));
      work(work, work.count);
      return (double) (Long.parseLong(ask(work, "/allocated")) - before) / work.count;
    }

    /** Of the rounds the least: whoever waits in a queue allocates by luck, and never less. */
    double least(Work work) {
      return work.oneForAll()
          ? Arrays.stream(means.get(work)).min().orElseThrow()
          : ways(work, COMMON).firstKey();
    }

    /** What at least this part of the requests cost each, and how many did. */
    NavigableMap<Long, Integer> ways(Work work, double part) {
      NavigableMap<Long, Integer> common = new TreeMap<>(ways.get(work));
      common.values().removeIf(count -> count < part * ROUNDS * work.count);
      return common;
    }

    String all(Work work) {
      return work.oneForAll()
          ? Arrays.toString(Arrays.stream(means.get(work)).mapToLong(Math::round).toArray())
          : ways(work, SEEN).toString();
    }

    @Override
    public void close() throws IOException {
      for (Line line : lines) {
        line.close();
      }
      jvm.close();
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void aRequestCostsItsContextAndNothingElse(Jdk jdk) throws IOException {
    compare(jdk, Transport.plain(), works(jdk));
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void norDoesItUnderTls(Jdk jdk) throws IOException {
    Path keystore = Keystore.in(folder);
    compare(jdk, Transport.tls(keystore), requestsAndCalls(), "-Dkeys=" + keystore);
  }

  private void compare(Jdk jdk, Transport on, List<Work> works, String... options)
      throws IOException {
    Map<String, Double> more = new LinkedHashMap<>();
    Map<String, Double> without = new LinkedHashMap<>();
    try (Jvm raw =
        Jvm.of(RawServer.class)
            .jdk(jdk)
            .options(options)
            .withoutAgent()
            .arguments(folder.resolve("raw"))
            .start()) {
      String port = raw.awaitLine("ready ");
      try (Arm bare = new Arm(setup(jdk, port).options(options).withoutAgent(), on);
          Arm agent = new Arm(setup(jdk, port).options(options), on)) {
        agent.jvm.awaitAudit();
        System.out.printf(
            "%s: bytes allocated on the application's threads, least of %d rounds%n", jdk, ROUNDS);
        for (Work work : works) {
          bare.warmUp(work);
          agent.warmUp(work);
          for (int round = 0; round < ROUNDS; round++) {
            bare.measure(work, round);
            agent.measure(work, round);
          }
          double difference = agent.least(work) - bare.least(work);
          more.put(work.name, difference);
          without.put(work.name, bare.least(work));
          System.out.printf(
              "  %-30s bare %9.1f, with the agent %+7.1f  %s %s%n",
              work.name, bare.least(work), difference, bare.all(work), agent.all(work));
          if (!work.oneForAll()) {
            eachRequestCostsItsContext(work, agent, bare);
          }
        }
      }
    }
    // Else it is not seen.
    assertThat(more.get("JDK server")).isGreaterThan(0);
    for (String call : List.of("url-connection", "http-client", "http-client-async")) {
      double header = without.get(call + WITH_HEADER) - without.get(call);
      System.out.printf("  %-28s a header of its own %+.1f%n", call, header);
      assertThat(more.get(call) - header).as(call).isLessThan(CALL);
    }
  }

  /**
   * The servers' threads go more ways than one, under load half of the time each: the poller that
   * waits already must be woken, by 48 or 160 bytes. So what a request costs is compared with one
   * that went the same way: the dearest below it without the agent.
   */
  private static void eachRequestCostsItsContext(Work work, Arm agent, Arm bare) {
    NavigableMap<Long, Integer> seen = bare.ways(work, SEEN);
    for (long way : agent.ways(work, COMMON).keySet()) {
      Long without = seen.floorKey(way);
      assertThat(without).as("%s: %d bytes", work.name, way).isNotNull();
      assertThat(way - without).as("%s: %d bytes", work.name, way).isLessThanOrEqualTo(CONTEXT);
    }
  }

  /**
   * By the first compiler alone: the second one leaves out allocations, others in each run, and a
   * request of the same program came to 400 bytes more or less.
   */
  private Jvm.Setup setup(Jdk jdk, String port) {
    return Jvm.of(Allocating.class)
        .jdk(jdk)
        .options("-Xmx512m", "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + folder)
        .arguments(port);
  }
}
