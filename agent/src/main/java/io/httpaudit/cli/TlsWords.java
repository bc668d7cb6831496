package io.httpaudit.cli;

import java.util.Map;

/** A line's {@code tls} in words. */
final class TlsWords {
  private TlsWords() {}

  /** What the handshake settled, as far as it is known. */
  static String settled(Map<String, Object> tls) {
    StringBuilder words = new StringBuilder("TLS");
    add(words, " ", Logged.text(tls, "version"));
    add(words, " for ", Logged.text(tls, "sni"));
    add(words, ", ", Logged.text(tls, "cipher"));
    add(words, ", ", Logged.text(tls, "alpn"));
    if (Logged.text(tls, "resumed").equals("true")) {
      words.append(", resumed");
    }
    return words.toString();
  }

  private static void add(StringBuilder words, String before, String value) {
    if (!value.isEmpty()) {
      words.append(before).append(value);
    }
  }

  /**
   * Why no application data could ever be sent; empty: nothing went wrong. Whoever reads it may
   * have the logs of both ends: so it speaks of client and server, not of this end and its peer.
   */
  static String failure(Map<String, Object> tls, boolean isServer) {
    Map<String, Object> failure = Logged.object(tls, "failure");
    if (failure.isEmpty()) {
      return "";
    }
    String alert = Logged.text(failure, "alert");
    String by = Logged.text(failure, "by");
    String who = by.isEmpty() ? "" : by.equals("local") == isServer ? "server" : "client";
    StringBuilder words = new StringBuilder(alert.isEmpty() ? "ended" : alert);
    add(words, " by the ", who);
    add(words, " after ", message(Logged.text(failure, "after")));
    if (alert.isEmpty()) {
      return words.append(", and no alert that could be read says why").toString();
    }
    if (!who.isEmpty()) {
      add(words, ": ", meaning(alert, who.equals("server") ? "client" : "server"));
    }
    return words.toString();
  }

  /** {@code server_hello}, as the RFCs' prose has it: ServerHello. */
  private static String message(String name) {
    StringBuilder words = new StringBuilder(name.length());
    boolean upper = true;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c != '_') {
        words.append(upper ? Character.toUpperCase(c) : c);
      }
      upper = c == '_';
    }
    return words.toString();
  }

  /**
   * What an alert (RFC 8446, 6.2; RFC 5246, 7.2.2) says of its sender, as far as a user can do
   * something about it; empty: its name is all there is to say.
   */
  private static String meaning(String alert, String other) {
    switch (alert) {
      case "unknown_ca":
        return "who signed the " + other + "'s certificate is not trusted";
      case "certificate_unknown":
      case "bad_certificate":
      case "unsupported_certificate":
        return "the " + other + "'s certificate is not accepted";
      case "certificate_expired":
        return "the " + other + "'s certificate is not valid at this time";
      case "certificate_revoked":
        return "the " + other + "'s certificate was revoked";
      case "certificate_required":
        return "it wants a certificate, and got none";
      case "access_denied":
        return "the " + other + "'s certificate is good, but not let in";
      case "handshake_failure":
        return "no cipher suite or group in common, or it wants a certificate";
      case "insufficient_security":
        return "nothing that is offered is strong enough for it";
      case "protocol_version":
        return "no version of TLS in common";
      case "inappropriate_fallback":
        return "the " + other + " fell back to an older version than it can";
      case "no_application_protocol":
        return "no protocol (ALPN) in common";
      case "unrecognized_name":
        return "it does not serve that name";
      case "unknown_psk_identity":
        return "it does not know the session or key that was to be resumed";
      case "decrypt_error":
      case "bad_record_mac":
        return "what it received does not verify";
      case "decode_error":
      case "illegal_parameter":
      case "unexpected_message":
      case "record_overflow":
      case "missing_extension":
      case "unsupported_extension":
        return "what it received is not what TLS asks for";
      case "internal_error":
        return "an error of its own";
      case "user_canceled":
        return "its application gave up";
      default:
        return "";
    }
  }
}
