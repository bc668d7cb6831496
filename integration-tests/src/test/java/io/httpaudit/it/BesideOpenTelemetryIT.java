package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.httpaudit.it.SpansIT.Span;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Where the application has OpenTelemetry already, its HTTP spans say what the packets say, and all
 * else of them is as it was without us: each test compares whole traces in a real Jaeger.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BesideOpenTelemetryIT {
  private static final String MAIN = "io.httpaudit.beside.Orders";
  private static final String FIRST_CALL = "io.httpaudit.beside.FirstCall";
  private static final int ORDERS = 40 * Integer.getInteger("volume", 1);
  private static final int AT_ONCE = 8;

  /** What differs from run to run: threads, ports, and what is made of ports. */
  private static final Set<String> VARYING =
      Set.of(
          "thread.id",
          "thread.name",
          "server.port",
          "network.peer.port",
          "client.port",
          "url.full",
          "otel.scope.version",
          "service.instance.id",
          "process.pid");

  /** Where the conventions have a name for what we add, and their span lacks it. */
  private static final Set<String> ADDED =
      Set.of("network.peer.address", "network.peer.port", "network.interface.name");

  @TempDir Path folder;

  private final Map<String, List<String>> bare = new HashMap<>();
  private Jaeger jaeger;

  @BeforeAll
  void start(@TempDir Path config) {
    jaeger = Jaeger.start(config);
  }

  @AfterAll
  void end() {
    if (jaeger != null) {
      jaeger.close();
    }
  }

  /** How the application has its OpenTelemetry. */
  enum Way {
    AGENT_BEHIND_OURS("agent", 4),
    AGENT_BEFORE_OURS("agent", 4),
    /** With the SDK 1.43, which is another one within; it doesn't know the JDK's server. */
    OLDER_AGENT("older-agent", 2),
    OWN_SDK("own", 3),
    AUTOCONFIGURED("autoconfigure", 3),
    SPRING_STARTER("", 3),
    NONE("none", 0);

    final String argument;

    /** Spans an order: the customer's call is one by the agent alone. */
    final int spans;

    Way(String argument, int spans) {
      this.argument = argument;
      this.spans = spans;
    }

    /** OpenTelemetry's agent, or empty. */
    String option() {
      String jar = System.getProperty("otel." + argument.replace('-', '.'));
      return jar == null ? "" : "-javaagent:" + jar;
    }
  }

  record Case(Way way, Jdk jdk) {
    @Override
    public String toString() {
      return way + ", " + jdk;
    }
  }

  static List<Case> cases() {
    return Stream.of(Way.values())
        .filter(way -> way != Way.NONE)
        .flatMap(
            way ->
                Jdk.all().stream()
                    // An agent of its time.
                    .filter(jdk -> way != Way.OLDER_AGENT || jdk.feature() == 17)
                    .map(jdk -> new Case(way, jdk)))
        .toList();
  }

  private Jvm.Setup program(Case on, String main, String service) {
    String classes = System.getProperty("beside");
    Jvm.Setup program =
        on.way() == Way.SPRING_STARTER
            ? Jvm.of("").options("-jar", System.getProperty("starter"))
            : Jvm.of(main)
                .options("-cp", classes + "/classes" + File.pathSeparator + classes + "/lib/*")
                .arguments(on.way().argument);
    return program
        .jdk(on.jdk())
        .variable("OTEL_TRACES_EXPORTER", "otlp")
        .variable("OTEL_METRICS_EXPORTER", "none")
        .variable("OTEL_LOGS_EXPORTER", "none")
        .variable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", jaeger.endpoint())
        .variable("OTEL_SERVICE_NAME", service);
  }

  private Jvm.Setup without(Case on, String service) {
    Jvm.Setup setup = program(on, MAIN, service).withoutAgent();
    return on.way().option().isEmpty() ? setup : setup.options(on.way().option());
  }

  private Jvm.Setup with(Case on, String service) {
    return with(on, MAIN, service);
  }

  private Jvm.Setup with(Case on, String main, String service) {
    Jvm.Setup setup = program(on, main, service).log(folder.resolve(service + ".jsonl"));
    return switch (on.way()) {
      case AGENT_BEHIND_OURS, OLDER_AGENT -> setup.options(on.way().option());
      case AGENT_BEFORE_OURS -> setup.optionsBefore(on.way().option());
      case OWN_SDK, AUTOCONFIGURED, SPRING_STARTER, NONE -> setup;
    };
  }

  /** All, once so many of them are of HTTP: phases come beside those. */
  private List<Span> spans(String service, int count) {
    List<Span> spans = new ArrayList<>();
    Jvm.await(
        () -> {
          spans.clear();
          jaeger.spans(service, count).forEach(span -> spans.add(new Span(span)));
          return spans.stream().filter(BesideOpenTelemetryIT::isHttp).count() >= count;
        },
        15);
    return spans;
  }

  private static boolean isHttp(Span span) {
    return span.tags().containsKey("http.request.method");
  }

  private static boolean isOurs(Span span) {
    return span.tag("otel.scope.name").equals("string io.httpaudit");
  }

  /** Name, kind and attributes, but for what varies and what we add. */
  private static String shape(Span span) {
    Map<String, String> tags = new TreeMap<>(span.tags());
    tags.keySet()
        .removeIf(
            key -> VARYING.contains(key) || ADDED.contains(key) || key.startsWith("httpaudit."));
    return span.name() + tags;
  }

  /** Each trace as a tree, of what others than we have made. */
  private static List<String> shapes(List<Span> spans) {
    Map<String, List<Span>> children = new HashMap<>();
    Set<String> ids = spans.stream().map(Span::id).collect(Collectors.toSet());
    for (Span span : spans) {
      String parent = ids.contains(span.parent()) ? span.parent() : "";
      children.computeIfAbsent(parent, id -> new ArrayList<>()).add(span);
    }
    return children.getOrDefault("", List.of()).stream()
        .map(root -> tree(root, children))
        .sorted()
        .toList();
  }

  private static String tree(Span span, Map<String, List<Span>> children) {
    return shape(span)
        + children.getOrDefault(span.id(), List.of()).stream()
            .filter(child -> !isOurs(child))
            .map(child -> tree(child, children))
            .sorted()
            .toList();
  }

  /** By both orders of the agents they are the same. */
  private List<String> shapesWithout(Case on, int count) {
    String service = "bare-" + on.way().argument + "-" + on.jdk().feature();
    return bare.computeIfAbsent(
        service,
        name -> {
          without(on, name).arguments(ORDERS, AT_ONCE, 0).run();
          return shapes(spans(name, count));
        });
  }

  @ParameterizedTest
  @MethodSource("cases")
  void itsTracesAreAsWithoutUsAndSayWhatThePacketsSay(Case on) {
    String service = "with-" + on.way() + "-" + on.jdk().feature();
    int count = ORDERS * on.way().spans;
    Jvm jvm = with(on, service).set("phases", "all").arguments(ORDERS, AT_ONCE, 0).run();

    List<Span> spans = spans(service, count);
    List<Span> http = spans.stream().filter(BesideOpenTelemetryIT::isHttp).toList();
    assertThat(shapes(spans)).isEqualTo(shapesWithout(on, count));
    assertThat(http).hasSize(count);

    // Each of them says what its exchange's line says, and there is one line for it.
    Map<String, JsonNode> lines = new HashMap<>();
    for (JsonNode line : jvm.lines("exchange")) {
      if (line.has("span_id")) {
        assertThat(lines.put(line.get("span_id").asText(), line)).isNull();
      }
    }
    assertThat(lines).hasSize(count);
    for (Span span : http) {
      JsonNode line = lines.get(span.id());
      assertThat(line).as("line of %s", span.json()).isNotNull();
      assertThat(span.trace()).isEqualTo(line.get("trace_id").asText());
      assertThat(span.parent()).isEqualTo(line.path("parent_span_id").asText(""));
      assertThat(span.tag("span.kind")).isEqualTo("string " + line.get("side").asText());
      Map<String, String> expected = Expected.facts(line, span);
      assertThat(expected).containsEntry("httpaudit.verdict", "string matched");
      Map<String, String> otherwise = new TreeMap<>(expected);
      otherwise.entrySet().removeAll(span.tags().entrySet());
      assertThat(otherwise).as("what %s lacks of %s", span.json(), line).isEmpty();
    }

    // Each phase is a child of the span whose exchange has it, within the line's figures.
    Map<String, Span> byId = new HashMap<>();
    http.forEach(span -> byId.put(span.id(), span));
    List<Span> phases = spans.stream().filter(BesideOpenTelemetryIT::isOurs).toList();
    assertThat(phases).hasSizeGreaterThan(count);
    for (Span phase : phases) {
      JsonNode line = lines.get(phase.parent());
      assertThat(byId).as("parent of %s", phase.json()).containsKey(phase.parent());
      double millis = line.get("timings").get(phase.name()).asDouble();
      assertThat(phase.micros() / 1e3).isBetween(millis - 0.002, millis + 0.002);
    }
    JsonNode summary = jvm.lines("summary").get(0);
    assertThat(summary.get("spans_enriched").asLong()).isEqualTo(count);
    assertThat(summary.has("spans_not_enriched")).isFalse();
    assertThat(summary.has("faults")).isFalse();
    assertThat(jvm.stderr().lines().filter(line -> line.startsWith("httpaudit"))).hasSize(2);
  }

  private static Case autoconfigured() {
    return new Case(Way.AUTOCONFIGURED, Jdk.current());
  }

  @Test
  void whatIsNotKnownInTimeGoesOnUnchanged() {
    // A CLIENT span ends with the head; the body goes on for longer than it is held.
    Jvm jvm =
        with(autoconfigured(), "late").set("spans.hold", "300ms").arguments(1, 1, 1_500).run();

    List<Span> spans = spans("late", 3);
    List<Span> clients =
        spans.stream().filter(span -> span.tag("span.kind").equals("string client")).toList();
    assertThat(clients).hasSize(1);
    assertThat(clients.get(0).tags().keySet()).noneMatch(key -> key.startsWith("httpaudit."));
    assertThat(spans.stream().filter(span -> span.tags().containsKey("httpaudit.verdict")))
        .hasSize(2);
    assertThat(jvm.lines("summary").get(0).get("spans_not_enriched").asLong()).isEqualTo(1);
  }

  @Test
  void whatIsHeldWhenTheSdkIsShutDownIsNotLost() {
    // The order is answered before stock's answer is over: the JVM ends while its span is held.
    Jvm jvm = with(autoconfigured(), "shutdown").set("spans.hold", "60s").arguments(20, 4, 0).run();

    assertThat(spans("shutdown", 60).stream().filter(BesideOpenTelemetryIT::isHttp)).hasSize(60);
    assertThat(jvm.lines("summary").get(0).get("spans_enriched").asLong()).isEqualTo(60);
  }

  @Test
  void whatItsSamplerLeavesOutIsAuditedAndNoSpan() {
    Jvm jvm =
        with(autoconfigured(), "unsampled")
            .variable("OTEL_TRACES_SAMPLER", "always_off")
            .arguments(4, 1, 0)
            .run();

    assertThat(jvm.lines("exchange")).hasSize(16).noneMatch(line -> line.has("span_id"));
    assertThat(jaeger.get("/api/traces?service=unsampled")).isEmpty();
  }

  @Test
  void withoutACollectorNobodyWaits() {
    Jvm jvm =
        with(autoconfigured(), "nowhere")
            .variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
            .arguments(4, 1, 0)
            .run();

    assertThat(jvm.lines("summary").get(0).get("spans_enriched").asLong()).isEqualTo(12);
    assertThat(jvm.stderr().lines().filter(line -> line.startsWith("httpaudit"))).hasSize(2);
  }

  @Test
  void ifOursAreAskedForTheyStandBesideTheirs() {
    Jvm jvm = with(autoconfigured(), "own").set("spans", "own").arguments(2, 1, 0).run();

    // Three of theirs an order, four of ours, and ours of what their exporter sends.
    List<Span> http =
        spans("own", 2 * (3 + 4)).stream()
            .filter(BesideOpenTelemetryIT::isHttp)
            .filter(span -> !span.tag("url.full").endsWith("/v1/traces"))
            .toList();
    assertThat(http).hasSize(14);
    assertThat(http.stream().filter(span -> span.tags().containsKey("httpaudit.verdict")))
        .hasSize(8);
    assertThat(jvm.lines("summary").get(0).has("spans_enriched")).isFalse();
  }

  /** Theirs first, its classes are woven beside the application's start. */
  @ParameterizedTest
  @EnumSource(names = {"AGENT_BEHIND_OURS", "AGENT_BEFORE_OURS"})
  void whatIsAskedAtOnceIsToldOnce(Way way) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    server.start();
    try {
      Jvm jvm =
          with(new Case(way, Jdk.current()), FIRST_CALL, "first-" + way)
              .arguments("http://127.0.0.1:" + server.getAddress().getPort() + "/first")
              .run();

      // And one of theirs, to Jaeger.
      assertThat(jvm.lines("exchange")).hasSize(2);
      assertThat(spans("first-" + way, 1)).filteredOn(BesideOpenTelemetryIT::isHttp).hasSize(1);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void ifTheirsAreAskedForAndThereAreNoneNoneAreMade() {
    Jvm jvm =
        with(new Case(Way.NONE, Jdk.current()), "none")
            .set("spans", "enrich")
            .arguments(2, 1, 0)
            .run();

    assertThat(jvm.lines("exchange")).hasSize(8).noneMatch(line -> line.has("span_id"));
    assertThat(jaeger.get("/api/traces?service=none")).isEmpty();
    assertThat(jvm.stderr()).contains("enriching OpenTelemetry's spans");
  }
}
