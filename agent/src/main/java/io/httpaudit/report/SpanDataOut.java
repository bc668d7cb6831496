package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.ArrayList;
import java.util.List;

/** Spans as objects, for exporters of the SDK. One thread. */
final class SpanDataOut implements SpanOut {
  /** Attributes of an ordinary exchange. */
  private static final int TAGS = 36;

  private final Resource resource;
  private List<SpanData> made = new ArrayList<>();
  private TagList open = new TagList(0);

  SpanDataOut(Resource resource) {
    this.resource = resource;
  }

  @Override
  public Tags begin() {
    open = new TagList(TAGS);
    return open;
  }

  @Override
  public void end(
      String name, SpanKind kind, TraceIds who, long start, long end, boolean failed) {
    made.add(OwnSpan.of(resource, name, kind, who, start, end, failed, open));
  }

  /** What was made since the last call. */
  List<SpanData> take() {
    List<SpanData> taken = made;
    made = new ArrayList<>(taken.size());
    return taken;
  }
}
