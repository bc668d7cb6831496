package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.httpaudit.load.Calls;
import io.httpaudit.load.OnDemand;
import io.httpaudit.load.TracedCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Spans on their way out of a program, where there is a collector and where there is none: it does
 * not notice.
 */
class ExportIT {
  /** More than the agent waits for a collector at the end, and a busy machine's own. */
  private static final long END_MILLIS = 3_500;

  @TempDir Path folder;

  @Test
  void theConsoleShowsEachSpanOnALine() {
    Jvm jvm =
        Jvm.of(TracedCalls.class)
            .set("phases", "none")
            .variable("OTEL_TRACES_EXPORTER", "console")
            .arguments(SpansIT.traceId(), SpansIT.traceId())
            .run();

    assertThat(jvm.spans()).hasSize(13);
    assertThat(jvm.stdout().lines()).hasSize(14);
    assertThat(jvm.stderr()).contains("; spans to the console\n");
  }

  @Test
  void theSdkIsLoadedByTheExportingThreadAloneAndNotWithoutAnExchange() throws IOException {
    Path with = folder.resolve("with.log");
    Jvm.of(Calls.class)
        .variable("OTEL_TRACES_EXPORTER", "console,otlp")
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        .options("-Xlog:class+load:file=" + with + ":tid")
        .arguments(2, 0)
        .run();
    Path without = folder.resolve("without.log");
    Jvm.of(Calls.class)
        .variable("OTEL_TRACES_EXPORTER", "otlp")
        .options("-Xlog:class+load:file=" + without + ":tid")
        .arguments(0, 0)
        .start()
        .await();

    assertThat(Files.readAllLines(without)).noneMatch(line -> line.contains("] io.opentelemetry."));
    List<String> sdk =
        Files.readAllLines(with).stream()
            .filter(line -> line.contains("] io.opentelemetry."))
            .toList();
    assertThat(sdk).hasSizeGreaterThan(50);
    String thread =
        Files.readAllLines(with).stream()
            .filter(line -> line.contains("] io.httpaudit.report.Sdk "))
            .findFirst()
            .orElseThrow()
            .split("]")[0];
    assertThat(sdk).allMatch(line -> line.startsWith(thread + "]"));
  }

  /** Where processors are short, what is lost must be spans, and not what the verdicts hang on. */
  @Test
  void whatSendsDoesNotGoFirst() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root: to go first");
    try (Jvm jvm =
        Jvm.of(OnDemand.class).variable("OTEL_TRACES_EXPORTER", "console").start().awaitAudit()) {
      Jvm.await(() -> jvm.stdoutSoFar().contains("{\"span\""), 30);
      assertThat(nice(jvm, "httpaudit-audit")).isEqualTo(-10);
      assertThat(nice(jvm, "httpaudit-expor")).isZero();
      jvm.closeInput();
      assertThat(jvm.await()).isZero();
    }
  }

  /** By proc(5), the 19th field of stat; the second one, the name, is in parentheses. */
  private static int nice(Jvm jvm, String thread) throws IOException {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + jvm.pid() + "/task"))) {
      for (Path task : tasks.toList()) {
        String stat = Files.readString(task.resolve("stat"));
        if (stat.contains("(" + thread + ")")) {
          return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
        }
      }
    }
    throw new AssertionError("no thread " + thread);
  }

  /** How long the JVM took to end after the program's last line. */
  private static long endMillis(Jvm jvm) {
    jvm.awaitLine("done");
    long done = System.nanoTime();
    assertThat(jvm.await()).isZero();
    return (System.nanoTime() - done) / 1_000_000;
  }

  private Jvm calls(String endpoint, int calls, int between) {
    return Jvm.of(Calls.class)
        .log(folder.resolve("calls.jsonl"))
        .variable("OTEL_TRACES_EXPORTER", "otlp")
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .arguments(calls, between)
        .start();
  }

  @Test
  void aCollectorThatIsNotThereCostsOneLineAndEachSpanIsCounted() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Jvm jvm = calls("http://127.0.0.1:" + port, 50, 50);

    assertThat(endMillis(jvm)).isLessThan(END_MILLIS);
    assertThat(jvm.lines("exchange")).hasSize(100);
    assertThat(jvm.lines("summary").get(0).get("spans_dropped").asLong()).isEqualTo(100);
    assertThat(jvm.stderr().lines().toList())
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .startsWith("httpaudit ")
                    .endsWith("; spans to http://127.0.0.1:" + port),
            trouble ->
                assertThat(trouble)
                    .isEqualTo(
                        "httpaudit: spans don't reach http://127.0.0.1:"
                            + port
                            + ": Connection refused"),
            last -> assertThat(last).endsWith("; 0 packet records lost, 100 spans dropped"));
  }

  /** It takes connections, and answers nothing, ever. */
  @Test
  void aSlowCollectorDelaysNoCallAndTheEndByItsBound() throws IOException {
    try (ServerSocket slow = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Jvm jvm = calls("http://127.0.0.1:" + slow.getLocalPort(), 2_000, 1);

      String[] calls = jvm.awaitLine("slowest ").split(" ");
      assertThat(endMillis(jvm)).isLessThan(END_MILLIS);
      // A call that had waited for the collector would take seconds.
      assertThat(Long.parseLong(calls[0])).isLessThan(1_500_000);
      assertThat(Long.parseLong(calls[2])).isLessThan(50_000);
      assertThat(jvm.lines("exchange")).hasSize(4_000);
      assertThat(jvm.lines("summary").get(0).get("spans_dropped").asLong()).isEqualTo(4_000);
      assertThat(jvm.stderr()).contains(", 4000 spans dropped\n");
    }
  }
}
