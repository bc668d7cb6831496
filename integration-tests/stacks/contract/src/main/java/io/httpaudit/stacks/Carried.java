package io.httpaudit.stacks;

import com.sun.net.httpserver.Headers;
import java.io.IOException;
import java.net.HttpURLConnection;

/**
 * The context of a customer's request: its trace, its {@code tracestate} and its {@code baggage}
 * are known by its number, wherever they come out.
 */
record Carried(String traceparent, String tracestate, String baggage) {
  static Carried of(int number) {
    return new Carried(
        "00-" + trace(number) + "-" + String.format("%016x", number + 1) + "-01",
        "number=" + number,
        "number=" + number);
  }

  /** Trace ids of customers begin so, and nobody else's do. */
  static String trace(int number) {
    return String.format("c0ffee%026x", number);
  }

  void onto(HttpURLConnection connection) {
    connection.setRequestProperty("traceparent", traceparent);
    connection.setRequestProperty("tracestate", tracestate);
    connection.setRequestProperty("baggage", baggage);
  }

  /** What came of it is absent, or that request's. */
  static void check(int number, Headers fields) throws IOException {
    String parent = fields.getFirst("traceparent");
    if (parent == null || !parent.contains("-c0ffee")) {
      return;
    }
    Carried own = of(number);
    if (!parent.startsWith(own.traceparent.substring(0, 36))
        || !own.tracestate.equals(fields.getFirst("tracestate"))
        || !own.baggage.equals(fields.getFirst("baggage"))) {
      throw new IOException(number + " was asked in another's context: " + fields.entrySet());
    }
  }
}
