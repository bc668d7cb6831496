package io.httpaudit.report;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Side;
import io.httpaudit.flow.Endpoint;
import java.util.List;
import java.util.Set;

/**
 * Takes secrets out of URLs before they are written: query values, user-info, tokens in paths. What
 * is malformed is cut by the same separators, never passed through for being malformed.
 */
final class Redactor {
  static final String REDACTED = "REDACTED";

  /** A token in a path: so many hexadecimal digits. */
  private static final int HEX = 32;

  /** Cut once it is redacted: of a token that is cut, the rest may look like none. */
  private static final int LONGEST = 8192;

  private static final int LONGEST_SCHEME = 16;

  /** Of a query's bare name: {@code ?wsdl}, {@code ?versioning}. */
  private static final int LONGEST_FLAG = 16;

  private final Set<String> keep;
  private final boolean keepAll;
  private final List<String> segments;

  Redactor(List<String> queryKeep, List<String> segments) {
    keep = Set.copyOf(queryKeep);
    keepAll = keep.contains("*");
    this.segments = List.copyOf(segments);
  }

  /**
   * A target by its parts, redacted. {@code query} is empty where there is none, else without its
   * question mark.
   */
  record Url(String scheme, String authority, String path, String query) {
    /** As INTERFACE.md's {@code url}: a CONNECT's is its authority. */
    String text() {
      String start = scheme.isEmpty() ? authority : scheme + "://" + authority;
      return start + path + (query.isEmpty() ? "" : "?" + query);
    }
  }

  Url url(Exchange exchange) {
    Endpoint server = exchange.side() == Side.SERVER ? exchange.local() : exchange.peer();
    String target = exchange.target();
    String authority = exchange.host().isEmpty() ? server.toString() : exchange.host();
    String scheme = exchange.tls().isPresent() ? "https" : "http";
    if (exchange.method().equals("CONNECT")) {
      return new Url("", cut(connected(target)), "", "");
    }
    int absolute = target.indexOf("://");
    if (absolute > 0 && isScheme(target, absolute)) {
      scheme = target.substring(0, absolute);
      int start = absolute + 3;
      int end = start;
      while (end < target.length() && "/?#".indexOf(target.charAt(end)) < 0) {
        end++;
      }
      authority = target.substring(start, end);
      target = target.substring(end);
    }
    int fragment = target.indexOf('#');
    target = fragment < 0 ? target : target.substring(0, fragment);
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    return new Url(
        scheme,
        cut(authority(authority)),
        cut(path(path)),
        query < 0 ? "" : cut(query(target.substring(query + 1))));
  }

  /** RFC 3986, 3.1: whether the first so many characters may be one. */
  private static boolean isScheme(String target, int length) {
    for (int i = 0; i < length; i++) {
      char c = target.charAt(i);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
      if (!letter && (i == 0 || "0123456789+-.".indexOf(c) < 0)) {
        return false;
      }
    }
    return length <= LONGEST_SCHEME;
  }

  /**
   * RFC 9112, 3.2.3: a CONNECT's target is host and port. What is more than that may be anything.
   */
  private static String connected(String target) {
    for (int i = 0; i < target.length(); i++) {
      if ("/?#".indexOf(target.charAt(i)) >= 0) {
        return REDACTED;
      }
    }
    return authority(target);
  }

  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST);
  }

  private static String authority(String authority) {
    int at = authority.lastIndexOf('@');
    return at < 0 ? authority : REDACTED + authority.substring(at);
  }

  private String path(String path) {
    boolean plain = path.indexOf(';') < 0 && path.indexOf('@') < 0;
    if (plain && segments.isEmpty() && !isToken(path)) {
      return path;
    }
    StringBuilder out = new StringBuilder(path.length());
    int from = 0;
    while (from <= path.length()) {
      int slash = path.indexOf('/', from);
      int to = slash < 0 ? path.length() : slash;
      String segment = path.substring(from, to);
      segment(mayBeAuthority(path, from) ? authority(segment) : segment, out);
      if (slash >= 0) {
        out.append('/');
      }
      from = to + 1;
    }
    return out.toString();
  }

  /**
   * Of a URL within a path, as a proxy is asked for it: behind two slashes, or behind one and a
   * colon, where someone made one of two. So is what begins a path without a slash.
   */
  private static boolean mayBeAuthority(String path, int segment) {
    return segment == 0 || segment > 1 && "/:".indexOf(path.charAt(segment - 2)) >= 0;
  }

  /** RFC 3986, 3.3: a segment's parameters follow semicolons, {@code ;jsessionid=…} for one. */
  private void segment(String segment, StringBuilder out) {
    int parameters = segment.indexOf(';');
    String name = parameters < 0 ? segment : segment.substring(0, parameters);
    out.append(isSecret(name) ? REDACTED : name);
    if (parameters >= 0) {
      pairs(segment.substring(parameters + 1), ";", out.append(';'));
    }
  }

  private boolean isSecret(String segment) {
    if (isToken(segment)) {
      return true;
    }
    for (String pattern : segments) {
      if (Wildcard.matches(pattern, segment)) {
        return true;
      }
    }
    return false;
  }

  /** A JSON Web Token, or {@value #HEX} and more hexadecimal digits, anywhere in it. */
  static boolean isToken(String text) {
    int run = 0;
    for (int i = 0; i < text.length() && text.length() >= HEX; i++) {
      run = Character.digit(text.charAt(i), 16) >= 0 ? run + 1 : 0;
      if (run >= HEX) {
        return true;
      }
    }
    int start = text.indexOf("eyJ");
    int dot = start < 0 ? -1 : text.indexOf('.', start);
    return dot > 0 && text.indexOf('.', dot + 1) > 0;
  }

  private String query(String query) {
    StringBuilder out = new StringBuilder(query.length());
    pairs(query, "&;", out);
    return out.toString();
  }

  private void pairs(String text, String separators, StringBuilder out) {
    int from = 0;
    while (from <= text.length()) {
      int to = from;
      while (to < text.length() && separators.indexOf(text.charAt(to)) < 0) {
        to++;
      }
      pair(text.substring(from, to), out);
      if (to < text.length()) {
        out.append(text.charAt(to));
      }
      from = to + 1;
    }
  }

  private void pair(String pair, StringBuilder out) {
    int equals = pair.indexOf('=');
    String key = equals < 0 ? pair : pair.substring(0, equals);
    if (keepAll || keep.contains(key)) {
      out.append(pair);
    } else if (isBare(pair, key.length()) && !isFlag(key)) {
      out.append(REDACTED);
    } else {
      out.append(isToken(key) ? REDACTED : key).append(equals < 0 ? "" : "=" + REDACTED);
    }
  }

  /** Without a value: then the name may be one, Base64 with its padding for instance. */
  private static boolean isBare(String pair, int key) {
    for (int i = key; i < pair.length(); i++) {
      if (pair.charAt(i) != '=') {
        return false;
      }
    }
    return true;
  }

  /** A short word, which is no token: at most {@value #LONGEST_FLAG} of a to z, '-' and '_'. */
  private static boolean isFlag(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if ((c < 'a' || c > 'z') && c != '-' && c != '_') {
        return false;
      }
    }
    return name.length() <= LONGEST_FLAG;
  }
}
