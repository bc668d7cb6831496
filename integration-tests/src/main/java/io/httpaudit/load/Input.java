package io.httpaudit.load;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Bytes that came and are still to be read. */
final class Input {
  private byte[] bytes = new byte[8192];
  private int from;
  private int to;

  void add(ByteBuffer more) {
    if (from == to) {
      from = 0;
      to = 0;
    }
    int n = more.remaining();
    if (to + n > bytes.length) {
      byte[] larger = to - from + n > bytes.length ? new byte[2 * (to - from + n)] : bytes;
      System.arraycopy(bytes, from, larger, 0, to - from);
      bytes = larger;
      to -= from;
      from = 0;
    }
    more.get(bytes, to, n);
    to += n;
  }

  int size() {
    return to - from;
  }

  byte peek(int i) {
    return bytes[from + i];
  }

  void drop(int n) {
    from += n;
  }

  void drop(int n, Pattern.Check check) {
    check.update(bytes, from, n);
    from += n;
  }

  byte[] take(int n) {
    byte[] taken = new byte[n];
    System.arraycopy(bytes, from, taken, 0, n);
    from += n;
    return taken;
  }

  /** Length of the first line with its LF; -1: it is not whole. */
  int line() {
    return line(0);
  }

  int line(int start) {
    for (int i = from + start; i < to; i++) {
      if (bytes[i] == '\n') {
        return i + 1 - from;
      }
    }
    return -1;
  }

  /** The first line, of which {@code length} bytes were found, without its end. */
  String takeLine(int length) {
    int end = length - 1;
    if (end > 0 && peek(end - 1) == '\r') {
      end--;
    }
    String line = new String(bytes, from, end, StandardCharsets.ISO_8859_1);
    from += length;
    return line;
  }
}
