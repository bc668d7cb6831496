package io.httpaudit.load;

import java.util.List;
import java.util.Map;

/**
 * An answer as a raw client read it.
 *
 * @param interims status codes before the final one
 * @param fields by name in lower case, the last value of each
 * @param body what {@link Pattern.Check} says of its body
 * @param trailers how many trailer fields
 */
record Reply(
    List<Integer> interims,
    int status,
    String version,
    Map<String, String> fields,
    String body,
    int trailers) {

  String field(String name) {
    return fields.getOrDefault(name, "");
  }

  /** Whether the connection is of no more use. */
  boolean closes() {
    return field("connection").equalsIgnoreCase("close")
        || version.equals("HTTP/1.0") && !field("connection").equalsIgnoreCase("keep-alive");
  }

  /** All that the script asked for. */
  void check(Script script, Outgoing request, ServerKind server) {
    String what = script + " by " + server;
    Mismatch.equal(status, script.status(), what + " status");
    boolean bodiless = script.bodiless(request.method());
    Mismatch.equal(body, bodiless ? "0" : Integer.toString(script.size()), what + " body");
    if (!script.has("early")) {
      Mismatch.equal(field("x-got"), request.got(), what + " request body");
    }
    if (server.scripted()) {
      int expected = script.has("interim") ? script.text("interim", "").split("\\+").length : 0;
      Mismatch.check(interims.size() >= expected, what + " interim answers: " + interims);
      Mismatch.equal(trailers, script.has("trail") && !bodiless ? 2 : 0, what + " trailers");
    }
  }
}
