package io.httpaudit.trace;

import io.httpaudit.http.Head;
import io.httpaudit.http.KeptField;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * {@code jaeger}: the field {@code uber-trace-id} of Jaeger's own clients, {@code
 * trace:span:parent:flags}, perhaps percent-encoded. Their baggage ({@code uberctx-…}) is not
 * carried.
 */
final class Jaeger extends Format {
  private static final String FIELD = "uber-trace-id";

  private static final int SPAN_AT = 33;
  private static final int PARENT_AT = 50;
  private static final int FLAGS_AT = 52;

  @Override
  void fields(Set<KeptField> wanted) {
    wanted.add(KeptField.UBER_TRACE_ID);
  }

  @Override
  void extract(Head head) {
    byte[] text = head.text;
    int from = head.offset(KeptField.UBER_TRACE_ID);
    int end = from + head.length(KeptField.UBER_TRACE_ID);
    if (end > from && next(text, from, end) == end) {
      end = decoded(text, from, end);
    }
    // Colons behind all else separate nothing.
    while (end > from && text[end - 1] == ':') {
      end--;
    }
    int trace = next(text, from, end);
    int span = next(text, trace + 1, end);
    int parent = next(text, span + 1, end);
    int flags = parent + 1;
    int traceLength = trace - from;
    int spanLength = span - trace - 1;
    if (flags >= end
        || traceLength < 1
        || traceLength > 32
        || spanLength < 1
        || spanLength > 16
        || !Hex.isHex(text, from, traceLength)
        || !Hex.isHex(text, trace + 1, spanLength)
        || !areFlags(text, flags, end)) {
      return;
    }
    int highLength = Math.max(0, traceLength - 16);
    long high = Hex.number(text, from, highLength);
    long low = Hex.number(text, from + highLength, traceLength - highLength);
    long id = Hex.number(text, trace + 1, spanLength);
    if ((high | low) == 0 || id == 0) {
      return;
    }
    head.traceHigh = high;
    head.traceLow = low;
    head.parent = id;
    head.sampled = (text[end - 1] & 1) == 1;
    head.stateLength = 0;
  }

  private static int next(byte[] text, int from, int end) {
    int at = Math.min(from, end);
    while (at < end && text[at] != ':') {
      at++;
    }
    return at;
  }

  /** OpenTelemetry reads a decimal number of at most two characters. */
  private static boolean areFlags(byte[] text, int at, int end) {
    int digits = text[at] == '+' || text[at] == '-' ? at + 1 : at;
    if (digits == end || end - at > 2) {
      return false;
    }
    for (int i = digits; i < end; i++) {
      if (text[i] < '0' || text[i] > '9') {
        return false;
      }
    }
    return true;
  }

  /**
   * Undoes percent-encoding, in place.
   *
   * @return the new end; {@code from}: it is none
   */
  private static int decoded(byte[] text, int from, int end) {
    int to = from;
    for (int i = from; i < end; i++) {
      int c = text[i];
      if (c == '%') {
        if (i + 2 >= end) {
          return from;
        }
        int high = Character.digit(text[i + 1], 16);
        int low = Character.digit(text[i + 2], 16);
        if (high < 0 || low < 0) {
          return from;
        }
        c = high << 4 | low;
        i += 2;
      } else if (c == '+') {
        c = ' ';
      }
      text[to++] = (byte) c;
    }
    return to;
  }

  @Override
  <C> String find(C request, Propagation.Fields<C> fields) {
    return fields.get(request, FIELD);
  }

  @Override
  long span(String found) {
    return Hex.id(found, SPAN_AT);
  }

  @Override
  <C> String inject(HttpAuditContext context, C request, Propagation.Fields<C> fields) {
    byte[] text = new byte[FLAGS_AT + 1];
    Hex.put(context.traceHigh, text, 0);
    Hex.put(context.traceLow, text, 16);
    text[SPAN_AT - 1] = ':';
    Hex.put(context.spanId, text, SPAN_AT);
    text[PARENT_AT - 1] = ':';
    text[PARENT_AT] = '0';
    text[FLAGS_AT - 1] = ':';
    text[FLAGS_AT] = (byte) (context.sampled ? '1' : '0');
    String value = new String(text, StandardCharsets.ISO_8859_1);
    fields.set(request, FIELD, value);
    return value;
  }
}
