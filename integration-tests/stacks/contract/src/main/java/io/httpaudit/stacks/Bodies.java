package io.httpaudit.stacks;

import java.io.IOException;
import java.util.Arrays;

/** Of every body each byte is known by the exchange's number. */
public final class Bodies {
  private Bodies() {}

  public static byte[] of(int number, int bytes) {
    byte[] body = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      body[i] = (byte) ('a' + (number + i) % 26);
    }
    return body;
  }

  public static void check(int number, int bytes, byte[] body) throws IOException {
    if (!Arrays.equals(body, of(number, bytes))) {
      throw new IOException(number + ": a body of " + body.length + ", not " + bytes + " bytes");
    }
  }
}
