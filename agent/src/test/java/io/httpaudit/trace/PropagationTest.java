package io.httpaudit.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.http.FieldNames;
import io.httpaudit.http.Head;
import io.httpaudit.http.MessageListener;
import io.httpaudit.http.MessageParser;
import io.httpaudit.http.Requests;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.api.baggage.BaggageEntry;
import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.propagation.internal.W3CTraceContextEncoding;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The oracle is OpenTelemetry: its own propagators, as its SDK configures them. */
class PropagationTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String SPAN = "b7ad6b7169203331";

  /** What fields are made of, whole and, once changed, broken. */
  private static final String[][] VALUES = {
    {
      "traceparent",
      "00-" + TRACE + "-" + SPAN + "-01",
      "00-" + TRACE + "-" + SPAN + "-02",
      "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more"
    },
    {"tracestate", "rojo=00f067aa0ba902b7", "a=1,b@c=2", "a=1 , b=2", "a=,b", "a"},
    {"baggage", "user=alice", "user=alice;secret,other=b%20c", "=", "a"},
    {
      "b3",
      TRACE + "-" + SPAN + "-1",
      TRACE + "-" + SPAN,
      "8448eb211c80319c-" + SPAN + "-d-00f067aa0ba902b7",
      TRACE + "-" + SPAN + "-true-",
      "0",
      "d"
    },
    {"x-b3-traceid", "463ac35c9f6413ad48485a3953bb6124", "48485a3953bb6124"},
    {"x-b3-spanid", "a2fb4a1d1a96d312"},
    {"x-b3-sampled", "1", "0", "true", "TRUE", "d"},
    {"x-b3-flags", "1", "0"},
    {
      "uber-trace-id",
      TRACE + ":" + SPAN + ":0:1",
      "1:2:3:3",
      TRACE + "%3A" + SPAN + "%3a0%3A1",
      "48485a3953bb6124:a2fb::+1:",
      "1:2:3:10",
      "1:2:3:-1"
    },
  };

  private static final String LETTERS = "0123456789abcdefABCDgxtTd-:%+,;= 00ff--::";

  private static TextMapPropagator configuredBySdk(String names) {
    Map<String, String> properties =
        Map.of(
            "otel.propagators", names,
            "otel.traces.exporter", "none",
            "otel.metrics.exporter", "none",
            "otel.logs.exporter", "none");
    var sdk =
        AutoConfiguredOpenTelemetrySdk.builder()
            .disableShutdownHook()
            .addPropertiesSupplier(() -> properties)
            .build()
            .getOpenTelemetrySdk();
    sdk.close();
    return sdk.getPropagators().getTextMapPropagator();
  }

  private static final TextMapGetter<Map<String, String>> GETTER =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Map<String, String> carrier) {
          return carrier.keySet();
        }

        @Override
        public String get(Map<String, String> carrier, String key) {
          return carrier.get(key);
        }
      };

  private static final Propagation.Fields<Map<String, String>> FIELDS =
      new Propagation.Fields<>() {
        @Override
        public String get(Map<String, String> request, String name) {
          return request.get(name);
        }

        @Override
        public void set(Map<String, String> request, String name, String value) {
          request.put(name, value);
        }
      };

  private static Propagation ours(String names) {
    List<String> complaints = new ArrayList<>();
    Propagation propagation = Propagation.of(names, complaints);
    assertThat(complaints).isEmpty();
    return propagation;
  }

  /** What a request carries, in words that the oracle can be asked for, too. */
  private record Carried(
      boolean valid,
      String traceId,
      String spanId,
      boolean sampled,
      Map<String, String> state,
      Map<String, BaggageEntry> baggage) {}

  private static Carried found(Context context) {
    SpanContext span = Span.fromContext(context).getSpanContext();
    return new Carried(
        span.isValid(),
        span.getTraceId(),
        span.getSpanId(),
        span.isSampled(),
        new TreeMap<>(span.getTraceState().asMap()),
        new TreeMap<>(Baggage.fromContext(context).asMap()));
  }

  /** Reads a request as the agent does: its bytes. */
  private static Carried found(Propagation propagation, List<String[]> fields) {
    StringBuilder request = new StringBuilder("GET / HTTP/1.1\r\n");
    for (String[] field : fields) {
      request.append(field[0]).append(": ").append(field[1]).append("\r\n");
    }
    byte[] bytes = request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    Carried[] found = new Carried[1];
    MessageListener listener =
        new MessageListener() {
          @Override
          public FieldNames names() {
            return propagation.names();
          }

          @Override
          public void started(long offset) {}

          @Override
          public void head(Head head) {
            propagation.extract(head);
            found[0] = carried(head);
          }

          @Override
          public void ended(long index, long end, boolean proven) {}

          @Override
          public void boundaryUnknown(Head head, long offset) {}

          @Override
          public void upgraded(long offset, boolean http2) {}

          @Override
          public boolean secured(long offset) {
            return true;
          }
        };
    MessageParser.ofRequests(new Requests(), listener).parse(bytes, 0, bytes.length);
    assertThat(found[0]).as(request.toString()).isNotNull();
    return found[0];
  }

  private static Carried carried(Head head) {
    String state = text(head, head.stateOffset, head.stateLength);
    String baggage = text(head, head.baggageOffset, head.baggageLength);
    Context carried =
        W3CBaggagePropagator.getInstance()
            .extract(
                Context.root(), baggage.isEmpty() ? Map.of() : Map.of("baggage", baggage), GETTER);
    boolean valid = head.parent != 0;
    return new Carried(
        valid,
        valid ? SpanIds.hex(head.traceHigh) + SpanIds.hex(head.traceLow) : "0".repeat(32),
        valid ? SpanIds.hex(head.parent) : "0".repeat(16),
        valid && head.sampled,
        new TreeMap<>(decoded(state).asMap()),
        new TreeMap<>(Baggage.fromContext(carried).asMap()));
  }

  private static TraceState decoded(String state) {
    try {
      return state.isEmpty()
          ? TraceState.getDefault()
          : W3CTraceContextEncoding.decodeTraceState(state);
    } catch (IllegalArgumentException e) {
      return TraceState.getDefault();
    }
  }

  private static String text(Head head, int offset, int length) {
    return new String(head.text, offset, length, StandardCharsets.ISO_8859_1);
  }

  private static Map<String, String> carrier() {
    return new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tracecontext",
        "baggage",
        "tracecontext,baggage",
        "b3",
        "b3multi",
        "jaeger",
        "none",
        "tracecontext,b3",
        "b3,tracecontext,baggage",
        "jaeger,b3multi,tracecontext",
        "tracecontext,jaeger",
        "b3,b3multi,jaeger",
      })
  void readsWhatOpenTelemetryReads(String names) {
    TextMapPropagator oracle = configuredBySdk(names);
    Propagation propagation = ours(names);
    int valid = 0;
    int states = 0;
    int baggages = 0;
    for (int seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      List<String[]> fields = request(random);
      Map<String, String> carrier = carrier();
      fields.forEach(field -> carrier.put(field[0], field[1]));
      Carried expected;
      try {
        expected = found(oracle.extract(Context.root(), carrier, GETTER));
      } catch (IllegalArgumentException e) {
        // Jaeger's, of a field whose percent signs mean nothing.
        assertThat(carrier.get("uber-trace-id")).contains("%").doesNotContain(":");
        continue;
      }
      assertThat(found(propagation, fields))
          .as("%s, seed %s: %s", names, seed, carrier)
          .isEqualTo(expected);
      valid += expected.valid ? 1 : 0;
      states += expected.state.isEmpty() ? 0 : 1;
      baggages += expected.baggage.isEmpty() ? 0 : 1;
    }
    boolean traced = !names.equals("none") && !names.equals("baggage");
    assertThat(valid).isBetween(traced ? 2_000 : 0, traced ? 19_000 : 0);
    assertThat(states > 500).isEqualTo(names.contains("tracecontext"));
    assertThat(baggages > 500).isEqualTo(names.contains("baggage"));
  }

  private static List<String[]> request(Random random) {
    List<String[]> fields = new ArrayList<>();
    for (String[] of : VALUES) {
      if (random.nextInt(3) > 0) {
        String value = of[1 + random.nextInt(of.length - 1)];
        // Without the field's last space: no server hands that on.
        value = random.nextInt(4) > 0 ? value : changed(random, value).trim();
        fields.add(new String[] {random.nextBoolean() ? of[0] : upper(of[0]), value});
      }
    }
    Collections.shuffle(fields, random);
    return fields;
  }

  private static String upper(String name) {
    return name.toUpperCase(Locale.ROOT);
  }

  private static String changed(Random random, String value) {
    StringBuilder text = new StringBuilder(value);
    for (int i = random.nextInt(2); i >= 0 && text.length() > 0; i--) {
      int at = random.nextInt(text.length());
      char letter = LETTERS.charAt(random.nextInt(LETTERS.length()));
      switch (random.nextInt(5)) {
        case 0 -> text.setCharAt(at, letter);
        case 1 -> text.deleteCharAt(at);
        case 2 -> text.insert(at, letter);
        case 3 -> text.setLength(at);
        default -> {
          // All of one part made zeros.
          for (int j = at; j < text.length() && Character.isLetterOrDigit(text.charAt(j)); j++) {
            text.setCharAt(j, '0');
          }
        }
      }
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"traceparent", "b3", "x-b3-traceid", "x-b3-sampled", "uber-trace-id"})
  void ofTwoFieldsOfOneNameNobodyKnowsWhichHolds(String twice) {
    List<String[]> fields = new ArrayList<>();
    for (String[] of : VALUES) {
      if (of[0].equals(twice) || twice.startsWith("x-") && of[0].startsWith("x-")) {
        fields.add(new String[] {of[0], of[1]});
      }
    }
    Propagation propagation = ours("tracecontext,b3,jaeger");
    assertThat(found(propagation, fields).valid).isTrue();
    fields.add(new String[] {twice, "1"});
    assertThat(found(propagation, fields).valid).isFalse();
  }

  @Test
  void listsOfSeveralFieldsAreOne() {
    List<String[]> fields = new ArrayList<>();
    fields.add(new String[] {"tracestate", "a=1"});
    fields.add(new String[] {"baggage", "x=1"});
    fields.add(new String[] {"traceparent", VALUES[0][1]});
    fields.add(new String[] {"tracestate", "b=2"});
    fields.add(new String[] {"baggage", "y=2"});
    Carried found = found(ours(""), fields);
    assertThat(found.state).isEqualTo(Map.of("a", "1", "b", "2"));
    assertThat(found.baggage.keySet()).containsExactly("x", "y");
  }

  @Test
  void whatNoFieldMayHoldIsNotPassedOn() {
    List<String[]> fields = new ArrayList<>();
    fields.add(new String[] {"traceparent", VALUES[0][1]});
    fields.add(new String[] {"tracestate", "a=\0"});
    fields.add(new String[] {"baggage", "x=\u00e9"});
    Carried found = found(ours(""), fields);
    assertThat(found.valid).isTrue();
    assertThat(found.state).isEmpty();
    assertThat(found.baggage).isEmpty();
  }

  private static final class Own extends HttpAuditContext {
    Own(Random random, String state, String baggage) {
      super(
          random.nextInt(3) == 0 ? 0 : random.nextLong(),
          random.nextLong(),
          random.nextLong(),
          random.nextBoolean(),
          state,
          baggage);
    }

    Context forOracle() {
      SpanContext span =
          SpanContext.create(
              SpanIds.hex(traceHigh) + SpanIds.hex(traceLow),
              SpanIds.hex(spanId),
              sampled ? TraceFlags.getSampled() : TraceFlags.getDefault(),
              decoded(state == null ? "" : state));
      Context context = Context.root().with(Span.wrap(span));
      return baggage == null
          ? context
          : W3CBaggagePropagator.getInstance().extract(context, Map.of("baggage", baggage), GETTER);
    }
  }

  private static Own own(Random random) {
    return new Own(
        random,
        random.nextBoolean() ? null : "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        random.nextBoolean() ? null : "region=eu,user=alice");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tracecontext",
        "tracecontext,baggage",
        "b3",
        "b3multi",
        "b3,tracecontext,baggage",
        "b3multi,b3,tracecontext",
      })
  void writesWhatOpenTelemetryWrites(String names) {
    TextMapPropagator oracle = configuredBySdk(names);
    Propagation propagation = ours(names);
    for (int seed = 0; seed < 1_000; seed++) {
      Own context = own(new Random(seed));
      Map<String, String> expected = new TreeMap<>();
      oracle.inject(context.forOracle(), expected, Map::put);
      Map<String, String> written = new TreeMap<>();
      assertThat(propagation.inject(context, written, FIELDS, null)).isNotNull();
      assertThat(written).isEqualTo(expected);
    }
  }

  /** Its own baggage aside, which is not carried. */
  @Test
  void writesWhatOpenTelemetryWritesForJaeger() {
    TextMapPropagator oracle = configuredBySdk("jaeger");
    for (int seed = 0; seed < 1_000; seed++) {
      Own context = new Own(new Random(seed), null, null);
      Map<String, String> expected = new TreeMap<>();
      oracle.inject(context.forOracle(), expected, Map::put);
      Map<String, String> written = new TreeMap<>();
      assertThat(ours("jaeger").inject(context, written, FIELDS, null)).isNotNull();
      assertThat(written).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tracecontext",
        "b3",
        "b3multi",
        "jaeger",
        "jaeger,tracecontext",
        "b3multi,b3",
        "b3,jaeger,tracecontext,baggage"
      })
  void whatWeWroteIsKnownAgainInTheBytesAndReplacedByTheNextAttempt(String names) {
    Propagation propagation = ours(names);
    Map<String, String> request = carrier();
    String ours = null;
    for (int seed = 0; seed < 50; seed++) {
      Own context = own(new Random(seed));
      ours = propagation.inject(context, request, FIELDS, ours);
      assertThat(ours).isNotNull();
      List<String[]> fields = new ArrayList<>();
      request.forEach((name, value) -> fields.add(new String[] {name, value}));
      Carried found = found(propagation, fields);
      assertThat(found.spanId).isEqualTo(SpanIds.hex(context.spanId));
      assertThat(found.sampled).isEqualTo(context.sampled);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "tracecontext, traceparent",
    "b3, b3",
    "b3, X-B3-TraceId",
    "b3multi, x-b3-spanid",
    "b3multi, B3",
    "jaeger, uber-trace-id",
    "'b3,tracecontext', traceparent",
    "'b3,tracecontext', b3",
  })
  void theApplicationsOwnContextIsLeftAlone(String names, String field) {
    Propagation propagation = ours(names);
    Map<String, String> request = carrier();
    request.put(field, "anything");
    Map<String, String> before = Map.copyOf(request);
    Own context = own(new Random(1));
    assertThat(propagation.inject(context, request, FIELDS, null)).isNull();
    String ours = propagation.inject(own(new Random(2)), carrier(), FIELDS, null);
    assertThat(propagation.inject(context, request, FIELDS, ours)).isNull();
    assertThat(request).isEqualTo(before);
  }

  @Test
  void theApplicationsOwnBaggageIsLeftAlone() {
    Map<String, String> request = carrier();
    request.put("Baggage", "mine=1");
    assertThat(ours("").inject(new Own(new Random(1), null, "x=1"), request, FIELDS, null))
        .isNotNull();
    assertThat(request).containsEntry("Baggage", "mine=1").hasSize(2);
  }

  @Test
  void withoutAFormatNoIdIsWritten() {
    Own context = new Own(new Random(1), "a=1", "x=1");
    Map<String, String> request = carrier();
    assertThat(ours("none").inject(context, request, FIELDS, null)).isNull();
    assertThat(request).isEmpty();
    assertThat(ours("baggage").inject(context, request, FIELDS, null)).isNull();
    assertThat(request).isEqualTo(Map.of("baggage", "x=1"));
  }

  @ParameterizedTest
  @CsvSource({
    "xray, xray, 'tracecontext,baggage'",
    "'b3, xray,ottrace', 'xray,ottrace', b3",
    "'Tracecontext,baggage', Tracecontext, baggage",
    "'none,b3multi', none, b3multi",
    "'none,xray', xray, none",
  })
  void whatIsNotSpokenIsNamed(String value, String named, String holds) {
    List<String> complaints = new ArrayList<>();
    Propagation propagation = Propagation.of(value, complaints);
    assertThat(complaints)
        .containsExactly(
            "httpaudit: OTEL_PROPAGATORS can't be '"
                + named
                + "', it is tracecontext, baggage, b3, b3multi, jaeger or none; '"
                + holds
                + "' holds");
    Map<String, String> written = new TreeMap<>();
    Map<String, String> expected = new TreeMap<>();
    Own context = own(new Random(3));
    propagation.inject(context, written, FIELDS, null);
    ours(holds).inject(context, expected, FIELDS, null);
    assertThat(written).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", ",", "tracecontext,baggage", " baggage , tracecontext ,"})
  void theDefaultIsTracecontextAndBaggage(String value) {
    Own context = new Own(new Random(1), "a=1", "x=1");
    Map<String, String> written = new TreeMap<>();
    ours(value).inject(context, written, FIELDS, null);
    assertThat(written.keySet()).containsExactly("baggage", "traceparent", "tracestate");
  }
}
