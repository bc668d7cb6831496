package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.CountedExchanges;
import io.httpaudit.load.HttpServerAndClients;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * As most containers run it: without the rights to see packets, TCP_INFO and the application's
 * times remain, and are true.
 */
class WithoutRightsIT {
  private static final int EXCHANGES = 200;

  /** Readable and writable for a user who has nothing. */
  private Path folder;

  private Path jar;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(
        Command.run("id", "-u").trim().equals("0"), "needs root, to become someone without rights");
    folder = Files.createTempDirectory("httpaudit-it");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    jar = Files.copy(Jvm.agentJar(), folder.resolve("httpaudit.jar"));
    Command.run(
        "cp", "-r", System.getProperty("load.classes"), folder.resolve("classes").toString());
    Command.run("chmod", "-R", "a+rX", folder.toString());
  }

  @AfterEach
  void remove() throws IOException {
    if (folder != null) {
      try (Stream<Path> all = Files.walk(folder)) {
        all.sorted(Comparator.reverseOrder()).forEach(WithoutRightsIT::delete);
      }
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  /** As uid 1000 with these capabilities alone: {@code +net_raw}. */
  private Outcome run(
      Jdk jdk, Path log, List<String> capabilities, Class<?> main, Object... arguments) {
    String only = String.join(",", capabilities);
    List<String> sets = new ArrayList<>();
    for (String set : List.of("--bounding-set=", "--inh-caps=", "--ambient-caps=")) {
      sets.add(set + "-all" + (only.isEmpty() ? "" : "," + only));
    }
    return Outcome.of(
        Jvm.of(main)
            .jdk(jdk)
            .withoutAgent()
            .prefix(
                "setpriv",
                "--reuid=1000",
                "--regid=1000",
                "--clear-groups",
                sets.get(0),
                sets.get(1),
                sets.get(2))
            .options("-javaagent:" + jar + "=query.keep=*,log=" + log)
            .options("-Dsun.net.httpserver.nodelay=true")
            .options("-cp", folder.resolve("classes").toString())
            .arguments(arguments)
            .start());
  }

  private static List<JsonNode> exchanges(Path log) {
    return Jvm.lines(log).stream()
        .filter(line -> line.get("type").asText().equals("exchange"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void eachExchangeIsInferredAndNothingOfItIsWrong(Jdk jdk) throws IOException {
    Path log = folder.resolve("audit.jsonl");
    Path truth = folder.resolve("truth");
    long begin = System.currentTimeMillis() * 1_000;
    Outcome outcome = run(jdk, log, List.of(), CountedExchanges.class, truth, EXCHANGES);
    long end = System.currentTimeMillis() * 1_000;

    assertThat(outcome.withoutOurs())
        .isEqualTo(new Outcome(0, List.of("checked " + EXCHANGES), List.of()));
    assertThat(outcome.ours())
        .satisfiesExactly(
            start ->
                assertThat(start)
                    .matches(
                        "httpaudit [0-9.]+: auditing pid [0-9]+; tier 3 \\(TCP_INFO\\): CAP_NET_RAW and CAP_BPF missing; no spans"),
            last ->
                assertThat(last)
                    .isEqualTo(
                        "httpaudit: "
                            + 2 * EXCHANGES
                            + " exchanges: 0 matched, "
                            + 2 * EXCHANGES
                            + " inferred, 0 app_only, 0 wire_only, 0 not_captured; 0 packet records lost"));
    List<JsonNode> exchanges = exchanges(log);
    List<String> moved = new ArrayList<>();
    for (JsonNode line : exchanges) {
      isHonest(line, begin, end);
      JsonNode request = line.get("request");
      JsonNode response = line.get("response");
      moved.add(
          line.get("url").asText().replaceAll(".*n=", "")
              + " "
              + request.get("offset")
              + " "
              + request.get("bytes")
              + " "
              + response.get("offset")
              + " "
              + response.get("bytes"));
    }
    // What the program counted itself, once for each side.
    List<String> counted = new ArrayList<>(Files.readAllLines(truth));
    counted.addAll(Files.readAllLines(truth));
    assertThat(moved).containsExactlyInAnyOrderElementsOf(counted);
  }

  /** Only what can be known is there: no figure of a packet's. */
  private static void isHonest(JsonNode line, long begin, long end) {
    assertThat(line.get("verdict").asText()).isEqualTo("inferred");
    assertThat(line.get("why").asText()).isEqualTo("tcp_info");
    assertThat(line.get("status").asInt()).isEqualTo(200);
    assertThat(line.has("interface")).isFalse();
    for (String range : List.of("request", "response")) {
      assertThat(line.get(range).fieldNames())
          .toIterable()
          .containsExactlyInAnyOrder("offset", "bytes");
    }
    assertThat(line.get("tcp").fieldNames()).toIterable().isSubsetOf("rtt", "retransmits");
    // Loopback on a busy machine.
    assertThat(line.get("tcp").get("rtt").asDouble()).isPositive().isLessThan(1_000);
    boolean server = line.get("side").asText().equals("server");
    assertThat(line.get("timings").fieldNames())
        .toIterable()
        .isSubsetOf(server ? List.of("receive", "process") : List.of());
    double sum = 0;
    for (JsonNode phase : line.get("timings")) {
      assertThat(phase.asDouble()).isNotNegative();
      sum += phase.asDouble();
    }
    assertThat(sum * 1_000).isLessThan(end - begin);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void oneOfTheTwoRightsIsNotEnough(Jdk jdk) {
    for (String[] one :
        new String[][] {{"+net_raw", "CAP_BPF missing"}, {"+bpf", "CAP_NET_RAW missing"}}) {
      Path log = folder.resolve("audit" + one[0]);
      Outcome outcome = run(jdk, log, List.of(one[0]), HttpServerAndClients.class, 3);
      assertThat(outcome.withoutOurs()).isEqualTo(new Outcome(0, List.of(), List.of()));
      assertThat(outcome.ours().get(0)).contains("; tier 3 (TCP_INFO): " + one[1] + "; ");
      assertThat(outcome.ours()).hasSize(2);
      assertThat(exchanges(log))
          .hasSize(12)
          .allMatch(
              line ->
                  line.get("verdict").asText().equals("inferred")
                      && line.get("why").asText().equals("tcp_info"));
    }
  }
}
