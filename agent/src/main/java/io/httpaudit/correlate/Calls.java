package io.httpaudit.correlate;

/**
 * The calls of which nothing was sent yet, by their span ids. At most {@link #MOST}: of more, the
 * oldest one is forgotten, since many a call never comes to the wire. One that waits for a slow
 * connection is not forgotten for those that came and went meanwhile.
 */
final class Calls {
  static final int MOST = 1 << 15;

  private final LongMap<Call> calls = new LongMap<>();

  /** Spans in the order in which they came, those that are gone among them; made with the first. */
  private long[] order = {};

  private int first;
  private int count;

  void add(Call call) {
    if (order.length == 0) {
      order = new long[2 * MOST];
    }
    if (calls.size() == MOST) {
      forgetOldest();
    }
    if (count == order.length) {
      closeUp();
    }
    order[(first + count++) % order.length] = call.span;
    calls.put(call.span, call);
  }

  private void forgetOldest() {
    Call oldest;
    do {
      oldest = calls.remove(order[first]);
      first = (first + 1) % order.length;
      count--;
    } while (oldest == null);
  }

  /** Drops those that are gone: at least half. */
  private void closeUp() {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      long span = order[(first + i) % order.length];
      if (calls.get(span) != null) {
        order[(first + kept++) % order.length] = span;
      }
    }
    count = kept;
  }

  int size() {
    return calls.size();
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
