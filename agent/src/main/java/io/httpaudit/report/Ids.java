package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Tracing;
import java.security.SecureRandom;
import java.util.SplittableRandom;

/**
 * Who a span is: the child of a valid {@code traceparent} (W3C Trace Context, 3.2), else a root. The audit thread alone.
 */
final class Ids implements Tracing {
  private static final String HEX = "0123456789abcdef";
  private static final int TRACE_ID = 3;
  private static final int SPAN_ID = 36;
  private static final int FLAGS = 53;
  private static final int LENGTH = 55;

  private final SplittableRandom random = new SplittableRandom(seed());
  private final Sampling sampling;

  Ids(Sampling sampling) {
    this.sampling = sampling;
  }

  /** Whether a span is recorded: the configured sampler. */
  interface Sampling {
    boolean samples(String traceId, String parentSpanId, boolean parentSampled, Side side, String method);
  }

  /** From /dev/urandom, which never blocks: SecureRandom's other sources may. */
  private static long seed() {
    byte[] bytes = new byte[8];
    try (java.io.FileInputStream in = new java.io.FileInputStream("/dev/urandom")) {
      if (in.readNBytes(bytes, 0, 8) < 8) {
        throw new java.io.IOException("short read");
      }
    } catch (java.io.IOException e) {
      new SecureRandom().nextBytes(bytes);
    }
    long seed = 0;
    for (byte b : bytes) {
      seed = seed << 8 | b & 0xff;
    }
    return seed;
  }

  @Override
  public TraceIds begin(Side side, String traceparent, String tracestate, String method, String target) {
    boolean child = isValid(traceparent);
    String trace = child ? traceparent.substring(TRACE_ID, SPAN_ID - 1) : hex(2);
    String parent = child ? traceparent.substring(SPAN_ID, FLAGS - 1) : "";
    boolean parentSampled = child && (Character.digit(traceparent.charAt(FLAGS + 1), 16) & 1) != 0;
    boolean sampled = sampling.samples(trace, parent, parentSampled, side, method);
    return new TraceIds(trace, hex(1), parent, child ? tracestate : "", sampled);
  }

  /** {@code 00-32 hex-16 hex-2 hex}; a later version may have more behind another dash. */
  static boolean isValid(String value) {
    return value.length() >= LENGTH
        && isHex(value, 0, 2)
        && !value.startsWith("ff")
        && (value.length() == LENGTH || !value.startsWith("00") && value.charAt(LENGTH) == '-')
        && value.charAt(2) == '-'
        && isHex(value, TRACE_ID, 32)
        && value.charAt(SPAN_ID - 1) == '-'
        && isHex(value, SPAN_ID, 16)
        && value.charAt(FLAGS - 1) == '-'
        && isHex(value, FLAGS, 2)
        && !isZero(value, TRACE_ID, 32)
        && !isZero(value, SPAN_ID, 16);
  }

  private static boolean isHex(String value, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (HEX.indexOf(value.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isZero(String value, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (value.charAt(i) != '0') {
        return false;
      }
    }
    return true;
  }

  /** A random id of {@code longs} times 16 digits, none of them zero. */
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
