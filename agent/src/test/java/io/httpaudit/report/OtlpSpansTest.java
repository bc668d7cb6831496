package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.Phase;
import io.httpaudit.correlate.Tls;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.internal.otlp.traces.TraceRequestMarshaler;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.opentelemetry.sdk.resources.Resource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What we encode, read by protobuf's own classes, is what the SDK's exporter would have sent. */
class OtlpSpansTest {
  private static final TraceIds ROOT = Told.ids("", "");

  private static final Tls RENEWED =
      new Tls(
          "1.2",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "",
          "",
          Optional.of(false),
          Optional.empty());

  private static final Tls UNKNOWN = new Tls("", "", "", "", Optional.empty(), Optional.empty());

  private static final Resource RESOURCE =
      Resource.create(
          Attributes.builder()
              .put("service.name", "größer als ✓")
              .put("process.pid", 4711)
              .put("a.double", 0.5)
              .put("a.flag", true)
              .build());

  private static ExportTraceServiceRequest ours(Resource resource, Consumer<SpanMaker> told)
      throws IOException {
    ProtoBuffer spans = new ProtoBuffer(16);
    told.accept(new SpanMaker(new OtlpSpans(spans), new PhaseRule("all", 0)));
    return read(resource, spans);
  }

  private static ExportTraceServiceRequest read(Resource resource, ProtoBuffer spans)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ProtoBuffer start = new OtlpRequest(resource).start(spans.size());
    out.write(start.toByteArray());
    out.write(spans.toByteArray());
    return ExportTraceServiceRequest.parseFrom(out.toByteArray());
  }

  private static ExportTraceServiceRequest theSdks(Resource resource, Consumer<SpanMaker> told)
      throws IOException {
    SpanDataOut spans = new SpanDataOut(resource);
    told.accept(new SpanMaker(spans, new PhaseRule("all", 0)));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TraceRequestMarshaler.create(spans.take()).writeBinaryTo(out);
    return ExportTraceServiceRequest.parseFrom(out.toByteArray());
  }

  /** Ids of phases are drawn by lot. */
  private static ExportTraceServiceRequest withoutPhasesIds(ExportTraceServiceRequest request) {
    ExportTraceServiceRequest.Builder builder = request.toBuilder();
    builder.getResourceSpansBuilderList().stream()
        .flatMap(resource -> resource.getScopeSpansBuilderList().stream())
        .flatMap(scope -> scope.getSpansBuilderList().stream())
        .filter(span -> span.getKind() == Span.SpanKind.SPAN_KIND_INTERNAL)
        .forEach(
            span -> {
              assertThat(span.getSpanId().size()).isEqualTo(8);
              span.setSpanId(ByteString.EMPTY);
            });
    return builder.build();
  }

  private static Told changed(Told told, Consumer<Told> change) {
    change.accept(told);
    return told;
  }

  static Stream<Told> exchanges() {
    return Stream.of(
        Told.server(),
        Told.client(),
        changed(Told.server(), told -> told.parent = ""),
        changed(Told.client(), told -> told.state = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        changed(Told.client(), told -> told.state = "no tracestate"),
        changed(Told.client(), told -> told.status = OptionalLong.of(404)),
        changed(Told.server(), told -> told.status = OptionalLong.empty()),
        changed(Told.server(), told -> told.error = "reset"),
        changed(Told.server(), told -> told.method = "BREW"),
        // A span begins as a copy of the one before, be that over TLS or not.
        Told.server().tls(Told.SETTLED),
        Told.client().tls(Told.SETTLED).phase(Phase.SSL, 11_000_000, 12_000_000),
        Told.client().tls(RENEWED),
        Told.client(),
        Told.client().tls(UNKNOWN),
        Told.server().tls(RENEWED),
        changed(Told.server(), told -> told.target = "/caf\u00e9/\u4f60\u597d/\ud83d\ude00"),
        changed(Told.server(), told -> told.target = "/" + "x".repeat(126)),
        changed(Told.server(), told -> told.target = "/" + "x".repeat(127)),
        changed(Told.server(), told -> told.target = "/" + "\u00e9".repeat(8_000)),
        changed(
            Told.server(),
            told -> {
              told.verdict = Verdict.INFERRED;
              told.why = Why.TCP_INFO;
              told.segments = 0;
              told.rtt = OptionalLong.empty();
            }),
        changed(
            Told.server(),
            told -> {
              told.reset = true;
              told.segments = 1_000_000;
              told.ack = OptionalLong.of(12_345);
            }));
  }

  @ParameterizedTest
  @MethodSource("exchanges")
  void anExchangeIsEncodedAsTheSdkWould(Told told) throws IOException {
    Consumer<SpanMaker> tell = maker -> maker.exchange(told.exchange(), told.url());

    ExportTraceServiceRequest ours = ours(RESOURCE, tell);
    assertThat(withoutPhasesIds(ours)).isEqualTo(withoutPhasesIds(theSdks(RESOURCE, tell)));
    assertThat(spans(ours)).hasSizeGreaterThan(3);
  }

  @Test
  void aHandshakeThatFailedIsEncodedAsTheSdkWould() throws IOException {
    Consumer<SpanMaker> tell = maker -> maker.connection(Told.untrusted());

    ExportTraceServiceRequest ours = ours(RESOURCE, tell);
    assertThat(withoutPhasesIds(ours)).isEqualTo(withoutPhasesIds(theSdks(RESOURCE, tell)));
    assertThat(spans(ours)).extracting(Span::getName).containsExactly("connect", "connect", "ssl");
  }

  @Test
  void whatWaitsTogetherIsOneRequest() throws IOException {
    Consumer<SpanMaker> tell =
        maker -> {
          maker.connection(Told.refused());
          maker.connection(Told.untrusted());
          exchanges().forEach(told -> maker.exchange(told.exchange(), told.url()));
        };

    ExportTraceServiceRequest ours = ours(RESOURCE, tell);
    assertThat(withoutPhasesIds(ours)).isEqualTo(withoutPhasesIds(theSdks(RESOURCE, tell)));
    assertThat(ours.getResourceSpansCount()).isEqualTo(1);
    assertThat(spans(ours)).extracting(Span::getName).contains("connect", "GET", "read_wait");
  }

  @Test
  void aResourceMayBeLongOrEmptyAndHaveASchema() throws IOException {
    Consumer<SpanMaker> tell = maker -> maker.connection(Told.refused());
    Resource schema =
        Resource.create(
            Attributes.of(AttributeKey.stringKey("long"), "x".repeat(20_000)), "https://schema");

    for (Resource resource : List.of(Resource.empty(), Resource.getDefault(), schema)) {
      assertThat(withoutPhasesIds(ours(resource, tell)))
          .isEqualTo(withoutPhasesIds(theSdks(resource, tell)));
    }
  }

  @Test
  void whatWasClearedIsForgotten() throws IOException {
    ProtoBuffer spans = new ProtoBuffer(16);
    OtlpSpans encoder = new OtlpSpans(spans);
    SpanMaker maker = new SpanMaker(encoder, new PhaseRule("none", 0));
    maker.exchange(Told.server().exchange(), Told.server().url());
    spans.clear();
    encoder.cleared();
    maker.connection(Told.refused());

    assertThat(spans(read(RESOURCE, spans))).extracting(Span::getName).containsExactly("connect");
  }

  @Property(tries = 500)
  void anyValueArrives(
      @ForAll @StringLength(max = 300) String text,
      @ForAll long number,
      @ForAll double fraction,
      @ForAll boolean flag)
      throws IOException {
    ProtoBuffer buffer = new ProtoBuffer(16);
    OtlpSpans spans = new OtlpSpans(buffer);
    spans.begin(text, SpanOut.Kind.SERVER, ROOT, number, number, flag);
    spans.put(Key.stringKey("text"), text);
    spans.put(Key.longKey("number"), number);
    spans.put(Key.doubleKey("fraction"), fraction);
    spans.put(Key.booleanKey("flag"), flag);
    spans.end();

    Span span = spans(read(Resource.empty(), buffer)).get(0);
    // What isn't UTF-16 has no UTF-8: Java's own replacement stands for it.
    String sent = new String(text.getBytes("UTF-8"), "UTF-8");
    assertThat(span.getName()).isEqualTo(sent);
    assertThat(span.getStartTimeUnixNano()).isEqualTo(number);
    assertThat(span.getStatus().getCode() == Status.StatusCode.STATUS_CODE_ERROR).isEqualTo(flag);
    assertThat(span.getAttributesList())
        .extracting(KeyValue::getKey)
        .containsExactly("text", "number", "fraction", "flag");
    assertThat(span.getAttributes(0).getValue().getStringValue()).isEqualTo(sent);
    assertThat(span.getAttributes(1).getValue().getIntValue()).isEqualTo(number);
    assertThat(span.getAttributes(2).getValue().getDoubleValue()).isEqualTo(fraction);
    assertThat(span.getAttributes(3).getValue().getBoolValue()).isEqualTo(flag);
  }

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Bytes that a span of this exchange costs, when a batch of them is encoded again and again. */
  private static double garbage(Told... told) {
    ProtoBuffer buffer = new ProtoBuffer(1 << 16);
    OtlpSpans spans = new OtlpSpans(buffer);
    SpanMaker maker = new SpanMaker(spans, new PhaseRule("none", 0));
    List<Exchange> exchanges = Stream.of(told).map(Told::exchange).toList();
    List<Redactor.Url> urls = Stream.of(told).map(Told::url).toList();
    long before = 0;
    for (int round = 0; round < 4_000; round++) {
      if (round == 2_000) {
        before = THREADS.getCurrentThreadAllocatedBytes();
      }
      for (int i = 0; i < 20; i++) {
        maker.exchange(exchanges.get(i % told.length), urls.get(i % told.length));
      }
      buffer.clear();
      spans.cleared();
    }
    return (THREADS.getCurrentThreadAllocatedBytes() - before) / 40_000.0;
  }

  @Test
  void whatTlsSettledCostsASpanNoGarbage() {
    Told keepAlive = Told.server().tls(Told.SETTLED);
    Told other = Told.server().tls(RENEWED);

    double plain = Double.MAX_VALUE;
    double one = Double.MAX_VALUE;
    double mixed = Double.MAX_VALUE;
    // The compiler does away with some of it, sooner or later.
    for (int i = 0; i < 4; i++) {
      plain = Math.min(plain, garbage(Told.server()));
      one = Math.min(one, garbage(keepAlive));
      mixed = Math.min(mixed, garbage(keepAlive, other, Told.server()));
    }
    assertThat(one).isLessThanOrEqualTo(plain + 1);
    assertThat(mixed).isLessThanOrEqualTo(plain + 1);
  }

  private static final List<Key<String>> TEXTS =
      List.of(Key.stringKey("a"), Key.stringKey("b"), Key.stringKey("c"));

  private static final List<Key<Long>> NUMBERS = List.of(Key.longKey("d"), Key.longKey("e"));
  private static final Key<Double> FRACTION = Key.doubleKey("f");
  private static final Key<Boolean> FLAG = Key.booleanKey("g");

  /** A span begins as a copy of the one before of its kind. */
  @Property(tries = 2_000)
  void noSpanKeepsAnythingOfTheOneBefore(@ForAll("spans") List<List<Object>> told)
      throws IOException {
    ProtoBuffer buffer = new ProtoBuffer(16);
    OtlpSpans spans = new OtlpSpans(buffer);
    for (List<Object> values : told) {
      SpanOut.Kind kind = SpanOut.Kind.values()[values.size() % 3];
      spans.begin("n", kind, ROOT, 1, 2, false);
      for (int i = 0; i < values.size(); i++) {
        put(spans, i, values.get(i));
      }
      spans.end();
    }

    List<Span> read = spans(read(Resource.empty(), buffer));
    assertThat(read).hasSameSizeAs(told);
    for (int i = 0; i < read.size(); i++) {
      assertThat(read.get(i).getAttributesList())
          .extracting(OtlpSpansTest::value)
          .isEqualTo(told.get(i));
    }
  }

  private static void put(Tags tags, int index, Object value) {
    if (value instanceof String text) {
      tags.put(TEXTS.get(index % 3), text);
    } else if (value instanceof Long number) {
      tags.put(NUMBERS.get(index % 2), number);
    } else if (value instanceof Double fraction) {
      tags.put(FRACTION, fraction);
    } else {
      tags.put(FLAG, (boolean) value);
    }
  }

  private static Object value(KeyValue attribute) {
    return switch (attribute.getValue().getValueCase()) {
      case STRING_VALUE -> attribute.getValue().getStringValue();
      case INT_VALUE -> attribute.getValue().getIntValue();
      case DOUBLE_VALUE -> attribute.getValue().getDoubleValue();
      default -> attribute.getValue().getBoolValue();
    };
  }

  @Provide
  Arbitrary<List<List<Object>>> spans() {
    Arbitrary<Object> value =
        Arbitraries.of(
            "",
            "x",
            "y",
            "xy",
            "\u00e9",
            "\u00e9\u00e9",
            "longer",
            "l\u00e4nger",
            "z".repeat(200),
            "w".repeat(17_000),
            0L,
            1L,
            127L,
            128L,
            300L,
            -1L,
            0.0,
            0.5,
            true,
            false);
    return value.list().ofMaxSize(5).list().ofMaxSize(12);
  }

  @Test
  void aSpanOfAnyLengthIsFramed() throws IOException {
    for (int length : new int[] {0, 40, 60, 80, 100, 127, 128, 16_200, 16_384, 70_000, 3_000_000}) {
      ProtoBuffer buffer = new ProtoBuffer(16);
      OtlpSpans spans = new OtlpSpans(buffer);
      for (int i = 0; i < 3; i++) {
        spans.begin("n", SpanOut.Kind.CLIENT, ROOT, i, i, false);
        spans.put(Key.stringKey("x"), "y".repeat(length));
        spans.end();
      }
      assertThat(spans(read(Resource.empty(), buffer)))
          .extracting(span -> span.getAttributes(0).getValue().getStringValue().length())
          .containsExactly(length, length, length);
    }
  }

  private static List<Span> spans(ExportTraceServiceRequest request) {
    return request.getResourceSpansList().stream()
        .flatMap(resource -> resource.getScopeSpansList().stream())
        .flatMap(scope -> scope.getSpansList().stream())
        .toList();
  }
}
