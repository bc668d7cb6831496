package io.httpaudit.correlate;

/** Who a new span is, by the configured propagators, ids and sampler: report/ implements it. */
public interface Tracing {
  /**
   * @param traceparent as found in the request's bytes, or empty: then, or if it is not valid, the
   *     span is a root
   */
  Exchange.TraceIds begin(
      Side side, String traceparent, String tracestate, String method, String target);
}
