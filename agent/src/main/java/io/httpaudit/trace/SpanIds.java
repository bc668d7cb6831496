package io.httpaudit.trace;

import java.io.FileInputStream;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ids of spans and traces. Those of an exchange are a function of its connection and its number on
 * it, and of this JVM's secret: so the thread that serves a request and the one that makes its span
 * afterwards find the same, and neither has to tell the other. Any thread, without allocation.
 */
public final class SpanIds {
  /** SplitMix64's increment: the golden ratio's bits. */
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private static final String HEX = "0123456789abcdef";

  private final long spans;
  private final long tracesHigh;
  private final long tracesLow;

  SpanIds(long spans, long tracesHigh, long tracesLow) {
    this.spans = spans;
    this.tracesHigh = tracesHigh;
    this.tracesLow = tracesLow;
  }

  /** With a secret from /dev/urandom, which never blocks: SecureRandom's other sources may. */
  public static SpanIds random() {
    byte[] bytes = new byte[24];
    try (FileInputStream in = new FileInputStream("/dev/urandom")) {
      if (in.readNBytes(bytes, 0, bytes.length) < bytes.length) {
        throw new IOException("short read");
      }
    } catch (IOException e) {
      new SecureRandom().nextBytes(bytes);
    }
    return new SpanIds(number(bytes, 0), number(bytes, 8), number(bytes, 16));
  }

  private static long number(byte[] bytes, int from) {
    long number = 0;
    for (int i = from; i < from + 8; i++) {
      number = number << 8 | bytes[i] & 0xff;
    }
    return number;
  }

  /** The span of exchange {@code index} on {@code connection}. Never 0. */
  public long span(long connection, long index) {
    return id(spans, connection, index);
  }

  /** The first half of the trace id, if that exchange is a root. */
  public long traceHigh(long connection, long index) {
    return id(tracesHigh, connection, index);
  }

  /** The other half. */
  public long traceLow(long connection, long index) {
    return id(tracesLow, connection, index);
  }

  /** Of something that no connection carries yet. Never 0. */
  public static long next() {
    long id = ThreadLocalRandom.current().nextLong();
    return id == 0 ? 1 : id;
  }

  private static long id(long secret, long connection, long index) {
    long id = mix(mix(secret + connection * GOLDEN) + index * GOLDEN);
    return id == 0 ? 1 : id;
  }

  /** SplitMix64's finalizer, a bijection. */
  private static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  /** 16 digits, in lower case. */
  public static String hex(long id) {
    char[] digits = new char[16];
    for (int i = 15; i >= 0; i--) {
      digits[i] = HEX.charAt((int) id & 15);
      id >>>= 4;
    }
    return new String(digits);
  }
}
