package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.propagation.internal.W3CTraceContextEncoding;
import io.opentelemetry.sdk.resources.Resource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Spans as an OTLP request (opentelemetry-proto: collector/trace/v1, trace/v1), encoded while they
 * are told: no object is made of a span. The SDK's marshalers walk over objects twice, for the
 * lengths and for the bytes, and cost more than all else that a span does. One thread.
 */
final class OtlpSpans implements SpanOut {
  /** Fields of ExportTraceServiceRequest, ResourceSpans and ScopeSpans, and of what is in them. */
  private static final int RESOURCE_SPANS = 1;

  private static final int RESOURCE = 1;
  private static final int RESOURCE_ATTRIBUTES = 1;
  private static final int SCHEMA_URL = 3;
  private static final int SCOPE_SPANS = 2;
  private static final int SCOPE = 1;
  private static final int SCOPE_NAME = 1;
  private static final int SCOPE_VERSION = 2;
  private static final int SPANS = 2;

  /** Fields of Span. */
  private static final int TRACE_ID = 1;

  private static final int SPAN_ID = 2;
  private static final int TRACE_STATE = 3;
  private static final int PARENT_SPAN_ID = 4;
  private static final int NAME = 5;
  private static final int KIND = 6;
  private static final int START = 7;
  private static final int END = 8;
  private static final int ATTRIBUTES = 9;
  private static final int STATUS = 15;
  private static final int STATUS_CODE = 3;
  private static final int FLAGS = 16;

  private static final int ERROR = 2;

  /** Of the flags: sampled; it is known whether the parent is remote; it is. */
  private static final int SAMPLED = 1;

  private static final int REMOTE_KNOWN = 0x100;
  private static final int REMOTE = 0x200;

  private static final int FIRST_CAPACITY = 1 << 16;

  private final byte[] resource;
  private final byte[] scope;
  private final ProtoBuffer start = new ProtoBuffer(64);
  private final ProtoBuffer spans = new ProtoBuffer(FIRST_CAPACITY);
  private final OtlpAttributes attributes = new OtlpAttributes(spans, ATTRIBUTES);
  private int open;

  OtlpSpans(Resource resource) {
    this.resource = encoded(resource);
    scope = scope();
  }

  /** What ResourceSpans begins with. */
  private static byte[] encoded(Resource resource) {
    ProtoBuffer buffer = new ProtoBuffer(1024);
    int start = buffer.begin(RESOURCE);
    new OtlpAttributes(buffer, RESOURCE_ATTRIBUTES).putAll(resource.getAttributes());
    buffer.end(start);
    if (resource.getSchemaUrl() != null) {
      buffer.bytes(SCHEMA_URL, utf8(resource.getSchemaUrl()));
    }
    return buffer.toByteArray();
  }

  /** What ScopeSpans begins with. */
  private static byte[] scope() {
    ProtoBuffer buffer = new ProtoBuffer(64);
    int start = buffer.begin(SCOPE);
    buffer.bytes(SCOPE_NAME, utf8(OwnSpan.SCOPE.getName()));
    buffer.bytes(SCOPE_VERSION, utf8(Reporting.VERSION));
    buffer.end(start);
    return buffer.toByteArray();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public Tags begin() {
    open = spans.begin(SPANS);
    return attributes;
  }

  @Override
  public void end(String name, SpanKind kind, TraceIds who, long from, long to, boolean failed) {
    boolean child = !who.parentSpanId().isEmpty();
    spans.hex(TRACE_ID, who.traceId());
    spans.hex(SPAN_ID, who.spanId());
    if (!who.state().isEmpty()) {
      text(TRACE_STATE, W3CTraceContextEncoding.encodeTraceState(OwnSpan.state(who)));
    }
    if (child) {
      spans.hex(PARENT_SPAN_ID, who.parentSpanId());
    }
    text(NAME, name);
    spans.varint(KIND, kind(kind));
    spans.fixed64(START, from);
    spans.fixed64(END, to);
    spans.length(STATUS, failed ? 2 : 0);
    if (failed) {
      spans.varint(STATUS_CODE, ERROR);
    }
    boolean remote = child && kind == SpanKind.SERVER;
    spans.fixed32(FLAGS, SAMPLED | REMOTE_KNOWN | (remote ? REMOTE : 0));
    spans.end(open);
  }

  private void text(int field, String text) {
    int length = ProtoBuffer.utf8Size(text);
    if (length > 0) {
      spans.length(field, length);
      spans.utf8(text, length);
    }
  }

  private static int kind(SpanKind kind) {
    return switch (kind) {
      case INTERNAL -> 1;
      case SERVER -> 2;
      case CLIENT -> 3;
      case PRODUCER -> 4;
      case CONSUMER -> 5;
    };
  }

  /** Writes the request that holds the spans since {@link #clear}. */
  void writeTo(OutputStream out) throws IOException {
    int inScope = scope.length + spans.size();
    int header = 1 + ProtoBuffer.varintSize(inScope);
    start.clear();
    start.length(RESOURCE_SPANS, resource.length + header + inScope);
    start.raw(resource);
    start.length(SCOPE_SPANS, inScope);
    start.raw(scope);
    out.write(start.array(), 0, start.size());
    out.write(spans.array(), 0, spans.size());
  }

  void clear() {
    spans.clear();
  }
}
