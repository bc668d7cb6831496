package io.httpaudit.tls;

/** Names of handshake messages (RFC 8446, 4; RFC 5246, 7.4) and of alerts (RFC 8446, 6.2). */
final class Messages {
  static final byte CLIENT_HELLO = 1;
  static final byte SERVER_HELLO = 2;
  private static final int CERTIFICATE = 11;
  private static final int SERVER_HELLO_DONE = 14;

  static final int CLOSE_NOTIFY = 0;
  static final int USER_CANCELED = 90;

  private Messages() {}

  /**
   * Whether a server sends it only if it resumes no session (RFC 5246, 7.3): it has to show a
   * certificate or to agree on a key.
   */
  static boolean isOfFullHandshake(int type) {
    return type >= CERTIFICATE && type <= SERVER_HELLO_DONE || type == 23;
  }

  /** Empty: not known. */
  static String name(int type) {
    return switch (type) {
      case 0 -> "hello_request";
      case 1 -> "client_hello";
      case 2 -> "server_hello";
      case 4 -> "new_session_ticket";
      case 11 -> "certificate";
      case 12 -> "server_key_exchange";
      case 13 -> "certificate_request";
      case 14 -> "server_hello_done";
      case 15 -> "certificate_verify";
      case 16 -> "client_key_exchange";
      case 21 -> "certificate_url";
      case 22 -> "certificate_status";
      case 23 -> "supplemental_data";
      default -> "";
    };
  }

  static String alert(int description) {
    return switch (description) {
      case 0 -> "close_notify";
      case 10 -> "unexpected_message";
      case 20 -> "bad_record_mac";
      case 21 -> "decryption_failed";
      case 22 -> "record_overflow";
      case 30 -> "decompression_failure";
      case 40 -> "handshake_failure";
      case 41 -> "no_certificate";
      case 42 -> "bad_certificate";
      case 43 -> "unsupported_certificate";
      case 44 -> "certificate_revoked";
      case 45 -> "certificate_expired";
      case 46 -> "certificate_unknown";
      case 47 -> "illegal_parameter";
      case 48 -> "unknown_ca";
      case 49 -> "access_denied";
      case 50 -> "decode_error";
      case 51 -> "decrypt_error";
      case 60 -> "export_restriction";
      case 70 -> "protocol_version";
      case 71 -> "insufficient_security";
      case 80 -> "internal_error";
      case 86 -> "inappropriate_fallback";
      case 90 -> "user_canceled";
      case 100 -> "no_renegotiation";
      case 109 -> "missing_extension";
      case 110 -> "unsupported_extension";
      case 111 -> "certificate_unobtainable";
      case 112 -> "unrecognized_name";
      case 113 -> "bad_certificate_status_response";
      case 114 -> "bad_certificate_hash_value";
      case 115 -> "unknown_psk_identity";
      case 116 -> "certificate_required";
      case 120 -> "no_application_protocol";
      default -> "alert_" + description;
    };
  }
}
