package io.httpaudit.it.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds one line against one exchange of the capture, field by field, as INTERFACE.md defines the
 * fields.
 */
final class ExchangeCheck {
  /** Where a packet's time decides what counts, this much is left to the clocks. */
  static final long SLACK_US = 50;

  /**
   * Of a connection that the JVM has not claimed, so many runs of packets are kept: DESIGN.md,
   * Kernel side.
   */
  private static final int RUNS = 16;

  private static final Pattern TRACEPARENT =
      Pattern.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}");

  private final Tally tally;
  private final String interfaceName;
  private final TimingCheck timings;

  private JsonNode line;
  private boolean right;

  ExchangeCheck(Tally tally, String interfaceName) {
    this.tally = tally;
    this.interfaceName = interfaceName;
    timings = new TimingCheck(tally);
  }

  /**
   * Whether the JVM need not tell of it: what isn't HTTP/1.x at all, a request whose head never was
   * whole, or one that the server may not have read, since it never answered.
   */
  static boolean mayHaveNoLine(WireExchange e, Side side) {
    return e.method().isEmpty() && e.request.ambiguous
        || e.request.head.end < 0 && !e.request.ambiguous
        || side == Side.SERVER && e.response.bytes() == 0;
  }

  static long micros(String time) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(time));
  }

  void check(Conversation c, HttpSplit split, WireExchange e, Side side, JsonNode line) {
    this.line = line;
    right = true;
    String verdict = line.path("verdict").asText();
    String why = line.path("why").asText();
    what(e, side);
    tls(split, e);
    if (verdict.equals("inferred") && why.equals("records_lost") && mayOverflow(c, e, side)) {
      status(e, e.isAmbiguous());
      extent("request", e.request, side == Side.CLIENT, !e.isWhole());
      extent("response", e.response, side == Side.SERVER, e.isAmbiguous());
      tally.countOverflowed();
      return;
    }
    if (e.isAmbiguous()) {
      same("verdict", "inferred", verdict);
      same("why", "boundary_unknown", why);
      same("request.offset", e.request.start, line.path("request").path("offset").asLong());
      tally.countAmbiguous();
      return;
    }
    boolean unread =
        verdict.equals("inferred") && why.equals("boundary_unknown") && mayBeUnread(c, e, side);
    if (!unread) {
      same("verdict", "matched", verdict);
      same("why", "", why);
    }
    status(e, unread);
    error(c, e, unread);
    extent("request", e.request, side == Side.CLIENT, side == Side.SERVER && unread);
    extent("response", e.response, side == Side.SERVER, side == Side.CLIENT && unread);
    long closing = closing(c, e, side);
    // What arrives may be there before it is known to be final: at a client all of the response,
    // at a server what a peer that no RST reached sends again.
    long requestClosing = side == Side.SERVER ? Math.min(closing, c.resetOrder()) : closing;
    long responseClosing = side == Side.CLIENT ? -1 : closing;
    Span request = range("request", c.requests(), side == Side.SERVER, requestClosing);
    Span response = range("response", c.responses(), side == Side.CLIENT, responseClosing);
    tcp(c, e, side, request, response);
    right &= timings.check(c, split, e, side, line, request, response);
    if (unread) {
      tally.countUnread();
    } else if (e.isWhole()) {
      tally.whole(right && verdict.equals("matched"));
    } else {
      tally.cut(right && verdict.equals("matched"));
    }
  }

  /**
   * The place in the capture behind which the exchange may be final, and written. What comes once
   * more behind it may be counted or not: at a server behind the response's acknowledgement, at a
   * client behind the request's and the response's last byte.
   */
  private static long closing(Conversation c, WireExchange e, Side side) {
    if (e.response.bytes() == 0) {
      return Long.MAX_VALUE;
    }
    return side == Side.SERVER
        ? c.responses().acknowledgedBy(e.response.end)
        : Math.max(
            c.requests().acknowledgedBy(e.request.end),
            c.responses().completedBy(e.response.start, e.response.end));
  }

  /**
   * Whether more packets came before a server can have accepted than are kept until then. Its line
   * begins with its first read.
   */
  private boolean mayOverflow(Conversation c, WireExchange e, Side side) {
    long read = micros(line.path("time").asText());
    return side == Side.SERVER
        && e.index == 0
        && !line.path("request").has("first_us")
        && c.packets(read * 1_000) > RUNS;
  }

  /**
   * Bytes that arrived and were not read are the message's only if its framing proves it, and the
   * framing is known only from what was read: a line then tells of fewer bytes than there were.
   * Whoever closes with bytes unread sends an RST, or, if both halves had ended by then, a FIN
   * before the other's: a selecting channel's close is first a FIN.
   */
  private boolean mayBeUnread(Conversation c, WireExchange e, Side side) {
    if (!c.isReset() && !c.isEndedFirstBy(side)) {
      return false;
    }
    Message arrived = side == Side.CLIENT ? e.response : e.request;
    boolean fewer =
        line.path(side == Side.CLIENT ? "response" : "request").path("bytes").asLong()
            < arrived.bytes();
    boolean headRead = side == Side.SERVER || line.has("status");
    boolean proven =
        arrived.framing == Message.Framing.LENGTH || arrived.framing == Message.Framing.NO_BODY;
    return fewer && !(headRead && proven);
  }

  private void what(WireExchange e, Side side) {
    if (!e.method().isEmpty()) {
      same("method", e.method(), line.path("method").asText());
      same("protocol", e.protocol(), line.path("protocol").asText());
      same("url", url(e, side), line.path("url").asText());
      trace(e, side);
    }
    if (line.has("interface")) {
      same("interface", interfaceName, line.get("interface").asText());
    } else {
      wrong("interface is missing");
    }
  }

  private void tls(HttpSplit split, WireExchange e) {
    JsonNode tls = line.path("tls");
    if (!e.secure) {
      same("tls", "", tls.toString());
      return;
    }
    split
        .settled
        .fields()
        .forEach((name, value) -> same("tls." + name, value, tls.path(name).asText()));
  }

  /**
   * Query values are never written. Paths with what looks like a token, and user-info, are another
   * test's.
   */
  private String url(WireExchange e, Side side) {
    String target = e.target();
    if (e.method().equals("CONNECT")) {
      return target;
    }
    String server = line.path(side == Side.SERVER ? "local" : "peer").asText();
    String host = e.request.head.value("host");
    String start =
        target.contains("://") && !target.startsWith("/")
            ? ""
            : (e.secure ? "https://" : "http://")
                + (host == null || host.isEmpty() ? server : host);
    int query = target.indexOf('?');
    if (query < 0) {
      return start + target;
    }
    return start
        + target.substring(0, query + 1)
        + target.substring(query + 1).replaceAll("=[^&]*", "=REDACTED");
  }

  /**
   * The programs themselves send no {@code traceparent}: one that a client's bytes have was added
   * by its agent, names the client's own span, and that is a root, since no request was being
   * served.
   */
  private void trace(WireExchange e, Side side) {
    String traceparent = e.request.head.value("traceparent");
    Matcher valid = TRACEPARENT.matcher(traceparent == null ? "" : traceparent);
    if (valid.matches()) {
      boolean client = side == Side.CLIENT;
      same("trace_id", valid.group(1), line.path("trace_id").asText());
      same(
          client ? "span_id" : "parent_span_id",
          valid.group(2),
          line.path(client ? "span_id" : "parent_span_id").asText());
      if (client) {
        same("parent_span_id", "", line.path("parent_span_id").asText());
      }
    } else {
      same("parent_span_id", "", line.path("parent_span_id").asText());
    }
  }

  private void status(WireExchange e, boolean unread) {
    JsonNode status = line.path("status");
    if (e.response.status == 0) {
      same("status", "", status.asText());
    } else if (!(unread && status.isMissingNode())) {
      same("status", e.response.status, status.asInt());
    }
  }

  /** Cut off: an RST, or any other end. What was left unread may be said to be. */
  private void error(Conversation c, WireExchange e, boolean unread) {
    String error = line.path("error").asText();
    String cut = c.isReset() ? "reset" : "closed";
    if (e.isWhole()) {
      boolean heard =
          c.requests().isAcknowledged(e.request.end)
              && c.responses().isAcknowledged(e.response.end);
      boolean may = unread || c.isReset() && !heard;
      if (!may || !error.equals(cut)) {
        same("error", "", error);
      }
    } else if (c.isReset() || !error.equals("timeout")) {
      same("error", cut, error);
    }
  }

  private void extent(String name, Message message, boolean sent, boolean mayBeLess) {
    JsonNode range = line.path(name);
    long bytes = range.path("bytes").asLong();
    if (message.bytes() > 0) {
      same(name + ".offset", message.start, range.path("offset").asLong());
    }
    if (!mayBeLess || bytes > message.bytes(sent)) {
      same(name + ".bytes", message.bytes(sent), bytes);
    }
  }

  /** The packets' figures of the range that the line tells. */
  private Span range(String name, Stream stream, boolean arrives, long closing) {
    JsonNode range = line.path(name);
    long from = range.path("offset").asLong();
    long to = from + range.path("bytes").asLong();
    if (from >= to || to > stream.length()) {
      return null;
    }
    Span span = stream.span(from, to, arrives, closing);
    within(name + ".segments", span.segments, span.mostSegments, range.path("segments").asInt(-1));
    within(
        name + ".retransmits",
        span.retransmits,
        span.mostRetransmits,
        range.path("retransmits").asInt(-1));
    tally.retransmits(range.path("retransmits").asInt(0));
    time(name + ".first_us", span.first, range.path("first_us"));
    time(name + ".last_us", span.last, range.path("last_us"));
    return span;
  }

  private void time(String name, java.util.List<Long> possible, JsonNode told) {
    if (told.isMissingNode()) {
      wrong(name + " is missing");
      return;
    }
    int nearest = 0;
    for (int i = 1; i < possible.size(); i++) {
      if (Math.abs(off(possible.get(i), told)) <= Math.abs(off(possible.get(nearest), told))) {
        nearest = i;
      }
    }
    double off = off(possible.get(nearest), told);
    if (Math.abs(off) > Tally.ANOTHER_PACKET_US) {
      wrong(name + " is " + possible);
    }
    tally.time(off);
    if (possible.size() > 1) {
      tally.choice(nearest < possible.size() - 1);
    }
  }

  private static double off(long nanos, JsonNode micros) {
    return micros.asLong() - nanos / 1_000 - nanos % 1_000 / 1e3;
  }

  private void tcp(Conversation c, WireExchange e, Side side, Span request, Span response) {
    JsonNode tcp = line.path("tcp");
    long roundTrip = c.roundTrip(side);
    if (roundTrip < 0) {
      same("tcp.rtt", "", tcp.path("rtt").asText());
    } else if (tcp.has("rtt")) {
      tally.duration(tcp.get("rtt").asDouble() * 1e3 - roundTrip / 1e3);
    } else {
      wrong("tcp.rtt is missing");
    }
    if (request == null || response == null) {
      return;
    }
    long from = line.path("request").path("first_us").asLong();
    long to = line.path("response").path("last_us").asLong();
    long zeros = tcp.path("zero_window").asLong(-1);
    if (zeros < zeroWindows(c, from, to, -SLACK_US) || zeros > zeroWindows(c, from, to, SLACK_US)) {
      wrong("tcp.zero_window is " + zeroWindows(c, from, to, 0));
    }
    long reset = c.resetTime() / 1_000;
    boolean within = c.isReset() && reset >= from && reset <= to;
    boolean atEdge =
        c.isReset() && (Math.abs(reset - from) <= SLACK_US || Math.abs(reset - to) <= SLACK_US);
    if (!atEdge) {
      boolean told = line.path("error").asText().equals("reset");
      same("tcp.reset", within || told, tcp.path("reset").asBoolean());
    }
  }

  private static long zeroWindows(Conversation c, long from, long to, long slack) {
    return c.zeroWindows((from - slack) * 1_000, (to + slack) * 1_000);
  }

  private void within(String what, int least, int most, int told) {
    if (told < least || told > most) {
      wrong(what + " is " + least + (most > least ? " to " + most : ""));
    }
  }

  private void same(String what, Object expected, Object told) {
    if (!String.valueOf(expected).equals(String.valueOf(told))) {
      wrong(what + " is " + expected);
    }
  }

  private void wrong(String what) {
    right = false;
    tally.wrong(what + ": " + line);
  }
}
