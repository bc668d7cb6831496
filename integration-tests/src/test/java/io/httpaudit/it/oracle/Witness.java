package io.httpaudit.it.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the other end of TLS connections wrote down: a line an exchange, with the client's port, and
 * the plaintext's bytes of both messages. The capture, decrypted and cut, must say the same.
 */
public final class Witness {
  private final Map<Integer, Map<Integer, JsonNode>> byPort = new HashMap<>();
  private int exchanges;

  public Witness(List<JsonNode> lines) {
    for (JsonNode line : lines) {
      Map<Integer, JsonNode> known =
          byPort.computeIfAbsent(line.get("port").asInt(), port -> new HashMap<>());
      if (known.put(line.get("sequence").asInt(), line) != null) {
        throw new IllegalStateException("a port's second connection: " + line);
      }
      exchanges++;
    }
  }

  int exchanges() {
    return exchanges;
  }

  /** Empty: it says the same. */
  String differs(Conversation c, WireExchange e) {
    int port = Integer.parseInt(c.client().substring(c.client().lastIndexOf(':') + 1));
    JsonNode line = byPort.getOrDefault(port, Map.of()).get(e.index);
    String seen =
        e.method()
            + " "
            + e.target()
            + " "
            + e.response.status
            + " "
            + e.request.plain
            + " "
            + e.response.plain;
    String told =
        line == null
            ? "nothing"
            : line.get("method").asText()
                + " "
                + line.get("target").asText()
                + " "
                + line.get("status").asInt()
                + " "
                + line.get("request").asLong()
                + " "
                + line.get("response").asLong();
    return seen.equals(told) ? "" : "the peer tells " + told + " of " + c + " " + seen;
  }
}
