package io.httpaudit.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One JSON value (RFC 8259) out of one line: objects as {@link Map}, arrays as {@link List},
 * strings, {@link Long} or {@link Double}, {@link Boolean}; {@code null} is left out of objects,
 * and an empty string in arrays.
 */
final class JsonText {
  /** The audit log nests three deep; a file that isn't one may not exhaust the stack. */
  private static final int DEEPEST = 32;

  private final String text;
  private int at;
  private int depth;

  private JsonText(String text) {
    this.text = text;
  }

  /** It isn't JSON. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;

    Malformed(String what, int at) {
      super(what + " at character " + (at + 1));
    }
  }

  /** The object that a line consists of. */
  static Map<String, Object> object(String line) throws Malformed {
    JsonText json = new JsonText(line);
    json.skipSpace();
    json.expect('{');
    Map<String, Object> object = json.members();
    json.skipSpace();
    if (json.at < line.length()) {
      throw json.malformed("more behind the object");
    }
    return object;
  }

  private Malformed malformed(String what) {
    return new Malformed(what, at);
  }

  private void skipSpace() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  /** The next character that is no space; not consumed. */
  private char peek() throws Malformed {
    skipSpace();
    if (at >= text.length()) {
      throw malformed("an end too early");
    }
    return text.charAt(at);
  }

  private void expect(char wanted) throws Malformed {
    if (peek() != wanted) {
      throw malformed("no '" + wanted + "'");
    }
    at++;
  }

  private boolean take(char wanted) throws Malformed {
    if (peek() != wanted) {
      return false;
    }
    at++;
    return true;
  }

  /** Behind the opening brace, to the closing one. */
  private Map<String, Object> members() throws Malformed {
    descend();
    Map<String, Object> members = new LinkedHashMap<>();
    if (!take('}')) {
      do {
        expect('"');
        String name = string();
        expect(':');
        Object value = value();
        if (value != null) {
          members.put(name, value);
        }
      } while (take(','));
      expect('}');
    }
    depth--;
    return members;
  }

  private List<Object> elements() throws Malformed {
    descend();
    List<Object> elements = new ArrayList<>();
    if (!take(']')) {
      do {
        Object value = value();
        elements.add(value == null ? "" : value);
      } while (take(','));
      expect(']');
    }
    depth--;
    return elements;
  }

  private void descend() throws Malformed {
    if (++depth > DEEPEST) {
      throw malformed("nested too deep");
    }
  }

  private Object value() throws Malformed {
    char c = peek();
    switch (c) {
      case '{':
        at++;
        return members();
      case '[':
        at++;
        return elements();
      case '"':
        at++;
        return string();
      case 't':
        return word("true", Boolean.TRUE);
      case 'f':
        return word("false", Boolean.FALSE);
      case 'n':
        return word("null", null);
      default:
        return number();
    }
  }

  private Object word(String word, Object value) throws Malformed {
    if (!text.startsWith(word, at)) {
      throw malformed("no value");
    }
    at += word.length();
    return value;
  }

  private Object number() throws Malformed {
    int from = at;
    boolean whole = true;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
      whole &= ".eE".indexOf(text.charAt(at)) < 0;
      at++;
    }
    String digits = text.substring(from, at);
    try {
      if (whole) {
        return Long.valueOf(digits);
      }
      return Double.valueOf(digits);
    } catch (NumberFormatException e) {
      at = from;
      throw malformed("no value");
    }
  }

  /** Behind the opening quotation mark, to the closing one. */
  private String string() throws Malformed {
    StringBuilder string = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '"') {
        return string.toString();
      }
      if (c < ' ') {
        at--;
        throw malformed("a control character in a string");
      }
      string.append(c == '\\' ? escaped() : c);
    }
    throw malformed("a string without an end");
  }

  private char escaped() throws Malformed {
    char c = at < text.length() ? text.charAt(at++) : ' ';
    switch (c) {
      case '"':
      case '\\':
      case '/':
        return c;
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'u':
        return unicode();
      default:
        throw malformed("an unknown escape");
    }
  }

  private char unicode() throws Malformed {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
      if (digit < 0) {
        throw malformed("an unknown escape");
      }
      value = value << 4 | digit;
      at++;
    }
    return (char) value;
  }
}
