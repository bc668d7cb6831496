package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Tracing;

/**
 * Who a span is: the child of a valid {@code traceparent} (W3C Trace Context, 3.2), else a root.
 * The audit thread alone.
 */
final class Ids implements Tracing {
  private static final String HEX = "0123456789abcdef";
  private static final int TRACE_ID = 3;
  private static final int SPAN_ID = 36;
  private static final int FLAGS = 53;
  private static final int LENGTH = 55;

  private final RandomIds random = new RandomIds();
  private final Sampling sampling;

  Ids(Sampling sampling) {
    this.sampling = sampling;
  }

  /** Whether a span is recorded: the configured sampler. */
  interface Sampling {
    boolean samples(
        String traceId, String parentSpanId, boolean parentSampled, Side side, String method);
  }

  @Override
  public TraceIds begin(
      Side side, String traceparent, String tracestate, String method, String target) {
    boolean child = isValid(traceparent);
    String trace = child ? traceparent.substring(TRACE_ID, SPAN_ID - 1) : random.hex(2);
    String parent = child ? traceparent.substring(SPAN_ID, FLAGS - 1) : "";
    boolean parentSampled = child && (Character.digit(traceparent.charAt(FLAGS + 1), 16) & 1) != 0;
    boolean sampled = sampling.samples(trace, parent, parentSampled, side, method);
    return new TraceIds(trace, random.hex(1), parent, child ? tracestate : "", sampled);
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
}
