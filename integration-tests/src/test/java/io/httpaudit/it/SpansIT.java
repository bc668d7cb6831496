package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.TracedCalls;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a user sees in Jaeger. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SpansIT {
  private static final String PARENT = "b7ad6b7169203331";

  @TempDir Path folder;

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

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  static String traceId() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  /** A span as the query API tells it. */
  record Span(JsonNode json) {
    String name() {
      return json.get("operationName").asText();
    }

    String id() {
      return json.get("spanID").asText();
    }

    String trace() {
      return json.get("traceID").asText();
    }

    String parent() {
      JsonNode references = json.get("references");
      return references.isEmpty() ? "" : references.get(0).get("spanID").asText();
    }

    long start() {
      return json.get("startTime").asLong();
    }

    long micros() {
      return json.get("duration").asLong();
    }

    /** Type and value of each. */
    Map<String, String> tags() {
      Map<String, String> tags = new TreeMap<>();
      json.get("tags")
          .forEach(
              tag ->
                  tags.put(
                      tag.get("key").asText(),
                      tag.get("type").asText() + " " + tag.get("value").asText()));
      return tags;
    }

    String tag(String key) {
      return tags().getOrDefault(key, "");
    }
  }

  private List<Span> spans(String service, int count) {
    return jaeger.spans(service, count).stream().map(Span::new).toList();
  }

  private Jvm traced(Jdk jdk, String service, String sampled, String unsampled, String phases) {
    return Jvm.of(TracedCalls.class)
        .jdk(jdk)
        .log(folder.resolve(service + ".jsonl"))
        .set("phases", phases)
        .variable("OTEL_TRACES_EXPORTER", "otlp")
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", jaeger.endpoint())
        .variable("OTEL_SERVICE_NAME", service)
        .arguments(sampled, unsampled)
        .run();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void everyExchangeIsASpanThatSaysWhatItsLineSays(Jdk jdk) {
    String service = "whole-" + jdk.feature();
    String sampled = traceId();
    String unsampled = traceId();
    Jvm jvm = traced(jdk, service, sampled, unsampled, "none");
    List<JsonNode> lines = new ArrayList<>(jvm.lines("exchange"));
    assertThat(lines).hasSize(14);
    // Joined and logged like any other, but no span.
    assertThat(lines.removeIf(line -> line.get("trace_id").asText().equals(unsampled))).isTrue();
    lines.addAll(jvm.lines("connection"));

    Map<String, Span> spans = new HashMap<>();
    spans(service, 13).forEach(span -> spans.put(span.id(), span));
    assertThat(spans).hasSize(13);
    for (JsonNode line : lines) {
      Span span = spans.get(line.get("span_id").asText());
      assertThat(span).as("span of %s", line).isNotNull();
      assertThat(span.trace()).isEqualTo(line.get("trace_id").asText());
      assertThat(span.parent()).isEqualTo(line.path("parent_span_id").asText(""));
      assertThat(span.parent()).isEqualTo(span.trace().equals(sampled) ? PARENT : "");
      assertThat(span.start()).isEqualTo(micros(line.get("time").asText()));
      assertThat(span.tags())
          .as("%s", line)
          .containsExactlyInAnyOrderEntriesOf(Expected.tags(line, span));
    }
    assertThat(jvm.lines("summary").get(0).get("spans_dropped").asLong()).isZero();
    assertThat(jvm.stderr().lines()).hasSize(2);
    process(service, jvm);
  }

  static long micros(String time) {
    java.time.Instant instant = java.time.Instant.parse(time);
    return instant.getEpochSecond() * 1_000_000 + instant.getNano() / 1_000;
  }

  private void process(String service, Jvm jvm) {
    JsonNode process =
        jaeger.get("/api/traces?service=" + service).get(0).get("processes").get("p1");
    Map<String, String> tags = new TreeMap<>();
    process
        .get("tags")
        .forEach(tag -> tags.put(tag.get("key").asText(), tag.get("value").asText()));

    assertThat(process.get("serviceName").asText()).isEqualTo(service);
    assertThat(tags)
        .containsEntry("process.pid", Long.toString(jvm.pid()))
        .containsEntry("telemetry.distro.name", "httpaudit")
        .containsEntry("telemetry.sdk.language", "java");
  }

  @Test
  void aRequestWithTraceparentIsThatTracesChildAtBothOfItsEndsWithWhatExplains() {
    String service = "auto";
    String sampled = traceId();
    traced(Jdk.current(), service, sampled, traceId(), "auto");

    List<Span> trace =
        spans(service, 16).stream().filter(span -> span.trace().equals(sampled)).toList();
    Span client = only(trace, "GET", "client");
    Span server = only(trace, "GET", "server");
    assertThat(client.parent()).isEqualTo(PARENT);
    assertThat(server.parent()).isEqualTo(PARENT);
    assertThat(children(trace, client)).extracting(Span::name).containsExactly("lag");
    assertThat(children(trace, server))
        .extracting(Span::name)
        .containsExactly("accept_wait", "read_wait");
    assertThat(trace).hasSize(5);
    assertThat(only(trace, "accept_wait", "internal").micros()).isBetween(60_000L, 160_000L);
    assertThat(only(trace, "read_wait", "internal").micros()).isBetween(40_000L, 140_000L);
    assertThat(only(trace, "lag", "internal").micros()).isBetween(20_000L, 120_000L);
    assertThat(client.tag("w3c.tracestate")).isEqualTo("string rojo=1");
    trace.forEach(
        span -> assertThat(span.json().get("warnings").toString()).doesNotContain("duration"));
  }

  @Test
  void allPhasesAreDrawnInOrderWithinTheirSpan() {
    String service = "all";
    String sampled = traceId();
    Jvm jvm = traced(Jdk.current(), service, sampled, traceId(), "all");
    int phases = 0;
    for (JsonNode line : jvm.lines("exchange")) {
      for (JsonNode millis : line.get("timings")) {
        phases += millis.asDouble() > 0 ? 1 : 0;
      }
    }
    assertThat(phases).isGreaterThan(40);

    List<Span> spans = spans(service, 13);
    for (Span own :
        spans.stream().filter(span -> !span.tag("span.kind").equals("string internal")).toList()) {
      List<Span> children = children(spans, own);
      long at = own.start();
      long sum = 0;
      for (Span child : children) {
        // Jaeger cuts nanoseconds off.
        assertThat(child.start()).isGreaterThanOrEqualTo(at - 1);
        at = child.start() + child.micros();
        sum += child.micros();
        assertThat(child.trace()).isEqualTo(own.trace());
        assertThat(child.json().get("warnings").isEmpty()).as("%s", child.json()).isTrue();
      }
      assertThat(at).isLessThanOrEqualTo(own.start() + own.micros() + 1);
      assertThat(sum).isLessThanOrEqualTo(own.micros());
    }
    Span server =
        only(spans.stream().filter(s -> s.trace().equals(sampled)).toList(), "GET", "server");
    assertThat(children(spans, server))
        .extracting(Span::name)
        .containsExactly("accept_wait", "read_wait", "process", "send");
  }

  private static Span only(List<Span> spans, String name, String kind) {
    List<Span> found =
        spans.stream()
            .filter(s -> s.name().equals(name) && s.tag("span.kind").equals("string " + kind))
            .toList();
    assertThat(found).as("%s %s of %s", kind, name, spans).hasSize(1);
    return found.get(0);
  }

  private static List<Span> children(List<Span> spans, Span parent) {
    return spans.stream()
        .filter(span -> span.parent().equals(parent.id()))
        .sorted(
            Comparator.comparingLong(Span::start)
                .thenComparingLong(span -> span.start() + span.micros()))
        .toList();
  }
}
