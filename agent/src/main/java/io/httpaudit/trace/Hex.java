package io.httpaudit.trace;

import java.util.Arrays;

/** Hexadecimal digits in lower case, as all of the formats have them; without allocation. */
final class Hex {
  /** By its character, a digit's value; -1: it is none. */
  private static final byte[] DIGITS = new byte[256];

  static {
    Arrays.fill(DIGITS, (byte) -1);
    for (int i = 0; i < 16; i++) {
      DIGITS["0123456789abcdef".charAt(i)] = (byte) i;
    }
  }

  private Hex() {}

  static boolean isHex(byte[] text, int from, int count) {
    int all = 0;
    for (int i = from; i < from + count; i++) {
      all |= DIGITS[text[i] & 0xff];
    }
    return all >= 0;
  }

  /** Of at most 16 digits. */
  static long number(byte[] text, int from, int digits) {
    long number = 0;
    for (int i = from; i < from + digits; i++) {
      number = number << 4 | DIGITS[text[i] & 0xff];
    }
    return number;
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
      char c = text.charAt(i);
      if (c > 'f' || DIGITS[c] < 0) {
        return 0;
      }
      id = id << 4 | DIGITS[c];
    }
    return id;
  }
}
