package io.httpaudit.correlate;

/** Who a new span is, by the configured propagators, ids and sampler: report/ implements it. */
public interface Tracing {
  /**
   * The span of an exchange: of a server's, the ids that its thread knew as its context.
   *
   * @param connection number in this process
   * @param index of the exchange on it
   * @param traceparent as found in the request's bytes, or empty: then, or if it is not valid, the
   *     span is a root
   */
  Exchange.TraceIds begin(long connection, long index, String traceparent, String tracestate);

  /** The span of a call that a library told of. */
  Exchange.TraceIds call(Call call, String tracestate);
}
