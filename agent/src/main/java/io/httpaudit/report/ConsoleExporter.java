package io.httpaudit.report;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;

/**
 * {@code OTEL_TRACES_EXPORTER=console}: a line of JSON a span, on standard output. The SDK's own
 * writes by java.util.logging, which an agent must not start. One thread.
 */
final class ConsoleExporter implements SpanExporter {
  private static final double NANOS_PER_MILLI = 1e6;

  private final OutputStream out;
  private final Json json = new Json();

  /** Past {@code System.out}: an application may have put something else there. */
  ConsoleExporter() {
    this(new FileOutputStream(FileDescriptor.out));
  }

  ConsoleExporter(OutputStream out) {
    this.out = out;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    try {
      for (SpanData span : spans) {
        out.write(line(span));
      }
      return CompletableResultCode.ofSuccess();
    } catch (IOException e) {
      return CompletableResultCode.ofExceptionalFailure(e);
    }
  }

  private byte[] line(SpanData span) {
    json.begin().put("span", span.getName()).put("kind", span.getKind().name());
    json.put("trace_id", span.getTraceId()).put("span_id", span.getSpanId());
    if (span.getParentSpanContext().isValid()) {
      json.put("parent_span_id", span.getParentSpanId());
    }
    json.time("start", span.getStartEpochNanos());
    json.put("ms", (span.getEndEpochNanos() - span.getStartEpochNanos()) / NANOS_PER_MILLI);
    json.put("status", span.getStatus().getStatusCode().name());
    json.object("attributes");
    span.getAttributes().forEach(this::attribute);
    return json.end().line();
  }

  private void attribute(AttributeKey<?> key, Object value) {
    switch (key.getType()) {
      case LONG:
        json.put(key.getKey(), (long) value);
        break;
      case DOUBLE:
        json.put(key.getKey(), (double) value);
        break;
      case BOOLEAN:
        json.put(key.getKey(), (boolean) value);
        break;
      default:
        json.put(key.getKey(), value.toString());
        break;
    }
  }

  @Override
  public CompletableResultCode flush() {
    return CompletableResultCode.ofSuccess();
  }

  @Override
  public CompletableResultCode shutdown() {
    return CompletableResultCode.ofSuccess();
  }
}
