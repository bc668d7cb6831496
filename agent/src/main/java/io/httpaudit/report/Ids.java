package io.httpaudit.report;

import io.httpaudit.correlate.Call;
import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.Tracing;
import io.httpaudit.trace.Sampler;
import io.httpaudit.trace.SpanIds;
import io.httpaudit.trace.Traceparent;
import java.nio.charset.StandardCharsets;

/**
 * Who a span is: a call that a library told of, or the child of a valid {@code traceparent} (W3C
 * Trace Context, 3.2), else a root. Any thread.
 */
final class Ids implements Tracing {
  private final SpanIds ids;
  private final Sampler sampler;

  Ids(SpanIds ids, Sampler sampler) {
    this.ids = ids;
    this.sampler = sampler;
  }

  @Override
  public TraceIds begin(long connection, long index, String traceparent, String tracestate) {
    byte[] text = traceparent.getBytes(StandardCharsets.ISO_8859_1);
    boolean child = Traceparent.isValid(text, 0, text.length);
    long high = child ? Traceparent.traceHigh(text, 0) : ids.traceHigh(connection, index);
    long low = child ? Traceparent.traceLow(text, 0) : ids.traceLow(connection, index);
    return new TraceIds(
        high,
        low,
        ids.span(connection, index),
        child ? Traceparent.spanId(text, 0) : 0,
        child ? tracestate : "",
        sampler.samples(low, child, child && Traceparent.isSampled(text, 0)));
  }

  @Override
  public TraceIds call(Call call, String tracestate) {
    return new TraceIds(
        call.traceHigh, call.traceLow, call.span, call.parent, tracestate, call.sampled);
  }
}
