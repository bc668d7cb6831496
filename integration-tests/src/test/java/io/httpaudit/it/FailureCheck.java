package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/**
 * A line of the audit log against what OpenSSL, at the other end, says of the same connection.
 *
 * @param client whether the JVM is the TLS client
 * @param kind how: {@code url}, {@code http}, {@code socket} or {@code engine}
 * @param line of the audit log
 * @param told by tls_peer.py
 * @param words the JVM's own about it: its exception, or nothing
 */
record FailureCheck(boolean client, String kind, JsonNode line, JsonNode told, String words) {
  /** The alert that the JDK raises; it may close before it sends it. */
  private static final Map<String, String> RAISED =
      Map.ofEntries(
          Map.entry("untrusted", "certificate_unknown"),
          Map.entry("expired", "certificate_expired"),
          Map.entry("name", "certificate_unknown"),
          Map.entry("client-none-1.2", "handshake_failure"),
          Map.entry("client-none-1.3", "certificate_required"),
          Map.entry("client-stranger", "certificate_unknown"),
          Map.entry("version-old", "protocol_version"),
          Map.entry("version-new", "protocol_version"),
          Map.entry("cipher", "handshake_failure"),
          Map.entry("alpn", "no_application_protocol"),
          Map.entry("plain", "unexpected_message"),
          Map.entry("garbage", "unexpected_message"),
          Map.entry("corrupt", "bad_record_mac"));

  /** What updates of JDK 17 before 17.0.16 or so raise in their place. */
  private static final Map<String, String> RAISED_BEFORE =
      Map.of(
          "expired", "certificate_unknown",
          "client-none-1.2", "bad_certificate",
          "client-none-1.3", "bad_certificate");

  private static final String GONE = "decode_error";

  private static final List<String> CLEAR_IN_1_2 =
      List.of(
          "server_hello",
          "certificate",
          "server_key_exchange",
          "certificate_request",
          "server_hello_done",
          "client_key_exchange",
          "certificate_verify",
          "change_cipher_spec");

  private String text() {
    return told.get("case").asText();
  }

  /** Without its version. */
  private String name() {
    return text().replaceFirst("-1\\.[23]$", "");
  }

  void holds() {
    String type = line.get("type").asText();
    switch (name()) {
      case "ok" -> {
        assertThat(type).isEqualTo("exchange");
        assertThat(line.get("verdict").asText()).isEqualTo("matched");
        assertThat(line.get("status").asInt()).isBetween(200, 204);
      }
      case "idle", "verifier" -> carriedNothing();
      case "close-first" -> {
        if (line.get("out").get("bytes").asInt() > 0) {
          failed();
        } else {
          // It was over before a ClientHello could be sent.
          assertThat(line.get("outcome").asText()).isIn("closed_idle", "reset");
          assertThat(line.get("verdict").asText()).isEqualTo("matched");
        }
      }
      case "plain" -> {
        if (client) {
          failed();
        } else {
          isPlain();
        }
      }
      case "client-none", "client-stranger" -> {
        if (client && text().endsWith("1.3") && type.equals("exchange")) {
          refusedLate();
        } else if (client
            && text().endsWith("1.3")
            && line.get("outcome").asText().equals("reset")) {
          refusedUnheard();
        } else {
          failed();
        }
      }
      default -> failed();
    }
  }

  /** Its handshake was over, well. */
  private void carriedNothing() {
    assertThat(told.get("done").asBoolean()).isTrue();
    assertThat(line.get("type").asText()).isEqualTo("connection");
    if (name().equals("verifier")) {
      // HttpsURLConnection closes on top of session tickets, if they have come: a reset.
      assertThat(line.get("outcome").asText()).isIn("closed_idle", "reset");
    } else {
      assertThat(line.get("outcome").asText()).isEqualTo("closed_idle");
    }
    assertThat(line.get("verdict").asText()).isEqualTo("matched");
    assertThat(line.get("tls").get("version").asText()).isEqualTo("1.3");
    assertThat(line.get("tls").has("failure")).isFalse();
  }

