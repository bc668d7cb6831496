package io.httpaudit.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One exchange as one side saw it, out of a line of the audit log. Times are microseconds since
 * 1970, durations microseconds.
 *
 * @param result status, or how it was cut off; empty: neither is known
 * @param client address of the client's end
 * @param server address of the server's end
 * @param end of what is known of it; {@code start}, if nothing is
 * @param isWhole whether that is its end
 * @param rtt of the handshake, in milliseconds as logged; empty: not known
 * @param tls as logged; empty: there was none
 * @param syns that a call sent for a connection that never came; -1: it is an exchange
 */
record Logged(
    long pid,
    String service,
    boolean isServer,
    String verdict,
    String why,
    String traceId,
    String method,
    String url,
    String result,
    String client,
    String server,
    String interfaceName,
    Range request,
    Range response,
    List<Bar> phases,
    long start,
    long end,
    boolean isWhole,
    String rtt,
    Map<String, Object> tls,
    long syns) {

  /** Some thirty years. */
  private static final double LONGEST_MILLIS = 1e12;

  /** A phase, where it belongs on the clock. */
  record Bar(String phase, long from, long micros) {
    /** Whether the application could not see it: {@code httpaudit.unseen_ms} of INTERFACE.md. */
    boolean isUnseen() {
      switch (phase) {
        case "accept_wait":
        case "read_wait":
        case "queue":
        case "lag":
          return true;
        default:
          return false;
      }
    }
  }

  /**
   * Bytes of one direction, and how they travelled.
   *
   * @param segments 0: no packet is known
   */
  record Range(long offset, long bytes, long segments, long retransmits) {
    private static Range of(Map<String, Object> range) {
      return new Range(
          number(range, "offset", 0),
          number(range, "bytes", 0),
          number(range, "segments", 0),
          number(range, "retransmits", 0));
    }
  }

  /**
   * Null-free view of a line whose {@code type} is {@code exchange}; throws what the line lacks.
   */
  static Logged of(Map<String, Object> line) throws JsonText.Malformed {
    String side = text(line, "side");
    String verdict = text(line, "verdict");
    if (verdict.isEmpty() || !side.equals("server") && !side.equals("client")) {
      throw new JsonText.Malformed("no exchange's side and verdict", 0);
    }
    boolean isServer = side.equals("server");
    long start = micros(text(line, "time"));
    Map<String, Object> request = object(line, "request");
    Map<String, Object> response = object(line, "response");
    List<Bar> bars = isServer ? serverBars(line, start) : clientBars(line, start);
    long end = Math.max(start, number(response, "last_us", start));
    for (Bar bar : bars) {
      end = Math.max(end, bar.from() + bar.micros());
    }
    String local = text(line, "local");
    String peer = text(line, "peer");
    return new Logged(
        number(line, "pid", 0),
        text(line, "service"),
        isServer,
        verdict,
        text(line, "why"),
        text(line, "trace_id"),
        text(line, "method"),
        text(line, "url"),
        result(line),
        isServer ? peer : local,
        isServer ? local : peer,
        text(line, "interface"),
        Range.of(request),
        Range.of(response),
        bars,
        start,
        end,
        // Without rights no response's last byte is known; a server's own times end close to it.
        response.containsKey("last_us") || isServer && !bars.isEmpty(),
        text(object(line, "tcp"), "rtt"),
        object(line, "tls"),
        -1);
  }

  /**
   * A call that waited for a connection that never came, out of a line whose {@code type} is {@code
   * connection}: an exchange of nothing, with no phases but {@code connect} and {@code ssl}.
   */
  static Logged failedCall(Map<String, Object> line) throws JsonText.Malformed {
    long start = micros(text(line, "time"));
    List<Bar> bars = clientBars(line, start);
    long end = start;
    for (Bar bar : bars) {
      end = Math.max(end, bar.from() + bar.micros());
    }
    return new Logged(
        number(line, "pid", 0),
        text(line, "service"),
        false,
        text(line, "verdict"),
        text(line, "why"),
        text(line, "trace_id"),
        "connect",
        "to " + text(line, "peer"),
        text(line, "outcome"),
        text(line, "local"),
        text(line, "peer"),
        text(line, "interface"),
        Range.of(object(line, "out")),
        Range.of(object(line, "in")),
        bars,
        start,
        end,
        !bars.isEmpty(),
        "",
        object(line, "tls"),
        number(line, "syns", 0));
  }

  private static String result(Map<String, Object> line) {
    String status = text(line, "status");
    String error = text(line, "error");
    return status.isEmpty() || error.isEmpty() ? status + error : status + ", " + error;
  }

  /** All phases follow one another from the start; the last ends with the response's last byte. */
  private static List<Bar> serverBars(Map<String, Object> line, long start)
      throws JsonText.Malformed {
    List<Bar> bars = new ArrayList<>();
    long at = start;
    for (Map.Entry<String, Object> timing : object(line, "timings").entrySet()) {
      long micros = micros(timing.getValue());
      if (timing.getKey().equals("send")) {
        at = Math.max(at, number(object(line, "response"), "last_us", at) - micros);
      }
      bars.add(new Bar(timing.getKey(), at, micros));
      at += micros;
    }
    return bars;
  }

  /**
   * As {@link #serverBars}; but between phases there may be time that belongs to none, and marks
   * tell where.
   */
  private static List<Bar> clientBars(Map<String, Object> line, long start)
      throws JsonText.Malformed {
    List<Bar> bars = new ArrayList<>();
    Map<String, Object> request = object(line, "request");
    Map<String, Object> response = object(line, "response");
    Map<String, Object> timings = object(line, "timings");
    long at = start;
    for (Map.Entry<String, Object> timing : timings.entrySet()) {
      long micros = micros(timing.getValue());
      switch (timing.getKey()) {
        case "ssl":
          // What a ClientHello takes to be made lies in front of it; behind, the request waits.
          long waited = micros(timings.get("queue")) + micros;
          at = Math.max(at, number(request, "first_us", at + waited) - waited);
          break;
        case "queue":
          at = Math.max(at, number(request, "first_us", at) - micros);
          break;
        case "send":
          at = Math.max(at, number(request, "first_us", at));
          break;
        case "lag":
          at = Math.max(at, number(response, "last_us", at));
          break;
        default:
          break;
      }
      bars.add(new Bar(timing.getKey(), at, micros));
      at += micros;
    }
    return bars;
  }

  /** From the start to the last that is known. */
  long duration() {
    return end - start;
  }

  /** What of it the application could not see; -1: not known. */
  long unseen() {
    long unseen = 0;
    int terms = 0;
    for (Bar bar : phases) {
      if (bar.isUnseen()) {
        unseen += bar.micros();
        terms += bar.phase().equals("accept_wait") ? 0 : 1;
      }
    }
    return terms == (isServer ? 1 : 2) ? unseen : -1;
  }

  /** What belongs to no phase. */
  long other() {
    long other = duration();
    for (Bar bar : phases) {
      other -= bar.micros();
    }
    return Math.max(0, other);
  }

  /** Equal for the two views of one exchange, if both ends have written to this log. */
  String flowAndPosition() {
    return client + ' ' + server + ' ' + request.offset();
  }

  private static long micros(Object millis) throws JsonText.Malformed {
    double value = millis instanceof Number ? ((Number) millis).doubleValue() : 0;
    if (value < 0 || value > LONGEST_MILLIS) {
      throw new JsonText.Malformed("a timing that is no duration", 0);
    }
    return Math.round(value * 1000);
  }

  private static long micros(String time) throws JsonText.Malformed {
    try {
      Instant instant = Instant.parse(time);
      return Math.multiplyExact(instant.getEpochSecond(), 1_000_000) + instant.getNano() / 1_000;
    } catch (DateTimeException | ArithmeticException e) {
      throw new JsonText.Malformed("no time", 0);
    }
  }

  /** A member as text; empty: there is none. */
  static String text(Map<String, Object> object, String name) {
    Object value = object.get(name);
    return value == null || value instanceof Map || value instanceof List ? "" : value.toString();
  }

  static long number(Map<String, Object> object, String name, long otherwise) {
    Object value = object.get(name);
    return value instanceof Number ? ((Number) value).longValue() : otherwise;
  }

  /** A member that is an object; empty: there is none. */
  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Map<String, Object> object, String name) {
    Object value = object.get(name);
    return value instanceof Map ? (Map<String, Object>) value : Map.of();
  }
}
