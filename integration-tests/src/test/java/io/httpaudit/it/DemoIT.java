package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** README's first command, whole, as a user runs it. */
class DemoIT {
  private static final Path ROOT =
      Jvm.agentJar().toAbsolutePath().getParent().getParent().getParent();
  private static final Path SCRIPT = ROOT.resolve("demo-app/run.sh");

  /** INTERFACE.md, Spans. */
  private static final Set<String> EXPLAINS =
      Set.of("blocked", "dns", "connect", "ssl", "queue", "accept_wait", "read_wait", "lag");

  @TempDir Path folder;

  /** In the environment of the demo and of all that it starts. */
  private final String mark = "HTTPAUDIT_IT_DEMO=" + UUID.randomUUID();

  private long pid;

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  @BeforeEach
  void needsRoot() throws IOException {
    assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0),
        "needs root, for a network namespace");
    assumeTrue(Command.exists("ip"), "needs ip (iproute2)");
  }

  private Process start(Jdk jdk, String... arguments) throws IOException {
    return start(jdk, Stream.concat(Stream.of(SCRIPT.toString()), Stream.of(arguments)).toList());
  }

  private Process start(Jdk jdk, List<String> command) throws IOException {
    return start(jdk, command, Map.of("OTEL_TRACES_EXPORTER", "none"));
  }

  private Process start(Jdk jdk, List<String> command, Map<String, String> variables)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", jdk.home().toString());
    builder.environment().putAll(variables);
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("TMPDIR", folder.toString());
    builder
        .environment()
        .put(mark.substring(0, mark.indexOf('=')), mark.substring(mark.indexOf('=') + 1));
    Process process = builder.start();
    process.getOutputStream().close();
    pid = process.pid();
    return process;
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void itShowsBothEndsOfEachOrderAndLeavesNothing(Jdk jdk) throws Exception {
    Path log = folder.resolve("audit.jsonl");

    Process demo = start(jdk, "--log", log.toString());
    Command.Collector output = new Command.Collector(demo.getInputStream());
    assertThat(demo.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String text = output.text();

    assertThat(demo.exitValue()).as(text).isZero();
    assertThat(text)
        .contains("tier 1 (kernel filter)")
        .doesNotContain("WARNING", "Exception", "loopback only");
    List<JsonNode> exchanges =
        Jvm.lines(log).stream()
            .filter(line -> line.get("type").asText().equals("exchange"))
            .toList();
    assertThat(exchanges)
        .as(text)
        .allSatisfy(line -> assertThat(line.get("verdict").asText()).isEqualTo("matched"));
    assertThat(text)
        .containsPattern("\n" + exchanges.size() + " views of exchanges by 2 processes");
    // Each order has the trace that the customer gave it, at all three ends.
    List<String> traces = orders(text);
    assertThat(traces)
        .allSatisfy(
            trace ->
                assertThat(
                        of(exchanges, trace)
                            .map(
                                line ->
                                    line.get("service").asText() + " " + line.get("side").asText()))
                    .containsExactlyInAnyOrder("shop server", "shop client", "stock server"));
    theLastOrderLayUnread(exchanges, traces.get(traces.size() - 1));
    // Over loopback, and over the veth pair.
    assertThat(
            exchanges.stream()
                .map(line -> line.get("interface").asText())
                .collect(Collectors.toSet()))
        .isEqualTo(Set.of("lo", cable()));
    assertThat(text).doesNotContain("card=4111111111111111 →").contains("card=REDACTED →");
    nothingIsLeft();
  }

  /** Every span of the demo, whole: those of its exchanges, and the phases that explain. */
  @Test
  void whatJaegerShowsIsWhatTheLogSays(@TempDir Path config) throws Exception {
    try (Jaeger jaeger = Jaeger.start(config)) {
      Path log = folder.resolve("audit.jsonl");
      Process demo =
          start(
              Jdk.current(),
              List.of(SCRIPT.toString(), "--log", log.toString()),
              Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", jaeger.endpoint(), "JAEGER_UI", jaeger.ui()));
      Command.Collector output = new Command.Collector(demo.getInputStream());
      assertThat(demo.waitFor(2, TimeUnit.MINUTES)).isTrue();
      assertThat(demo.exitValue()).as(output.text()).isZero();

      Map<String, JsonNode> lines = new HashMap<>();
      for (JsonNode line : Jvm.lines(log)) {
        if (line.has("span_id")) {
          lines.put(line.get("span_id").asText(), line);
        }
      }
      for (String service : List.of("shop", "stock")) {
        int told = (int) lines.values().stream().filter(line -> isOf(line, service)).count();
        assertThat(told).isPositive();
        jaeger.spans(service, told);
      }
      Map<String, SpansIT.Span> own = new HashMap<>();
      Map<String, List<SpansIT.Span>> phases = new HashMap<>();
      for (String id : traces(lines.values())) {
        JsonNode trace = jaeger.get("/api/traces/" + id).get(0);
        for (JsonNode json : trace.get("spans")) {
          SpansIT.Span span = new SpansIT.Span(json);
          if (span.tag("span.kind").equals("string internal")) {
            phases.computeIfAbsent(span.parent(), parent -> new ArrayList<>()).add(span);
          } else {
            assertThat(own.put(span.id(), span)).as("twice: %s", json).isNull();
          }
          JsonNode line = lines.get(lines.containsKey(span.id()) ? span.id() : span.parent());
          assertThat(line).as("%s", json).isNotNull();
          assertThat(trace.get("processes").get(json.get("processID").asText()).get("serviceName"))
              .isEqualTo(line.get("service"));
        }
      }
      assertThat(own.keySet()).isEqualTo(lines.keySet());
      assertThat(own.keySet()).containsAll(phases.keySet());
      lines.forEach(
          (id, line) ->
              spanSaysWhatItsLineSays(own.get(id), line, phases.getOrDefault(id, List.of())));
      for (String trace : orders(output.text())) {
        assertThat(output.text()).contains(jaeger.ui() + "/trace/" + trace);
        assertThat(own.values().stream().filter(span -> span.trace().equals(trace)))
            .extracting(span -> span.tag("span.kind"))
            .containsExactlyInAnyOrder("string server", "string client", "string server");
      }
    }
  }

  private static Set<String> traces(Collection<JsonNode> lines) {
    return lines.stream().map(line -> line.get("trace_id").asText()).collect(Collectors.toSet());
  }

  private static boolean isOf(JsonNode line, String service) {
    return line.get("service").asText().equals(service);
  }

  private static void spanSaysWhatItsLineSays(
      SpansIT.Span span, JsonNode line, List<SpansIT.Span> phases) {
    assertThat(span.name()).isEqualTo(line.get("method").asText());
    assertThat(span.trace()).isEqualTo(line.get("trace_id").asText());
    assertThat(span.parent()).isEqualTo(line.path("parent_span_id").asText(""));
    assertThat(span.start()).isEqualTo(SpansIT.micros(line.get("time").asText()));
    assertThat(span.tags()).containsExactlyInAnyOrderEntriesOf(Expected.tags(line, span));

    if (line.get("side").asText().equals("server")) {
      assertThat(span.start() + span.micros())
          .isCloseTo(line.get("response").get("last_us").asLong(), within(1L));
    }

    List<SpansIT.Span> inOrder =
        phases.stream().sorted(Comparator.comparingLong(SpansIT.Span::start)).toList();
    assertThat(inOrder)
        .as("%s", line)
        .extracting(SpansIT.Span::name)
        .containsExactlyElementsOf(drawn(line, span.micros() / 1e3));
    long at = span.start() - 1;
    for (SpansIT.Span phase : inOrder) {
      assertThat(phase.start()).isGreaterThanOrEqualTo(at);
      at = phase.start() + phase.micros();
      assertThat(phase.micros() / 1e3)
          .isCloseTo(line.get("timings").get(phase.name()).asDouble(), within(0.002));
      assertThat(phase.trace()).isEqualTo(span.trace());
    }
    assertThat(at).isLessThanOrEqualTo(span.start() + span.micros() + 1);
  }

  /** Of the phases that explain, those of a millisecond and of a twentieth of their span. */
  private static List<String> drawn(JsonNode line, double whole) {
    List<String> drawn = new ArrayList<>();
    line.get("timings")
        .properties()
        .forEach(
            timing -> {
              double millis = timing.getValue().asDouble();
              if (EXPLAINS.contains(timing.getKey()) && millis >= 1 && millis >= whole / 20) {
                drawn.add(timing.getKey());
              }
            });
    return drawn;
  }

  private static List<String> orders(String text) {
    List<String> orders =
        text.lines()
            .filter(line -> line.matches("  [0-9a-f]{32}  GET .*"))
            .map(line -> line.substring(2, 34))
            .toList();
    assertThat(orders).hasSizeGreaterThanOrEqualTo(3).doesNotHaveDuplicates();
    return orders;
  }

  private static Stream<JsonNode> of(List<JsonNode> exchanges, String trace) {
    return exchanges.stream().filter(line -> line.get("trace_id").asText().equals(trace));
  }

  /** What the demo is for: the handler believes 5 ms, the caller waited many times that. */
  private static void theLastOrderLayUnread(List<JsonNode> exchanges, String trace) {
    JsonNode server =
        of(exchanges, trace)
            .filter(line -> line.get("service").asText().equals("stock"))
            .findAny()
            .orElseThrow();
    JsonNode client =
        of(exchanges, trace)
            .filter(line -> line.get("side").asText().equals("client"))
            .findAny()
            .orElseThrow();
    double unread = server.get("timings").get("read_wait").asDouble();
    double handler = server.get("timings").get("process").asDouble();
    assertThat(unread).isBetween(20.0, 200.0);
    assertThat(handler).isBetween(5.0, 60.0);
    assertThat(client.get("timings").get("wait").asDouble())
        .isBetween(unread + handler - 1, unread + handler + 60);
  }

  private String cable() {
    return "had" + pid + "a";
  }

  private void nothingIsLeft() throws IOException {
    assertThat(Command.run("ip", "netns", "list")).doesNotContain("httpaudit-demo-" + pid);
    assertThat(Command.run("ip", "-o", "link", "show")).doesNotContain(cable());
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.filter(file -> !file.endsWith("audit.jsonl"))).isEmpty();
    }
    assertThat(marked()).isEmpty();
  }

  /** Pids of processes that carry the mark. */
  private List<String> marked() throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      return processes
          .map(path -> path.getFileName().toString())
          .filter(name -> name.matches("\\d+"))
          .filter(this::isMarked)
          .toList();
    }
  }

  private boolean isMarked(String pid) {
    try {
      byte[] environment = Files.readAllBytes(Path.of("/proc", pid, "environ"));
      return new String(environment, StandardCharsets.ISO_8859_1).contains(mark);
    } catch (IOException e) {
      // It has ended.
      return false;
    }
  }

  @Test
  void keptUpItEndsWithATerminationAndLeavesNothing() throws Exception {
    Process demo = start(Jdk.current(), "--keep");
    try {
      Command.Collector output = new Command.Collector(demo.getInputStream());
      Jvm.await(() -> output.soFar().contains("stay up until Ctrl-C"), 60);
      Jvm.await(() -> output.soFar().contains(" report "), 5);
      // The orders are served still, and the agents have said no last word.
      String url =
          output
              .soFar()
              .lines()
              .filter(line -> line.startsWith("  curl "))
              .findAny()
              .orElseThrow()
              .substring(7);
      assertThat(
              new String(
                  java.net.URI.create(url).toURL().openStream().readAllBytes(),
                  StandardCharsets.US_ASCII))
          .isEqualTo("reserved\n");
      assertThat(output.soFar())
          .contains("shop: httpaudit 0.1.0: auditing")
          .doesNotContain("shop: httpaudit: ");
    } finally {
      demo.destroy();
    }
    assertThat(demo.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(demo.exitValue()).isEqualTo(143);
    nothingIsLeft();
  }

  /** What is built, where any user may read it: the sources' own folder may be closed to others. */
  private Path aCopyForEveryone() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    for (String built :
        List.of("agent/target/httpaudit.jar", "demo-app/run.sh", "demo-app/target/classes")) {
      Path copy = folder.resolve("copy").resolve(built);
      Files.createDirectories(copy.getParent());
      Command.run("cp", "-r", ROOT.resolve(built).toString(), copy.toString());
    }
    Command.run("chmod", "-R", "a+rX", folder.resolve("copy").toString());
    return folder.resolve("copy/demo-app/run.sh");
  }

  @Test
  void withoutRightsItShowsWhatIsLeftAndSaysSo() throws Exception {
    List<String> command =
        List.of(
            "setpriv",
            "--reuid=1000",
            "--regid=1000",
            "--clear-groups",
            "--inh-caps=-all",
            "--bounding-set=-all",
            aCopyForEveryone().toString());

    Process demo = start(Jdk.current(), command);
    String text = new String(demo.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(demo.waitFor()).as(text).isZero();
    assertThat(text)
        .contains(
            "rights   tier 3 (TCP_INFO): CAP_NET_RAW and CAP_BPF missing",
            "network  loopback only: an outside interface of its own needs root",
            "nothing here says where the\nothers went")
        .containsPattern("\n[0-9]+ views of exchanges by 2 processes")
        .containsPattern(
            "\n  inferred +[0-9]+  \\(tcp_info [0-9]+\\)\n  packet records lost     0\n")
        .doesNotContain("read_wait    ", ", matched, ", "can't");
    Command.run("rm", "-r", folder.resolve("copy").toString());
    nothingIsLeft();
  }

  @Test
  void anUnknownOptionIsNamed() throws Exception {
    Process demo = start(Jdk.current(), "--kep");
    String text = new String(demo.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(demo.waitFor()).isEqualTo(2);
    assertThat(text).startsWith("demo: unknown option '--kep'\n");
  }
}