  /** What came is a request in the clear: an exchange that no response ends. */
  private void isPlain() {
    assertThat(line.get("type").asText()).isEqualTo("exchange");
    assertThat(line.get("request").get("bytes").asInt()).isEqualTo(39);
    assertThat(line.has("status")).isFalse();
    assertThat(line.has("tls")).isFalse();
    if (line.get("verdict").asText().equals("matched")) {
      assertThat(line.get("error").asText()).isIn("closed", "reset");
    } else {
      // Its answer is an alert.
      assertThat(line.get("why").asText()).isEqualTo("boundary_unknown");
      assertThat(line.get("response").get("bytes").asInt()).isEqualTo(7);
    }
  }

  /** A TLS 1.3 client has shaken hands, and asks, before the server has seen its certificate. */
  private void refusedLate() {
    assertThat(line.get("error").asText()).isIn("closed", "reset");
    assertThat(line.get("verdict").asText()).isEqualTo("matched");
    assertThat(line.has("status")).isFalse();
    assertThat(line.get("response").get("bytes").asInt()).isZero();
    assertThat(line.get("request").get("bytes").asInt()).isGreaterThan(80);
  }

  /**
   * Likewise, but the server's reset came before the question could be sent, and took its alert.
   */
  private void refusedUnheard() {
    assertThat(line.get("verdict").asText()).isEqualTo("matched");
    assertThat(line.get("tls").get("version").asText()).isEqualTo("1.3");
    assertThat(line.get("tls").has("failure")).isFalse();
    assertThat(line.get("out").get("bytes").asInt()).isGreaterThan(0);
  }

  private void failed() {
    assertThat(line.get("type").asText()).isEqualTo("connection");
    assertThat(line.get("outcome").asText()).isEqualTo("tls_failed");
    assertThat(line.get("verdict").asText()).isEqualTo("matched");
    JsonNode failure = line.get("tls").get("failure");
    String alert = failure.path("alert").asText();
    String by = failure.get("by").asText();
    // What OpenSSL says to one that is gone without a word is no cause.
    boolean sent = !told.get("sent").isEmpty() && !told.get("sent").get(0).asText().equals(GONE);
    if (sent) {
      assertThat(by).isEqualTo("peer");
      if (!alert.isEmpty() || words.contains("Received fatal alert")) {
        assertThat(alert).isEqualTo(told.get("sent").get(0).asText());
      }
    } else if (told.get("received").size() > 0) {
      assertThat(by).isEqualTo("local");
      assertThat(alert).isEqualTo(told.get("received").get(0).asText());
    } else {
      boolean left = name().startsWith("close-") || name().startsWith("reset-");
      assertThat(by).isEqualTo(left ? "peer" : "local");
      if (!alert.isEmpty()) {
        assertThat(alert).isIn(raised(), raisedBefore());
      }
    }
    after(failure.path("after").asText());
    timings();
  }

  private String raised() {
    String raised = RAISED.getOrDefault(text(), RAISED.getOrDefault(name(), "none"));
    return name().equals("plain") && kind.equals("http") ? "internal_error" : raised;
  }

  private String raisedBefore() {
    return RAISED_BEFORE.getOrDefault(text(), RAISED_BEFORE.getOrDefault(name(), raised()));
  }

  private void after(String after) {
    JsonNode clear = told.get("clear");
    String last = clear.isEmpty() ? "" : clear.get(clear.size() - 1).asText();
    if (line.get("tls").path("version").asText().equals("1.2")) {
      assertThat(after).isIn(CLEAR_IN_1_2);
    } else if (!client && (name().endsWith("-hello") || name().equals("silent"))) {
      // Its answer was on the way, or it was not.
      assertThat(after).isIn("client_hello", "server_hello");
    } else if (name().equals("plain") || name().equals("close-first")) {
      assertThat(after).isEqualTo("client_hello");
    } else {
      assertThat(after).isEqualTo(last);
    }
  }

  private void timings() {
    JsonNode timings = line.get("timings");
    if (!client) {
      assertThat(timings.isEmpty()).isTrue();
      return;
    }
    assertThat(timings.get("connect").asDouble()).isBetween(0.001, 1_000.0);
    assertThat(timings.get("ssl").asDouble())
        .isBetween(name().equals("silent") ? 200.0 : 0.001, 3_000.0);
  }
}
