package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.propagation.internal.W3CTraceContextEncoding;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.List;

/**
 * A span that was over before it was made.
 *
 * @param parent not valid: a root
 * @param start nanoseconds since 1970
 * @param end likewise
 */
record OwnSpan(
    Resource resource,
    String name,
    SpanKind kind,
    SpanContext context,
    SpanContext parent,
    long start,
    long end,
    StatusData status,
    Attributes attributes)
    implements SpanData {
  static final InstrumentationScopeInfo SCOPE =
      InstrumentationScopeInfo.builder("httpaudit").setVersion(Reporting.VERSION).build();

  /** As {@link SpanOut#end} has it. */
  static OwnSpan of(
      Resource resource,
      String name,
      SpanKind kind,
      TraceIds who,
      long start,
      long end,
      boolean failed,
      Attributes attributes) {
    SpanContext own =
        SpanContext.create(who.traceId(), who.spanId(), TraceFlags.getSampled(), state(who));
    return new OwnSpan(
        resource,
        name,
        kind,
        own,
        parent(who, own, kind == SpanKind.SERVER),
        start,
        end,
        failed ? StatusData.error() : StatusData.unset(),
        attributes);
  }

  private static SpanContext parent(TraceIds who, SpanContext own, boolean remote) {
    if (who.parentSpanId().isEmpty()) {
      return SpanContext.getInvalid();
    }
    return remote
        ? SpanContext.createFromRemoteParent(
            who.traceId(), who.parentSpanId(), own.getTraceFlags(), own.getTraceState())
        : SpanContext.create(
            who.traceId(), who.parentSpanId(), own.getTraceFlags(), own.getTraceState());
  }

  /** One that can't be read is left out, as W3C Trace Context, 3.3 has it. */
  static TraceState state(TraceIds who) {
    try {
      return who.state().isEmpty()
          ? TraceState.getDefault()
          : W3CTraceContextEncoding.decodeTraceState(who.state());
    } catch (IllegalArgumentException e) {
      return TraceState.getDefault();
    }
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public SpanKind getKind() {
    return kind;
  }

  @Override
  public SpanContext getSpanContext() {
    return context;
  }

  @Override
  public SpanContext getParentSpanContext() {
    return parent;
  }

  @Override
  public StatusData getStatus() {
    return status;
  }

  @Override
  public long getStartEpochNanos() {
    return start;
  }

  @Override
  public long getEndEpochNanos() {
    return end;
  }

  @Override
  public Attributes getAttributes() {
    return attributes;
  }

  @Override
  public List<EventData> getEvents() {
    return List.of();
  }

  @Override
  public List<LinkData> getLinks() {
    return List.of();
  }

  @Override
  public boolean hasEnded() {
    return true;
  }

  @Override
  public int getTotalRecordedEvents() {
    return 0;
  }

  @Override
  public int getTotalRecordedLinks() {
    return 0;
  }

  @Override
  public int getTotalAttributeCount() {
    return attributes.size();
  }

  @Override
  @Deprecated
  @SuppressWarnings("deprecation") // Still abstract.
  public io.opentelemetry.sdk.common.InstrumentationLibraryInfo getInstrumentationLibraryInfo() {
    return io.opentelemetry.sdk.common.InstrumentationLibraryInfo.create(
        SCOPE.getName(), SCOPE.getVersion());
  }

  @Override
  public InstrumentationScopeInfo getInstrumentationScopeInfo() {
    return SCOPE;
  }

  @Override
  public Resource getResource() {
    return resource;
  }
}
