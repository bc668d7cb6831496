package io.httpaudit.it.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Holds one audit log against the capture of the same host: each exchange in the capture has its
 * line, each line its exchange, and each figure is the capture's.
 */
public final class Comparison {
  private final Capture capture;
  private final Set<Side> sides;
  private final Tally tally;
  private final ExchangeCheck exchanges;
  private final ConnectionCheck connections;

  /** By side and ends, in the order of their first SYNs. */
  private final Map<String, List<Conversation>> byEnds = new HashMap<>();

  private final Map<Conversation, HttpSplit> splits = new LinkedHashMap<>();

  /** The agent's number of a connection, and whose it is; both ways. */
  private final Map<String, String> numbers = new HashMap<>();

  private final Set<Conversation> clockChecks = new HashSet<>();

  /** When the log's last word was written, in microseconds of the epoch. */
  private long written = Long.MAX_VALUE;

  private record Place(Conversation conversation, Side side, int sequence) {}

  private Comparison(
      String arm, Capture capture, Decryption decryption, String interfaceName, Set<Side> sides) {
    this.capture = capture;
    this.sides = sides;
    tally = new Tally(arm);
    exchanges = new ExchangeCheck(tally, interfaceName);
    connections = new ConnectionCheck(tally, interfaceName);
    tally.packets(capture.packets());
    for (Conversation c : capture.conversations()) {
      splits.put(c, new HttpSplit(c, decryption));
      for (Side side : sides) {
        byEnds
            .computeIfAbsent(ends(side, local(side, c), peer(side, c)), key -> new ArrayList<>())
            .add(c);
      }
    }
  }

  /**
   * @param interfaceName where the capture was made
   * @param sides which ends of the captured connections the log speaks of: all of the log's
   *     connections must be in the capture, and all of the capture's in the log
   * @param lines of {@code type} exchange and connection, and the summary, which says when the last
   *     was written
   */
  public static Tally of(
      String arm, Capture capture, String interfaceName, Set<Side> sides, List<JsonNode> lines) {
    Comparison comparison = new Comparison(arm, capture, null, interfaceName, sides);
    comparison.compare(lines);
    return comparison.tally;
  }

  /**
   * Likewise of a capture of TLS.
   *
   * @param witness the other end's own account
   */
  public static Tally of(
      String arm,
      Capture capture,
      Decryption decryption,
      Witness witness,
      String interfaceName,
      Set<Side> sides,
      List<JsonNode> lines) {
    Comparison comparison = new Comparison(arm, capture, decryption, interfaceName, sides);
    comparison.compare(lines);
    comparison.hear(witness);
    return comparison.tally;
  }

  /** Likewise, where the other end gives no account. */
  public static Tally of(
      String arm,
      Capture capture,
      Decryption decryption,
      String interfaceName,
      Set<Side> sides,
      List<JsonNode> lines) {
    Comparison comparison = new Comparison(arm, capture, decryption, interfaceName, sides);
    comparison.compare(lines);
    return comparison.tally;
  }

  private void hear(Witness witness) {
    int exchanges = 0;
    for (Map.Entry<Conversation, HttpSplit> entry : splits.entrySet()) {
      for (WireExchange e : entry.getValue().exchanges) {
        exchanges++;
        String difference = witness.differs(entry.getKey(), e);
        if (!difference.isEmpty()) {
          tally.wrong(difference);
        }
      }
    }
    if (exchanges != witness.exchanges()) {
      tally.wrong("the peer tells of " + witness.exchanges() + ", the capture of " + exchanges);
    }
  }

  private static String local(Side side, Conversation c) {
    return side == Side.CLIENT ? c.client() : c.server();
  }

  private static String peer(Side side, Conversation c) {
    return side == Side.CLIENT ? c.server() : c.client();
  }

  private static String ends(Side side, String local, String peer) {
    return side + " " + local + " " + peer;
  }

