package io.httpaudit.report;

/**
 * Host and port of a URL's authority (RFC 3986, 3.2), without user-info.
 *
 * @param host an IPv6 address without brackets
 * @param port -1: none, or none that is valid
 */
record Authority(String host, int port) {
  private static final int HIGHEST_PORT = 65_535;

  static Authority of(String text) {
    String rest = text.substring(text.lastIndexOf('@') + 1);
    int bracket = rest.startsWith("[") ? rest.indexOf(']') : -1;
    int colon = rest.indexOf(':', Math.max(bracket, 0));
    String host = colon < 0 ? rest : rest.substring(0, colon);
    if (bracket > 0) {
      host = rest.substring(1, bracket);
    }
    return new Authority(host, colon < 0 ? -1 : port(rest, colon + 1));
  }

  /** Of a scheme, or -1. */
  static int defaultPort(String scheme) {
    return scheme.equals("http") ? 80 : scheme.equals("https") ? 443 : -1;
  }

  private static int port(String text, int from) {
    int port = 0;
    for (int i = from; i < text.length(); i++) {
      char digit = text.charAt(i);
      if (digit < '0' || digit > '9' || port > HIGHEST_PORT) {
        return -1;
      }
      port = 10 * port + digit - '0';
    }
    return text.length() == from || port > HIGHEST_PORT ? -1 : port;
  }
}
