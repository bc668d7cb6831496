package io.httpaudit.load.failing;

import javax.net.ssl.SSLParameters;

/** What is to fail: a word, and perhaps the TLS version, as tls_peer.py has them. */
record Case(String name, String version) {
  private static final int IMPATIENT = 400;

  static Case of(String text) {
    String end = text.substring(text.lastIndexOf('-') + 1);
    return end.startsWith("1.")
        ? new Case(text.substring(0, text.lastIndexOf('-')), end)
        : new Case(text, "");
  }

  /** Milliseconds of a read; 0: for ever. */
  int patience() {
    return name.equals("silent") ? IMPATIENT : 0;
  }

  /** Enabled protocols; null: the default ones. */
  String[] protocols() {
    if (!version.isEmpty()) {
      return new String[] {"TLSv" + version};
    }
    return switch (name) {
      case "version-old" -> new String[] {"TLSv1.3"};
      case "version-new", "cipher" -> new String[] {"TLSv1.2"};
      default -> null;
    };
  }

  String[] suites() {
    return name.equals("cipher") ? new String[] {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"} : null;
  }

  void set(SSLParameters parameters) {
    if (protocols() != null) {
      parameters.setProtocols(protocols());
    }
    if (suites() != null) {
      parameters.setCipherSuites(suites());
    }
    if (name.equals("alpn")) {
      parameters.setApplicationProtocols(new String[] {"http/1.1"});
    }
  }
}
