package io.httpaudit.report;

import java.io.FileInputStream;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.SplittableRandom;

/** Random ids in hexadecimal digits. One thread. */
final class RandomIds {
  private static final String HEX = "0123456789abcdef";

  private final SplittableRandom random = new SplittableRandom(seed());

  /** From /dev/urandom, which never blocks: SecureRandom's other sources may. */
  private static long seed() {
    byte[] bytes = new byte[8];
    try (FileInputStream in = new FileInputStream("/dev/urandom")) {
      if (in.readNBytes(bytes, 0, 8) < 8) {
        throw new IOException("short read");
      }
    } catch (IOException e) {
      new SecureRandom().nextBytes(bytes);
    }
    long seed = 0;
    for (byte b : bytes) {
      seed = seed << 8 | b & 0xff;
    }
    return seed;
  }

  /** So many times 16 digits, none of them all zeros. */
  String hex(int longs) {
    char[] digits = new char[longs * 16];
    for (int i = 0; i < longs; i++) {
      long value = random.nextLong();
      while (value == 0) {
        value = random.nextLong();
      }
      for (int j = 15; j >= 0; j--) {
        digits[i * 16 + j] = HEX.charAt((int) value & 15);
        value >>>= 4;
      }
    }
    return new String(digits);
  }
}
