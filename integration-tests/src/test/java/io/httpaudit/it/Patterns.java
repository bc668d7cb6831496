package io.httpaudit.it;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Bytes to look for, each with a name. */
final class Patterns {
  private record Pattern(String name, byte[] bytes) {}

  private final List<List<Pattern>> byFirst = new ArrayList<>();
  private int count;

  Patterns() {
    for (int i = 0; i < 256; i++) {
      byFirst.add(new ArrayList<>());
    }
  }

  Patterns bytes(String name, byte[] pattern) {
    byFirst.get(pattern[0] & 0xFF).add(new Pattern(name, pattern));
    count++;
    return this;
  }

  /** In each encoding that a JVM keeps text in. */
  Patterns text(String text) {
    bytes(text, text.getBytes(StandardCharsets.US_ASCII));
    bytes(text + " in UTF-16", text.getBytes(StandardCharsets.UTF_16LE));
    return bytes(text + " in chars", text.getBytes(StandardCharsets.UTF_16BE));
  }

  int count() {
    return count;
  }

  /** Name of the first that is within; or empty. */
  String find(ByteBuffer in, int from, int to) {
    for (int i = from; i < to; i++) {
      for (Pattern each : byFirst.get(in.get(i) & 0xFF)) {
        if (i + each.bytes.length <= to && isAt(in, i, each.bytes)) {
          return each.name;
        }
      }
    }
    return "";
  }

  private static boolean isAt(ByteBuffer in, int at, byte[] pattern) {
    for (int i = 0; i < pattern.length; i++) {
      if (in.get(at + i) != pattern[i]) {
        return false;
      }
    }
    return true;
  }

  String find(byte[] in) {
    return find(ByteBuffer.wrap(in), 0, in.length);
  }
}
