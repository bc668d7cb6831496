package io.httpaudit.report;

import io.httpaudit.correlate.Call;
import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.MessageHead;
import io.httpaudit.correlate.Tracing;
import io.httpaudit.trace.Sampler;
import io.httpaudit.trace.SpanIds;

/**
 * Who a span is: a call that a library told of, or the child of the span that the request names,
 * else a root. Any thread.
 */
final class Ids implements Tracing {
  private final SpanIds ids;
  private final Sampler sampler;

  Ids(SpanIds ids, Sampler sampler) {
    this.ids = ids;
    this.sampler = sampler;
  }

  @Override
  public TraceIds begin(long connection, long index, MessageHead request) {
    if (request.parent() == 0) {
      return root(connection, index);
    }
    return new TraceIds(
        request.traceHigh(),
        request.traceLow(),
        ids.span(connection, index),
        request.parent(),
        request.state(),
        sampler.samples(request.traceLow(), true, request.sampled()));
  }

  @Override
  public TraceIds root(long connection) {
    return root(connection, 0);
  }

  private TraceIds root(long connection, long index) {
    long low = ids.traceLow(connection, index);
    return new TraceIds(
        ids.traceHigh(connection, index),
        low,
        ids.span(connection, index),
        0,
        "",
        sampler.samples(low, false, false));
  }

  @Override
  public TraceIds tunnel(long connection, long index, Call call) {
    return new TraceIds(
        call.traceHigh, call.traceLow, ids.span(connection, index), call.parent, "", call.sampled);
  }

  @Override
  public TraceIds call(Call call, String state) {
    return new TraceIds(call.traceHigh, call.traceLow, call.span, call.parent, state, call.sampled);
  }
}
