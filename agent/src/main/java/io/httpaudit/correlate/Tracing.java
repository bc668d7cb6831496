package io.httpaudit.correlate;

/** Who a new span is, by the configured propagators, ids and sampler: report/ implements it. */
public interface Tracing {
  /**
   * The span of an exchange: of a server's, the ids that its thread knew as its context.
   *
   * @param connection number in this process
   * @param index of the exchange on it
   * @param request with the context that it carries; if it has none, the span is a root
   */
  Exchange.TraceIds begin(long connection, long index, MessageHead request);

  /** The span of a connection that no request was sent on, and no library told of. */
  Exchange.TraceIds root(long connection);

  /**
   * The span of a request that opens a tunnel for a call: it is not the call itself, but made in
   * the same context.
   *
   * @param connection number in this process
   * @param index of the exchange on it
   */
  Exchange.TraceIds tunnel(long connection, long index, Call call);

  /** The span of a call that a library told of. */
  Exchange.TraceIds call(Call call, String state);
}
