package io.httpaudit.load.chain;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A message's head, read by hand. */
final class Head {
  private final List<String> lines = new ArrayList<>();

  /** Null at the stream's end. */
  static Head read(InputStream in) throws IOException {
    Head head = new Head();
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c >= 0; c = in.read()) {
      if (c == '\n') {
        String text = line.toString(StandardCharsets.ISO_8859_1).trim();
        line.reset();
        if (text.isEmpty()) {
          return head;
        }
        head.lines.add(text);
      } else {
        line.write(c);
      }
    }
    return null;
  }

  /** Of the first line. */
  String word(int index) {
    return lines.get(0).split(" ")[index];
  }

  /** All of a field's values as one, empty: it isn't there. */
  String field(String name) {
    List<String> values = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      int colon = line.indexOf(':');
      if (line.substring(0, colon).toLowerCase(Locale.ROOT).equals(name)) {
        values.add(line.substring(colon + 1).trim());
      }
    }
    return String.join(",", values);
  }

  int number(String name) {
    String value = field(name);
    return value.isEmpty() ? 0 : Integer.parseInt(value);
  }
}
