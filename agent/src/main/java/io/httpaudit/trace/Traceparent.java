package io.httpaudit.trace;

import java.nio.charset.StandardCharsets;

/**
 * The {@code traceparent} field's value, in the bytes of a request (W3C Trace Context, 3.2): {@code
 * 00-32 hex-16 hex-2 hex}; a later version may have more behind another dash. Without allocation.
 */
final class Traceparent {
  private static final int TRACE_ID = 3;
  private static final int SPAN_ID = 36;
  private static final int FLAGS = 53;
  private static final int LENGTH = 55;

  private Traceparent() {}

  /** Whether it is well formed; it may be all zeros. */
  static boolean isFormed(byte[] text, int at, int length) {
    return length >= LENGTH
        && Hex.isHex(text, at, 2)
        && !(text[at] == 'f' && text[at + 1] == 'f')
        && (length == LENGTH
            || !(text[at] == '0' && text[at + 1] == '0') && text[at + LENGTH] == '-')
        && text[at + 2] == '-'
        && Hex.isHex(text, at + TRACE_ID, 32)
        && text[at + SPAN_ID - 1] == '-'
        && Hex.isHex(text, at + SPAN_ID, 16)
        && text[at + FLAGS - 1] == '-'
        && Hex.isHex(text, at + FLAGS, 2);
  }

  /** Of a well-formed one, the trace id's first 8 bytes. */
  static long traceHigh(byte[] text, int at) {
    return Hex.number(text, at + TRACE_ID, 16);
  }

  static long traceLow(byte[] text, int at) {
    return Hex.number(text, at + TRACE_ID + 16, 16);
  }

  static long spanId(byte[] text, int at) {
    return Hex.number(text, at + SPAN_ID, 16);
  }

  /** 0: not well formed. */
  static long spanId(String value) {
    byte[] text = value.getBytes(StandardCharsets.ISO_8859_1);
    return isFormed(text, 0, text.length) ? spanId(text, 0) : 0;
  }

  static boolean isSampled(byte[] text, int at) {
    return (Hex.number(text, at + FLAGS, 2) & 1) != 0;
  }

  /** As it is sent: 55 characters. */
  static String of(HttpAuditContext context) {
    byte[] text = new byte[LENGTH];
    text[0] = '0';
    text[1] = '0';
    text[2] = '-';
    Hex.put(context.traceHigh, text, TRACE_ID);
    Hex.put(context.traceLow, text, TRACE_ID + 16);
    text[SPAN_ID - 1] = '-';
    Hex.put(context.spanId, text, SPAN_ID);
    text[FLAGS - 1] = '-';
    text[FLAGS] = '0';
    text[FLAGS + 1] = (byte) (context.sampled ? '1' : '0');
    return HttpAudit.text(text);
  }
}
