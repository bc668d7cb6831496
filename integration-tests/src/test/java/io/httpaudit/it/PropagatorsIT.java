package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.CarriedContexts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@code OTEL_PROPAGATORS}: whose context a request is taken to have, which fields are sent, and
 * that what was sent is found again, whatever the format.
 */
@Tag("abreast")
class PropagatorsIT {
  @TempDir Path folder;

  private final List<JsonNode> lines = new ArrayList<>();

  /** By path, the fields that a server was sent. */
  private final Map<String, Map<String, String>> sent = new TreeMap<>();

  private Jvm run(Jdk jdk, String propagators, String... options) {
    Jvm jvm =
        Jvm.of(CarriedContexts.class)
            .jdk(jdk)
            .options(options)
            .log(folder.resolve("audit.jsonl"))
            .variable("OTEL_PROPAGATORS", propagators)
            .run();
    lines.addAll(jvm.lines("exchange"));
    for (String line : jvm.stdout().split("\n")) {
      int space = line.indexOf(' ');
      int colon = line.indexOf(": ");
      if (colon > space && space > 0) {
        sent.computeIfAbsent(line.substring(0, space), path -> new TreeMap<>())
            .put(line.substring(space + 1, colon), line.substring(colon + 2).trim());
      }
    }
    return jvm;
  }

  private JsonNode line(String side, String path) {
    List<JsonNode> found =
        lines.stream()
            .filter(
                line ->
                    line.get("side").asText().equals(side)
                        && line.get("url").asText().endsWith(path))
            .toList();
    assertThat(found).as("%s %s", side, path).hasSize(1);
    return found.get(0);
  }

  private static String parent(JsonNode line) {
    return line.path("parent_span_id").asText("");
  }

  private static String trace(JsonNode line) {
    return line.get("trace_id").asText();
  }

  private static String span(JsonNode line) {
    return line.get("span_id").asText();
  }

  @ParameterizedTest
  @CsvSource({
    // of the formats 1 to 4, whose context holds; the fields that are sent
    "tracecontext,              1, traceparent",
    "b3,                        2, b3",
    "b3multi,                   2, x-b3-sampled x-b3-spanid x-b3-traceid",
    "jaeger,                    4, uber-trace-id",
    "'b3,jaeger,tracecontext',  1, b3 traceparent uber-trace-id",
    "'tracecontext,baggage,b3', 2, b3 traceparent",
  })
  void whatIsSentIsFoundAgainInEachFormat(String propagators, String holds, String fields) {
    judge(run(Jdk.current(), propagators), propagators, holds, fields);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void underTlsToo(Jdk jdk) {
    String formats = "tracecontext,baggage,b3,jaeger";
    Jvm jvm = run(jdk, formats, "-Dkeys=" + Keystore.in(folder));
    assertThat(lines).allSatisfy(line -> assertThat(line.get("url").asText()).startsWith("https:"));
    judge(jvm, formats, "4", "b3 traceparent uber-trace-id");
  }

  private void judge(Jvm jvm, String propagators, String holds, String fields) {
    String trace = holds.repeat(32);
    JsonNode in = line("server", "/in");
    assertThat(trace(in)).isEqualTo(trace);
    assertThat(parent(in)).isEqualTo(holds.repeat(16));
    JsonNode leaf = line("client", "/leaf");
    assertThat(trace(leaf)).isEqualTo(trace);
    assertThat(parent(leaf)).isEqualTo(span(in));
    for (String path : List.of("/leaf", "/url", "/http")) {
      JsonNode client = line("client", path);
      JsonNode server = line("server", path);
      assertThat(trace(server)).as(path).isEqualTo(trace(client));
      assertThat(parent(server)).as(path).isEqualTo(span(client));
      Map<String, String> of = new TreeMap<>(sent.get(path));
      String state = of.remove("tracestate");
      String baggage = of.remove("baggage");
      assertThat(String.join(" ", of.keySet())).as(path).isEqualTo(fields);
      assertThat(of.values().toString()).as(path).contains(span(client)).contains(trace(client));
      boolean passes = path.equals("/leaf") && holds.equals("1");
      assertThat(state).as(path).isEqualTo(passes ? "a=1,b=2" : null);
      assertThat(baggage)
          .as(path)
          .isEqualTo(path.equals("/leaf") && propagators.contains("baggage") ? "user=alice" : null);
    }
    assertThat(parent(line("client", "/url"))).isEmpty();
    assertThat(jvm.stderr().lines()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    "tracecontext, traceparent, 1",
    "b3, b3, 2",
    "jaeger, uber-trace-id, 4",
    "'jaeger,b3', uber-trace-id, 4",
    "'jaeger,b3', b3, 2",
  })
  void whatTheApplicationSetsItselfStays(String propagators, String field, String holds) {
    run(Jdk.current(), propagators);

    String path = "/own/" + field;
    assertThat(sent.get(path)).hasSize(1).containsKey(field);
    assertThat(sent.get(path).get(field)).startsWith(holds.equals("1") ? "00-1" : holds);
    JsonNode client = line("client", path);
    assertThat(trace(client)).isEqualTo(holds.repeat(32));
    assertThat(parent(client)).isEqualTo(holds.repeat(16));
    // Neither knows of the other: what the application has set is the parent of both.
    assertThat(parent(line("server", path))).isEqualTo(holds.repeat(16));
  }

  static List<Jdk> jdks() {
    return Jdk.few();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void withNoneNothingIsSentAndEachSpanIsARoot(Jdk jdk) {
    run(jdk, "none");

    assertThat(sent.keySet()).doesNotContain("/leaf", "/url", "/http");
    assertThat(lines).isNotEmpty().allMatch(line -> parent(line).isEmpty());
    assertThat(lines.stream().map(PropagatorsIT::trace).distinct()).hasSameSizeAs(lines);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void whatIsNotSpokenIsNamedOnce(Jdk jdk) {
    Jvm jvm = run(jdk, "xray,b3");

    assertThat(jvm.stderr().lines())
        .hasSize(3)
        .startsWith(
            "httpaudit: OTEL_PROPAGATORS can't be 'xray', it is tracecontext, baggage, b3, b3multi,"
                + " jaeger or none; 'b3' holds");
    assertThat(sent.get("/url")).containsOnlyKeys("b3");
  }
}
