package io.httpaudit.it.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.List;

/**
 * Phases: which there must be, that they keep within the whole, and those between two packets
 * against the capture. The application's marks are in no capture.
 */
final class TimingCheck {
  private static final List<String> CLIENT = List.of("queue", "send", "wait", "receive");
  private static final List<String> SERVER = List.of("read_wait", "receive", "process", "send");
  private static final List<String> ALL =
      List.of(
          "blocked",
          "dns",
          "connect",
          "ssl",
          "queue",
          "send",
          "wait",
          "receive",
          "lag",
          "accept_wait",
          "read_wait",
          "process");

  /** The log's figures are whole microseconds: each may be one off. */
  private static final long ROUNDING_US = 1;

  private final Tally tally;
  private JsonNode line;
  private boolean right;

  TimingCheck(Tally tally) {
    this.tally = tally;
  }

  /**
   * @param request null: not one byte of it was on the wire; likewise {@code response}
   */
  boolean check(
      Conversation c,
      HttpSplit split,
      WireExchange e,
      Side side,
      JsonNode line,
      Span request,
      Span response) {
    this.line = line;
    right = true;
    JsonNode timings = line.path("timings");
    laws(timings, side, request != null && response != null);
    if (e.isWhole() && line.path("verdict").asText().equals("matched")) {
      for (String due : side == Side.CLIENT ? CLIENT : SERVER) {
        if (!timings.has(due)) {
          wrong("the phase " + due + " is missing");
        }
      }
    }
    if (side == Side.CLIENT) {
      handshake(c, split, e, timings);
      client(c, e, timings, request, response);
    }
    return right;
  }

  /** From the ClientHello to the client's last message before its first application data. */
  private void handshake(Conversation c, HttpSplit split, WireExchange e, JsonNode timings) {
    boolean due = e.index == split.firstSecure;
    if (timings.has("ssl") != due) {
      wrong(due ? "the phase ssl is missing" : "ssl belongs to the first exchange behind it");
    } else if (due) {
      Span hello = c.requests().span(split.hello.from(), split.hello.to(), false);
      Span last = c.requests().span(split.shaken.from(), split.shaken.to(), false);
      duration(timings, "ssl", last.last.get(0) - hello.first.get(0));
    }
  }

  private void laws(JsonNode timings, Side side, boolean whole) {
    double sum = 0;
    int phases = 0;
    for (Iterator<String> names = timings.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      double micros = timings.get(name).asDouble() * 1e3;
      if (!ALL.contains(name)) {
        wrong(name + " is no phase");
      }
      if (micros < 0) {
        wrong(name + " is negative");
      }
      // The application's last read is in no line.
      sum += name.equals("lag") ? 0 : micros;
      phases++;
    }
    long start = ExchangeCheck.micros(line.path("time").asText());
    long first = line.path("request").path("first_us").asLong();
    if (side == Side.SERVER
        && line.path("request").has("first_us")
        && Math.abs(start - first) > ROUNDING_US) {
      wrong("time is not the request's first byte's");
    }
    if (whole) {
      long last = line.path("response").path("last_us").asLong();
      if (sum > last - start + (phases + 2) * ROUNDING_US) {
        wrong("the phases' sum, " + sum + " µs, is more than the whole, " + (last - start));
      }
    }
  }

  private void client(
      Conversation c, WireExchange e, JsonNode timings, Span request, Span response) {
    boolean first = e.index == 0;
    if (timings.has("connect") != first) {
      wrong(first ? "the phase connect is missing" : "connect belongs to the first exchange");
    } else if (first) {
      tally.duration(
          timings.get("connect").asDouble() * 1e3 - (c.handshakeAck() - c.synTime()) / 1e3);
    }
    if (request == null || response == null || !e.isWhole()) {
      return;
    }
    Span begin = c.responses().span(e.response.finalStart, e.response.finalStart + 1, true);
    if (request.isCertain() && response.isCertain() && begin.isCertain()) {
      long answered = begin.first.get(0);
      long sent = Math.min(request.last.get(0), answered);
      duration(timings, "send", sent - request.first.get(0));
      duration(timings, "wait", answered - sent);
      duration(timings, "receive", response.last.get(0) - answered);
    }
    ownMarks(timings, e);
  }

  /**
   * Against the line's own marks these are exact, where the final response's first byte is the
   * range's.
   */
  private void ownMarks(JsonNode timings, WireExchange e) {
    if (e.response.finalStart != e.response.start) {
      return;
    }
    long first = line.path("request").path("first_us").asLong();
    long last = line.path("request").path("last_us").asLong();
    long answered = line.path("response").path("first_us").asLong();
    long end = line.path("response").path("last_us").asLong();
    long sent = Math.min(last, answered);
    own(timings, "send", sent - first);
    own(timings, "wait", answered - sent);
    own(timings, "receive", end - answered);
  }

  private void own(JsonNode timings, String phase, long micros) {
    if (timings.has(phase)
        && Math.abs(timings.get(phase).asDouble() * 1e3 - micros) > 2 * ROUNDING_US) {
      wrong(phase + " is " + micros + " µs by the line's own times");
    }
  }

  private void duration(JsonNode timings, String phase, long nanos) {
    if (timings.has(phase)) {
      double off = timings.get(phase).asDouble() * 1e3 - nanos / 1e3;
      tally.duration(off);
      if (Math.abs(off) > 2 * Tally.ANOTHER_PACKET_US) {
        wrong(phase + " is " + nanos / 1e3 + " µs");
      }
    }
  }

  private void wrong(String what) {
    right = false;
    tally.wrong(what + ": " + line);
  }
}
