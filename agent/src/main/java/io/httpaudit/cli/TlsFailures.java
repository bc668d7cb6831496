package io.httpaudit.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Handshakes that failed, those for one reason between the same two counted as one. */
final class TlsFailures {
  /** A log may be of any length. */
  private static final int MOST = 1_000;

  private static final int SHOWN = 5;

  /** Of what stands behind the counts. */
  private static final int INDENT = 7;

  /**
   * @param ends who tried to talk to whom
   * @param words why it failed
   */
  private record Kind(String ends, String words) {}

  private final Map<Kind, Long> counts = new HashMap<>();
  private long others;

  /** A line whose {@code type} is {@code connection}. */
  void add(Map<String, Object> line) {
    boolean isServer = Logged.text(line, "side").equals("server");
    Map<String, Object> tls = Logged.object(line, "tls");
    String words = TlsWords.failure(tls, isServer);
    if (words.isEmpty()) {
      return;
    }
    Kind kind = new Kind(ends(line, isServer, Logged.text(tls, "sni")), words);
    if (counts.size() < MOST || counts.containsKey(kind)) {
      counts.merge(kind, 1L, Long::sum);
    } else {
      others++;
    }
  }

  private static String ends(Map<String, Object> line, boolean isServer, String name) {
    String peer = Logged.text(line, "peer");
    String service = Logged.text(line, "service");
    if (isServer) {
      // A client's port is another one each time.
      String host = peer.substring(0, Math.max(0, peer.lastIndexOf(':')));
      return "server " + service + (name.isEmpty() ? "" : " as " + name) + ", from " + host;
    }
    return "client " + service + ", to " + (name.isEmpty() ? peer : name + " (" + peer + ")");
  }

  boolean isEmpty() {
    return counts.isEmpty();
  }

  /** The most frequent first. */
  void print(Consumer<String> out) {
    out.accept("TLS handshakes that failed");
    List<Map.Entry<Kind, Long>> ordered = new ArrayList<>(counts.entrySet());
    ordered.sort(
        Map.Entry.<Kind, Long>comparingByValue()
            .reversed()
            .thenComparing(entry -> entry.getKey().toString()));
    long left = others;
    for (int i = 0; i < ordered.size(); i++) {
      Map.Entry<Kind, Long> entry = ordered.get(i);
      if (i < SHOWN) {
        String count = entry.getValue().toString();
        String indent = " ".repeat(Math.max(1, INDENT - 2 - count.length()));
        out.accept(indent + count + "  " + entry.getKey().ends());
        out.accept(" ".repeat(INDENT) + entry.getKey().words());
      } else {
        left += entry.getValue();
      }
    }
    if (left > 0) {
      out.accept(" ".repeat(INDENT) + "and " + left + " more");
    }
  }
}
