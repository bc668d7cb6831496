package io.httpaudit.trace;

import java.util.ArrayList;
import java.util.List;

/** The {@code tracestate} field's value (W3C Trace Context, 3.3). */
public final class Tracestate {
  private static final int MOST_MEMBERS = 32;
  private static final int LONGEST = 256;
  private static final int LONGEST_TENANT = 241;
  private static final int LONGEST_SYSTEM = 14;

  private Tracestate() {}

  /** Without white space around its members; empty where it is malformed. As the SDK reads it. */
  public static String normal(String value) {
    if (value.isEmpty()) {
      return value;
    }
    List<String> keys = new ArrayList<>();
    StringBuilder normal = new StringBuilder(value.length());
    int end = withoutEmptyMembers(value);
    int from = 0;
    while (from < end) {
      int comma = value.indexOf(',', from);
      int to = comma < 0 || comma > end ? end : comma;
      // Only around commas.
      String member = stripped(value.substring(from, to), from > 0, comma >= 0);
      int equals = member.indexOf('=');
      String key = equals < 0 ? "" : member.substring(0, equals);
      if (!isKey(key) || !isValue(member, equals + 1) || keys.contains(key)) {
        return "";
      }
      keys.add(key);
      normal.append(from == 0 ? "" : ",").append(member);
      from = to + 1;
    }
    return keys.size() <= MOST_MEMBERS ? normal.toString() : "";
  }

  /** The end without the commas at it. */
  private static int withoutEmptyMembers(String value) {
    int end = value.length();
    int last = end - 1;
    while (last >= 0 && (isSpace(value.charAt(last)) || value.charAt(last) == ',')) {
      if (value.charAt(last) == ',') {
        end = last;
      }
      last--;
    }
    return end;
  }

  private static String stripped(String member, boolean front, boolean back) {
    int from = 0;
    int to = member.length();
    while (front && from < to && isSpace(member.charAt(from))) {
      from++;
    }
    while (back && from < to && isSpace(member.charAt(to - 1))) {
      to--;
    }
    return member.substring(from, to);
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t';
  }

  private static boolean isKey(String key) {
    if (key.isEmpty() || key.length() > LONGEST || !isLetterOrDigit(key.charAt(0))) {
      return false;
    }
    for (int i = 1; i < key.length(); i++) {
      char c = key.charAt(i);
      if (!isLetterOrDigit(c) && "_-*/@".indexOf(c) < 0) {
        return false;
      }
    }
    int at = key.indexOf('@');
    if (at < 0) {
      return key.charAt(0) > '9';
    }
    int system = key.length() - at - 1;
    return at <= LONGEST_TENANT
        && system > 0
        && system <= LONGEST_SYSTEM
        && key.indexOf('@', at + 1) < 0;
  }

  private static boolean isLetterOrDigit(char c) {
    return c >= 'a' && c <= 'z' || c >= '0' && c <= '9';
  }

  private static boolean isValue(String member, int from) {
    if (member.length() - from > LONGEST || member.length() == from) {
      return false;
    }
    for (int i = from; i < member.length(); i++) {
      char c = member.charAt(i);
      if (c < ' ' || c > '~' || c == '=') {
        return false;
      }
    }
    return member.charAt(member.length() - 1) != ' ';
  }
}
