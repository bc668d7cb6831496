package io.httpaudit.report;

/**
 * Patterns as Ant has them: {@code *} is any part of a segment, {@code **} any segments, {@code ?}
 * one character.
 */
final class Wildcard {
  private Wildcard() {}

  static boolean matches(String pattern, String text) {
    // "/x/**" is "/x", too.
    if (pattern.endsWith("/**") && matches(pattern, 0, text + "/", 0)) {
      return true;
    }
    return matches(pattern, 0, text, 0);
  }

  private static boolean matches(String pattern, int p, String text, int t) {
    while (p < pattern.length()) {
      char c = pattern.charAt(p);
      if (c == '*') {
        boolean deep = pattern.startsWith("**", p);
        int next = p + (deep ? 2 : 1);
        for (int i = t; ; i++) {
          if (matches(pattern, next, text, i)) {
            return true;
          }
          if (i >= text.length() || !deep && text.charAt(i) == '/') {
            return false;
          }
        }
      }
      if (t >= text.length() || c != '?' && c != text.charAt(t)) {
        return false;
      }
      p++;
      t++;
    }
    return t == text.length();
  }
}
