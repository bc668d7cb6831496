package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A trace as Jaeger shows it, beside the lines of the audit log that belong to it. */
final class DemoTrace {
  /** INTERFACE.md, Spans. */
  private static final Set<String> EXPLAINS =
      Set.of("blocked", "dns", "connect", "ssl", "queue", "accept_wait", "read_wait", "lag");

  /**
   * Each exchange takes a wall clock's offset of its own, and this machine's clock may be slewed.
   */
  private static final long CLOCKS_MICROS = 1_000;

  /** A span of an exchange or a connection, with the line that says the same. */
  record Told(SpansIT.Span span, JsonNode line, String service) {
    boolean isServer() {
      return line.get("side").asText().equals("server");
    }

    String path() {
      return URI.create(line.get("url").asText()).getPath();
    }

    long start() {
      return span.start();
    }

    long end() {
      return span.start() + span.micros();
    }

    /** An attribute in milliseconds. */
    double millis(String phase) {
      String tag = span.tag("httpaudit." + phase + "_ms");
      assertThat(tag).as("%s of %s", phase, line).startsWith("float64 ");
      return Double.parseDouble(tag.substring("float64 ".length()));
    }

    boolean has(String phase) {
      return !span.tag("httpaudit." + phase + "_ms").isEmpty();
    }

    String tag(String key) {
      String tag = span.tag(key);
      return tag.substring(tag.indexOf(' ') + 1);
    }

    /** Such as {@code shop server GET /basket}, {@code shop client shake hands: tls_failed}. */
    String text() {
      return service
          + (isServer() ? " server " : " client ")
          + (line.get("type").asText().equals("connection")
              ? (line.has("tls") ? "shake hands: " : "connect to " + tag("server.port") + ": ")
                  + line.get("outcome").asText()
              : line.get("method").asText() + " " + path());
    }
  }

  private final List<Told> told = new ArrayList<>();
  private final Map<String, List<SpansIT.Span>> phases = new HashMap<>();

  /** Fails if Jaeger does not show a span of each line. */
  static DemoTrace of(String id, List<JsonNode> lines, Jaeger jaeger) {
    Map<String, JsonNode> bySpan = new HashMap<>();
    for (JsonNode line : lines) {
      assertThat(bySpan.put(line.get("span_id").asText(), line)).as("twice: %s", line).isNull();
    }
    DemoTrace trace = new DemoTrace();
    Jvm.await(() -> spansOf(jaeger, id) >= lines.size(), 15);
    JsonNode shown = jaeger.get("/api/traces/" + id).get(0);
    for (JsonNode json : shown.get("spans")) {
      SpansIT.Span span = new SpansIT.Span(json);
      JsonNode service = shown.get("processes").get(json.get("processID").asText());
      trace.add(span, bySpan, service.get("serviceName").asText());
    }
    assertThat(trace.told).extracting(each -> each.span().id()).containsAll(bySpan.keySet());
    trace.told.sort(Comparator.comparingLong(Told::start));
    return trace;
  }

  /** Those of exchanges and connections. */
  private static int spansOf(Jaeger jaeger, String id) {
    int count = 0;
    for (JsonNode json : jaeger.get("/api/traces/" + id).get(0).get("spans")) {
      count += new SpansIT.Span(json).tag("span.kind").equals("string internal") ? 0 : 1;
    }
    return count;
  }

  private void add(SpansIT.Span span, Map<String, JsonNode> lines, String service) {
    assertThat(span.json().get("warnings").isEmpty()).as("%s", span.json()).isTrue();
    JsonNode line = lines.get(span.id());
    if (span.tag("span.kind").equals("string internal")) {
      phases.computeIfAbsent(span.parent(), parent -> new ArrayList<>()).add(span);
      line = lines.get(span.parent());
    } else {
      told.add(new Told(span, line, service));
    }
    assertThat(line).as("%s", span.json()).isNotNull();
    assertThat(line.get("service").asText()).isEqualTo(service);
  }

  /** Each by who called it, in the order in which they began. */
  String tree() {
    StringBuilder tree = new StringBuilder();
    children("", 0, tree);
    return tree.toString();
  }

  private void children(String parent, int depth, StringBuilder tree) {
    for (Told each : told) {
      if (each.span().parent().equals(parent)) {
        tree.append("  ".repeat(depth)).append(each.text()).append('\n');
        children(each.span().id(), depth + 1, tree);
      }
    }
  }

  /** Those that {@link Told#text} names so. */
  List<Told> all(String text) {
    return told.stream().filter(each -> each.text().equals(text)).toList();
  }

  Told only(String text) {
    List<Told> found = all(text);
    assertThat(found).as("%s in\n%s", text, tree()).hasSize(1);
    return found.get(0);
  }

