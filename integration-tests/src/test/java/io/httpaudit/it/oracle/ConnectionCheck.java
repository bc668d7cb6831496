package io.httpaudit.it.oracle;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Connections that never became an exchange, and what came behind an upgrade: INTERFACE.md, Audit
 * log.
 */
final class ConnectionCheck {
  private final Tally tally;
  private final String interfaceName;

  ConnectionCheck(Tally tally, String interfaceName) {
    this.tally = tally;
    this.interfaceName = interfaceName;
  }

  /**
   * @param line null: none was written
   */
  void check(Conversation c, HttpSplit split, Side side, JsonNode line) {
    boolean due = split.upgraded || split.http2 || split.exchanges.isEmpty();
    if (line == null) {
      // A server may never have accepted it.
      if (due && (side == Side.CLIENT || split.upgraded)) {
        tally.missing(c + " " + side + ", the connection's line");
      }
      return;
    }
    boolean possible =
        due
            || split.exchanges.size() == 1
                && ExchangeCheck.mayHaveNoLine(split.exchanges.get(0), side);
    if (!possible) {
      tally.extra("a connection's line, beside its exchanges: " + line);
      return;
    }
    tally.connection();
    outcome(c, split, line);
    same(line, "syns", c.syns(), line.path("syns").asInt());
    if (line.has("interface")) {
      same(line, "interface", interfaceName, line.get("interface").asText());
    }
    Stream out = side == Side.CLIENT ? c.requests() : c.responses();
    Stream in = side == Side.CLIENT ? c.responses() : c.requests();
    long outFrom = side == Side.CLIENT ? split.upgradedRequests : split.upgradedResponses;
    long inFrom = side == Side.CLIENT ? split.upgradedResponses : split.upgradedRequests;
    range(line, "out", outFrom, out, Long.MAX_VALUE);
    // Nobody reads what comes once this end has closed.
    range(line, "in", inFrom, in, c.isReset() ? 0 : in.lengthBefore(out.finOrder()));
    JsonNode connect = line.path("timings").path("connect");
    if (side == Side.CLIENT && !split.upgraded && c.isEstablished() && !connect.isMissingNode()) {
      tally.duration(connect.asDouble() * 1_000 - (c.handshakeAck() - c.synTime()) / 1e3);
    }
  }

  private void outcome(Conversation c, HttpSplit split, JsonNode line) {
    String outcome = line.path("outcome").asText();
    String verdict = line.path("verdict").asText();
    String expected;
    if (!c.isEstablished()) {
      expected = c.isReset() ? "refused" : "timeout";
    } else if (split.upgraded) {
      expected = "upgraded";
    } else if (split.http2) {
      expected = "http2";
    } else {
      expected = c.isReset() ? "reset" : "closed_idle";
    }
    same(line, "outcome", expected, outcome);
    same(line, "verdict", "matched", verdict);
  }

  /**
   * @param due where what must be told ends: of the rest it may be, up to its end
   */
  private void range(JsonNode line, String name, long from, Stream stream, long due) {
    JsonNode range = line.path(name);
    same(line, name + ".offset", from, range.path("offset").asLong());
    long bytes = stream.isKnown() ? Math.max(0, stream.length() - from) : 0;
    long told = range.path("bytes").asLong();
    if (told > bytes || told < Math.min(bytes, due - from)) {
      same(line, name + ".bytes", bytes, told);
    }
  }

  private void same(JsonNode line, String what, Object expected, Object told) {
    if (!String.valueOf(expected).equals(String.valueOf(told))) {
      tally.wrong(what + " is " + expected + ": " + line);
    }
  }
}
