package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.ArrayList;
import java.util.List;

/** Spans as the SDK's own objects: for tests to look at, and for its exporter to encode. */
final class SpanDataOut implements SpanOut {
  private final Resource resource;
  private final List<SpanData> made = new ArrayList<>();
  private TagList open = new TagList();

  SpanDataOut(Resource resource) {
    this.resource = resource;
  }

  @Override
  public void begin(String name, Kind kind, TraceIds who, long start, long end, boolean failed) {
    open = new TagList();
    made.add(
        OwnSpan.of(resource, name, SpanKind.valueOf(kind.name()), who, start, end, failed, open));
  }

  @Override
  public void put(Key<String> key, String value) {
    open.add(key, value);
  }

  @Override
  public void put(Key<Long> key, long value) {
    open.add(key, value);
  }

  @Override
  public void put(Key<Double> key, double value) {
    open.add(key, value);
  }

  @Override
  public void put(Key<Boolean> key, boolean value) {
    open.add(key, value);
  }

  @Override
  public void end() {
    open = new TagList();
  }

  /** What was made since the last call. */
  List<SpanData> take() {
    List<SpanData> taken = List.copyOf(made);
    made.clear();
    return taken;
  }
}
