package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.Side;
import io.httpaudit.enrich.Beside;
import io.httpaudit.enrich.Exchanges;
import io.httpaudit.observe.Observer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is told of spans that a real SDK starts and ends. */
class OpenTelemetrySdkTest {
  private static final long CONNECTION = 5;
  private static final long CALLER = 7;

  private final Beside beside = new Beside(Beside.Mode.AUTO, 1_000_000_000, Thread::new, () -> {});
  private final Observer observer = new Observer(null, null, null, beside, null, () -> {});
  private final Point[] points = new OpenTelemetrySdk(beside, observer).points();
  private final List<Object> passedOn = new ArrayList<>();
  private final SpanProcessor processor =
      new SpanProcessor() {
        @Override
        public void onStart(Context parent, ReadWriteSpan span) {}

        @Override
        public boolean isStartRequired() {
          return false;
        }

        @Override
        public void onEnd(ReadableSpan span) {
          passedOn.add(span);
        }

        @Override
        public boolean isEndRequired() {
          return true;
        }
      };
  private final Tracer tracer =
      SdkTracerProvider.builder().addSpanProcessor(processor).build().get("test");

  private HttpAuditProbe at(String method) {
    return Arrays.stream(points)
        .filter(point -> point.method().equals(method))
        .findFirst()
        .orElseThrow()
        .probe();
  }

  private Span starts(SpanKind kind, Span parent) {
    SpanBuilder builder =
        tracer.spanBuilder("test").setSpanKind(kind).setParent(Context.root().with(parent));
    Span span = builder.startSpan();
    at("startSpan").leave(null, builder, null, span, null);
    return span;
  }

  /** As the SDK ends it. */
  private void ends(Span span) {
    ((SpanProcessor) at("endInternal").enter(processor, span, null)).onEnd((ReadableSpan) span);
  }

  private static Span caller() {
    return Span.wrap(
        SpanContext.createFromRemoteParent(
            "00000000000000010000000000000002",
            "0000000000000007",
            TraceFlags.getSampled(),
            TraceState.getDefault()));
  }

  private static TraceIds bytes(long parent) {
    return new TraceIds(1, 2, 77, parent, "", true);
  }

  private String describing(TraceIds bytes) {
    Exchange told =
        beside.exchange(Exchanges.exchange(Side.SERVER, CONNECTION, bytes, 200), onto -> {});
    return told.trace().spanId();
  }

  @Test
  void aRequestsSpanIsNotTheOneWithinIt() {
    Span root = starts(SpanKind.SERVER, Span.getInvalid());
    starts(SpanKind.SERVER, root);
    beside.handles(CONNECTION, 0);
    assertThat(describing(bytes(0))).isEqualTo(root.getSpanContext().getSpanId());
  }

  @Test
  void aRemoteCallersRequestIsASpansOwn() {
    Span called = starts(SpanKind.SERVER, caller());
    starts(SpanKind.SERVER, called);
    beside.handles(CONNECTION, 0);
    assertThat(describing(bytes(CALLER))).isEqualTo(called.getSpanContext().getSpanId());
  }

  @Test
  void aSlowRequestIsKnownAfterManyCallsOfItsDatabase() {
    Span slow = starts(SpanKind.SERVER, Span.getInvalid());
    beside.handles(CONNECTION, 0);
    for (int i = 0; i < 20_000; i++) {
      ends(starts(SpanKind.CLIENT, slow));
      if (i % 1_000 == 0) {
        beside.look(System.nanoTime(), 0);
      }
    }
    assertThat(passedOn).hasSize(20_000);
    slow.setAttribute(OpenTelemetryClasses.METHOD, "GET");
    slow.setAttribute(OpenTelemetryClasses.STATUS, 200);
    ends(slow);
    assertThat(passedOn).as("it is held").hasSize(20_000);
    describing(bytes(0));
    beside.look(System.nanoTime(), 0);
    beside.close();
    assertThat(beside.enriched()).isEqualTo(1);
  }
}
