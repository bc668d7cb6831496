package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;

/**
 * {@code OTEL_TRACES_EXPORTER=console}: a line of JSON a span. The SDK's own writes by
 * java.util.logging, which an agent must not start. One thread.
 */
final class ConsoleSpans implements SpanOut {
  private static final double NANOS_PER_MILLI = 1e6;

  private final ProtoBuffer lines;
  private final Json json = new Json();

  ConsoleSpans(ProtoBuffer to) {
    lines = to;
  }

  @Override
  public void begin(String name, Kind kind, TraceIds who, long start, long end, boolean failed) {
    json.begin().put("span", name).put("kind", kind.name());
    json.put("trace_id", who.traceId()).put("span_id", who.spanId());
    json.known("parent_span_id", who.parentSpanId());
    json.time("start", start).put("ms", (end - start) / NANOS_PER_MILLI);
    json.put("status", failed ? "ERROR" : "UNSET").object("attributes");
  }

  @Override
  public void put(Key<String> key, String value) {
    json.put(key.name(), value);
  }

  @Override
  public void put(Key<Long> key, long value) {
    json.put(key.name(), value);
  }

  @Override
  public void put(Key<Double> key, double value) {
    json.put(key.name(), value);
  }

  @Override
  public void put(Key<Boolean> key, boolean value) {
    json.put(key.name(), value);
  }

  @Override
  public void end() {
    lines.raw(json.end().line());
  }
}
