package io.httpaudit.trace;

/** Hexadecimal digits in lower case, as all of the formats have them; without allocation. */
final class Hex {
  private Hex() {}

  static boolean isHex(byte[] text, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (digit(text[i]) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Of at most 16 digits. */
  static long number(byte[] text, int from, int digits) {
    long number = 0;
    for (int i = from; i < from + digits; i++) {
      number = number << 4 | digit(text[i]);
    }
    return number;
  }

  /** Of a digit; -1: it is none. */
  static int digit(int c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }

  /** Writes 16 digits. */
  static void put(long id, byte[] text, int at) {
    for (int i = 15; i >= 0; i--) {
      int digit = (int) id & 15;
      text[at + i] = (byte) (digit < 10 ? '0' + digit : 'a' + digit - 10);
      id >>>= 4;
    }
  }

  /** Of 16 digits and nothing else; 0: it is something else. */
  static long id(String text, int from) {
    long id = 0;
    if (text.length() < from + 16) {
      return 0;
    }
    for (int i = from; i < from + 16; i++) {
      int digit = digit(text.charAt(i));
      if (digit < 0) {
        return 0;
      }
      id = id << 4 | digit;
    }
    return id;
  }
}
