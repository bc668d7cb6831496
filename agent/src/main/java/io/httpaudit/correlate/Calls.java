package io.httpaudit.correlate;

/**
 * The calls of which nothing was sent yet, by their span ids. At most {@link #MOST}: the oldest one
 * is forgotten, since many a call never comes to the wire.
 */
final class Calls {
  private static final int MOST = 1 << 15;

  private final LongMap<Call> calls = new LongMap<>();

  /** Spans in the order in which they came; made with the first. */
  private long[] order = {};

  private int next;

  void add(Call call) {
    if (order.length == 0) {
      order = new long[MOST];
    }
    calls.remove(order[next]);
    order[next] = call.span;
    next = (next + 1) % MOST;
    calls.put(call.span, call);
  }

  /** Null: there is none. */
  Call get(long span) {
    return calls.get(span);
  }

  /** The call, which is nobody else's then; null: there is none. */
  Call take(long span) {
    return span == 0 ? null : calls.remove(span);
  }
}