  /** The span that a server's is the child of. */
  Told callOf(Told served) {
    return told.stream()
        .filter(each -> each.span().id().equals(served.span().parent()))
        .findAny()
        .orElseThrow();
  }

  /** The milliseconds of a phase that is drawn below a span; fails if it isn't. */
  double drawn(Told span, String phase) {
    List<SpansIT.Span> found =
        phases.getOrDefault(span.span().id(), List.of()).stream()
            .filter(each -> each.name().equals(phase))
            .toList();
    assertThat(found).as("%s below %s", phase, span.line()).hasSize(1);
    return found.get(0).micros() / 1e3;
  }

  /** Of all spans: what each says, and where it lies. */
  void isWholeAndSaysWhatTheLogSays() {
    assertThat(told.stream().filter(each -> each.span().parent().isEmpty()))
        .as("roots of\n%s", tree())
        .extracting(Told::service)
        .containsExactly("customer");
    for (Told each : told) {
      assertThat(each.line().get("verdict").asText()).as("%s", each.line()).isEqualTo("matched");
      spanSaysWhatItsLineSays(each);
      phasesFollowOneAnother(each);
      for (Told child : told) {
        if (child.span().parent().equals(each.span().id())) {
          liesWithin(child, each);
        }
      }
    }
  }

  private static void spanSaysWhatItsLineSays(Told each) {
    SpansIT.Span span = each.span();
    JsonNode line = each.line();
    assertThat(span.trace()).isEqualTo(line.get("trace_id").asText());
    assertThat(span.parent()).isEqualTo(line.path("parent_span_id").asText(""));
    assertThat(span.start()).isEqualTo(SpansIT.micros(line.get("time").asText()));
    Map<String, String> tags = span.tags();
    // No line knows of routes: the shop and stock have one a path, the bank's server has none.
    String route = tags.remove("http.route");
    assertThat(route)
        .as("%s", line)
        .isEqualTo(
            each.isServer() && !each.service().equals("bank") ? "string " + each.path() : null);
    assertThat(span.name())
        .isEqualTo(
            line.get("type").asText().equals("connection")
                ? "connect"
                : route == null ? "GET" : "GET " + each.path());
    assertThat(tags).containsExactlyInAnyOrderEntriesOf(Expected.tags(line, span));
    if (each.isServer()) {
      assertThat(each.end()).isCloseTo(line.get("response").get("last_us").asLong(), within(1L));
    }
  }

  private void phasesFollowOneAnother(Told each) {
    JsonNode line = each.line();
    line.get("timings").forEach(millis -> assertThat(millis.asDouble()).isNotNegative());
    List<SpansIT.Span> inOrder =
        phases.getOrDefault(each.span().id(), List.of()).stream()
            .sorted(Comparator.comparingLong(SpansIT.Span::start))
            .toList();
    assertThat(inOrder)
        .as("%s", line)
        .extracting(SpansIT.Span::name)
        .containsExactlyElementsOf(explaining(line, each.span().micros() / 1e3));
    long at = each.start() - 1;
    for (SpansIT.Span phase : inOrder) {
      assertThat(phase.start()).isGreaterThanOrEqualTo(at);
      at = phase.start() + phase.micros();
      assertThat(phase.micros() / 1e3)
          .isCloseTo(line.get("timings").get(phase.name()).asDouble(), within(0.002));
      assertThat(phase.trace()).isEqualTo(each.span().trace());
    }
    assertThat(at).isLessThanOrEqualTo(each.end() + 1);
  }

  /** Of the phases that explain, those of five milliseconds and of a twentieth of their span. */
  private static List<String> explaining(JsonNode line, double whole) {
    List<String> drawn = new ArrayList<>();
    line.get("timings")
        .properties()
        .forEach(
            timing -> {
              double millis = timing.getValue().asDouble();
              if (EXPLAINS.contains(timing.getKey()) && millis >= 5 && millis >= whole / 20) {
                drawn.add(timing.getKey());
              }
            });
    return drawn;
  }

  /**
   * A request reaches its server after its client sent it, and is over before the client has read
   * all; a handler calls after it has read what it is to do, and before it answers.
   */
  private static void liesWithin(Told child, Told parent) {
    long from =
        child.isServer()
            ? parent.line().get("request").get("first_us").asLong()
            : parent.line().get("request").get("last_us").asLong();
    assertThat(child.isServer()).as("%s in %s", child, parent).isEqualTo(!parent.isServer());
    assertThat(child.start())
        .as("%s in %s", child.text(), parent.text())
        .isGreaterThanOrEqualTo(from - CLOCKS_MICROS);
    assertThat(child.end())
        .as("%s in %s", child.text(), parent.text())
        .isLessThanOrEqualTo(parent.end() + CLOCKS_MICROS);
  }
}
