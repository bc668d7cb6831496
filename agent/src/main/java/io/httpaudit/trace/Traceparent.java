package io.httpaudit.trace;

import java.nio.charset.StandardCharsets;

/**
 * The {@code traceparent} field's value, in the bytes of a request (W3C Trace Context, 3.2): {@code
 * 00-32 hex-16 hex-2 hex}; a later version may have more behind another dash. Without allocation.
 */
public final class Traceparent {
  private static final int TRACE_ID = 3;
  private static final int SPAN_ID = 36;
  private static final int FLAGS = 53;
  private static final int LENGTH = 55;

  private Traceparent() {}

  public static boolean isValid(byte[] text, int at, int length) {
    return length >= LENGTH
        && isHex(text, at, 2)
        && !(text[at] == 'f' && text[at + 1] == 'f')
        && (length == LENGTH
            || !(text[at] == '0' && text[at + 1] == '0') && text[at + LENGTH] == '-')
        && text[at + 2] == '-'
        && isHex(text, at + TRACE_ID, 32)
        && text[at + SPAN_ID - 1] == '-'
        && isHex(text, at + SPAN_ID, 16)
        && text[at + FLAGS - 1] == '-'
        && isHex(text, at + FLAGS, 2)
        && (traceHigh(text, at) | traceLow(text, at)) != 0
        && spanId(text, at) != 0;
  }

  /** Of a valid one, the trace id's first 8 bytes. */
  public static long traceHigh(byte[] text, int at) {
    return number(text, at + TRACE_ID, 16);
  }

  public static long traceLow(byte[] text, int at) {
    return number(text, at + TRACE_ID + 16, 16);
  }

  public static long spanId(byte[] text, int at) {
    return number(text, at + SPAN_ID, 16);
  }

  /** 0: not valid. */
  public static long spanId(String value) {
    byte[] text = value.getBytes(StandardCharsets.ISO_8859_1);
    return isValid(text, 0, text.length) ? spanId(text, 0) : 0;
  }

  public static boolean isSampled(byte[] text, int at) {
    return (digit(text[at + FLAGS + 1]) & 1) != 0;
  }

  /** As it is sent: 55 characters. */
  public static String of(HttpAuditContext context) {
    byte[] text = new byte[LENGTH];
    text[0] = '0';
    text[1] = '0';
    text[2] = '-';
    hex(context.traceHigh, text, TRACE_ID);
    hex(context.traceLow, text, TRACE_ID + 16);
    text[SPAN_ID - 1] = '-';
    hex(context.spanId, text, SPAN_ID);
    text[FLAGS - 1] = '-';
    text[FLAGS] = '0';
    text[FLAGS + 1] = (byte) (context.sampled ? '1' : '0');
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  private static void hex(long id, byte[] text, int at) {
    for (int i = 15; i >= 0; i--) {
      int digit = (int) id & 15;
      text[at + i] = (byte) (digit < 10 ? '0' + digit : 'a' + digit - 10);
      id >>>= 4;
    }
  }

  private static boolean isHex(byte[] text, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (digit(text[i]) < 0) {
        return false;
      }
    }
    return true;
  }

  private static long number(byte[] text, int from, int digits) {
    long number = 0;
    for (int i = from; i < from + digits; i++) {
      number = number << 4 | digit(text[i]);
    }
    return number;
  }

  /** Of a lower-case hexadecimal digit; -1: it is none. */
  private static int digit(byte c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }
}
