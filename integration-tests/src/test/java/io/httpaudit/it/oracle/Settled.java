package io.httpaudit.it.oracle;

import java.util.Map;

/** What the handshake of a connection settled, as tshark dissects it. */
final class Settled {
  private static final String CERTIFICATE = "11";

  /** IANA's registry. */
  private static final Map<String, String> SUITES =
      Map.of(
          "0x1301", "TLS_AES_128_GCM_SHA256",
          "0x1302", "TLS_AES_256_GCM_SHA384",
          "0x1303", "TLS_CHACHA20_POLY1305_SHA256",
          "0xc02b", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "0xc02c", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "0xc02f", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "0xc030", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "0xcca8", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
          "0xcca9", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");

  private String serverName = "";
  private String version = "";
  private String cipher = "";
  private String alpn = "";

  /** The server has shown one: a resumed session needs none. */
  private boolean certificate;

  /** The client's. */
  void hello(String name) {
    if (serverName.isEmpty()) {
      serverName = name;
    }
  }

  /**
   * A frame of the server's.
   *
   * @param legacy the Hello's version, which since 1.3 is another field's
   */
  void answer(String[] types, String legacy, String supported, String suite, String protocol) {
    if (cipher.isEmpty() && !suite.isEmpty()) {
      cipher = SUITES.getOrDefault(suite.split(",")[0], suite);
      String number = supported.isEmpty() ? legacy.split(",")[0] : supported.split(",")[0];
      version = number.equals("0x0304") ? "1.3" : number.equals("0x0303") ? "1.2" : number;
    }
    if (alpn.isEmpty() && !protocol.isEmpty()) {
      alpn = protocol;
    }
    for (String type : types) {
      certificate |= type.equals(CERTIFICATE);
    }
  }

  /** In the log's own words. */
  Map<String, String> fields() {
    return Map.of(
        "version",
        version,
        "cipher",
        cipher,
        "sni",
        serverName,
        "alpn",
        alpn,
        "resumed",
        String.valueOf(!certificate));
  }
}