  private void compare(List<JsonNode> lines) {
    Map<Place, List<JsonNode>> found = new HashMap<>();
    for (JsonNode line : lines) {
      String type = line.get("type").asText();
      if (type.equals("summary")) {
        written = ExchangeCheck.micros(line.get("time").asText());
      }
      if (type.equals("exchange") || type.equals("connection")) {
        Side side = Side.valueOf(line.get("side").asText().toUpperCase(java.util.Locale.ROOT));
        Conversation conversation = conversation(line, side);
        if (conversation == null) {
          tally.extra("no such connection in the capture: " + line);
        } else {
          number(line, conversation, side);
          int sequence = type.equals("exchange") ? line.get("sequence").asInt() : -1;
          found
              .computeIfAbsent(new Place(conversation, side, sequence), key -> new ArrayList<>())
              .add(line);
        }
      }
    }
    for (Conversation c : capture.conversations()) {
      for (Side side : sides) {
        compare(c, side, found);
      }
    }
    found.forEach((place, left) -> left.forEach(line -> left(place, line)));
  }

  private void compare(Conversation c, Side side, Map<Place, List<JsonNode>> found) {
    HttpSplit split = splits.get(c);
    for (WireExchange e : split.exchanges) {
      JsonNode line = one(found, new Place(c, side, e.index));
      if (line != null) {
        exchanges.check(c, split, e, side, line);
      } else if (!ExchangeCheck.mayHaveNoLine(e, side)) {
        tally.missing(
            c
                + " "
                + side
                + " #"
                + e.index
                + " "
                + e.method()
                + " "
                + e.target()
                + " → "
                + e.response.status);
      }
    }
    JsonNode line = one(found, new Place(c, side, -1));
    if (line != null || !isClockCheck(c) && !isLeftOpen(c, side)) {
      connections.check(c, split, side, line);
    }
  }

  /**
   * What comes of a connection without a request that only the process's end closes, nobody knows.
   */
  private boolean isLeftOpen(Conversation c, Side side) {
    return written != Long.MAX_VALUE
        && c.requests().length() == 0
        && c.isEstablished()
        && c.isOpenAt(written * 1_000, side);
  }

  /**
   * At its start an agent compares clocks by a connection of its own, on loopback, which it does
   * not audit: without a byte, to a port of its own. There is one an agent, and two may be in the
   * capture.
   */
  private boolean isClockCheck(Conversation c) {
    boolean empty = c.isEstablished() && c.requests().length() == 0 && c.responses().length() == 0;
    boolean only =
        capture.conversations().stream().filter(other -> other.server().equals(c.server())).count()
            == 1;
    return c.server().startsWith("127.0.0.1:")
        && empty
        && only
        && (clockChecks.contains(c) || clockChecks.size() < 2 && clockChecks.add(c));
  }

  private JsonNode one(Map<Place, List<JsonNode>> found, Place place) {
    List<JsonNode> lines = found.remove(place);
    if (lines == null) {
      return null;
    }
    lines.stream().skip(1).forEach(line -> tally.extra("a second time: " + line));
    return lines.get(0);
  }

  /**
   * A line for which the capture has no exchange: right only behind an ambiguous head, where nobody
   * can know.
   */
  private void left(Place place, JsonNode line) {
    HttpSplit split = splits.get(place.conversation());
    boolean behind = split.lostTrack && place.sequence() >= split.exchanges.size();
    if (behind && line.path("why").asText().equals("boundary_unknown")) {
      tally.countAmbiguous();
    } else {
      tally.extra("no such exchange in the capture: " + line);
    }
  }

  /**
   * Of several connections on the same ends, the one that was the latest when the line's first byte
   * moved.
   */
  private Conversation conversation(JsonNode line, Side side) {
    List<Conversation> all =
        byEnds.get(ends(side, line.get("local").asText(), line.get("peer").asText()));
    if (all == null) {
      return null;
    }
    Conversation found = all.get(0);
    JsonNode first = line.path("request").path("first_us");
    long micros =
        first.isMissingNode() ? ExchangeCheck.micros(line.get("time").asText()) : first.asLong();
    for (Conversation c : all) {
      if (c.synTime() / 1000 <= micros + ExchangeCheck.SLACK_US) {
        found = c;
      }
    }
    return found;
  }

  private void number(JsonNode line, Conversation conversation, Side side) {
    String agents =
        "pid " + line.get("pid").asText() + " connection " + line.get("connection").asText();
    String ours = conversation + " " + side + " " + System.identityHashCode(conversation);
    String before = numbers.putIfAbsent(agents, ours);
    String other = numbers.putIfAbsent(ours, agents);
    if (before != null && !before.equals(ours) || other != null && !other.equals(agents)) {
      tally.wrong(
          "connection numbers: "
              + agents
              + " is "
              + before
              + " and "
              + ours
              + ", which is "
              + other
              + ": "
              + line);
    }
  }
}
