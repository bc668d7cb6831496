package io.httpaudit.trace;

import io.httpaudit.http.Head;
import io.httpaudit.http.KeptField;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * {@code b3} and {@code b3multi}: Zipkin's fields. Both read the one field, and, where that says
 * nothing, the several; they differ in what they write. As OpenTelemetry has it: a caller that left
 * the decision open counts as not sampled. Its debug flag is passed on as sampled.
 */
final class B3 extends Format {
  private static final String SINGLE = "b3";
  private static final String TRACE_ID = "X-B3-TraceId";
  private static final String SPAN_ID = "X-B3-SpanId";
  private static final String SAMPLED = "X-B3-Sampled";

  /** Of {@code trace-span-1}. */
  private static final int SPAN_AT = 33;

  private static final int SAMPLED_AT = 50;

  private final boolean several;

  B3(boolean several) {
    this.several = several;
  }

  @Override
  void fields(Set<KeptField> wanted) {
    wanted.add(KeptField.B3);
    wanted.add(KeptField.B3_TRACE_ID);
    wanted.add(KeptField.B3_SPAN_ID);
    wanted.add(KeptField.B3_SAMPLED);
    wanted.add(KeptField.B3_FLAGS);
  }

  @Override
  void extract(Head head) {
    if (!extractOne(head)) {
      extractSeveral(head);
    }
  }

  /** {@code trace-span}, {@code trace-span-sampled} or {@code trace-span-sampled-parent}. */
  private static boolean extractOne(Head head) {
    int length = head.length(KeptField.B3);
    if (length <= 0) {
      return false;
    }
    byte[] text = head.text;
    int from = head.offset(KeptField.B3);
    int end = from + length;
    // Dashes behind all else separate nothing.
    while (end > from && text[end - 1] == '-') {
      end--;
    }
    int trace = next(text, from, end);
    int span = next(text, trace + 1, end);
    int sampled = next(text, span + 1, end);
    int parent = next(text, sampled + 1, end);
    return parent == end
        && ids(
            head,
            from,
            trace - from,
            trace + 1,
            span - trace - 1,
            isSampled(text, span + 1, sampled - span - 1)
                || sampled - span == 2 && text[span + 1] == 'd');
  }

  /** Where the part that begins at {@code from} ends. */
  private static int next(byte[] text, int from, int end) {
    int at = Math.min(from, end);
    while (at < end && text[at] != '-') {
      at++;
    }
    return at;
  }

  private static void extractSeveral(Head head) {
    int flags = head.length(KeptField.B3_FLAGS);
    int sampled = head.length(KeptField.B3_SAMPLED);
    byte[] text = head.text;
    if (flags >= 0 && sampled >= 0) {
      ids(
          head,
          head.offset(KeptField.B3_TRACE_ID),
          head.length(KeptField.B3_TRACE_ID),
          head.offset(KeptField.B3_SPAN_ID),
          head.length(KeptField.B3_SPAN_ID),
          flags == 1 && text[head.offset(KeptField.B3_FLAGS)] == '1'
              || isSampled(text, head.offset(KeptField.B3_SAMPLED), sampled));
    }
  }

  private static boolean ids(
      Head head, int trace, int traceLength, int span, int spanLength, boolean sampled) {
    byte[] text = head.text;
    if (traceLength != 16 && traceLength != 32
        || spanLength != 16
        || !Hex.isHex(text, trace, traceLength)
        || !Hex.isHex(text, span, 16)) {
      return false;
    }
    long high = traceLength == 16 ? 0 : Hex.number(text, trace, 16);
    long low = Hex.number(text, trace + traceLength - 16, 16);
    long parent = Hex.number(text, span, 16);
    if ((high | low) == 0 || parent == 0) {
      return false;
    }
    head.traceHigh = high;
    head.traceLow = low;
    head.parent = parent;
    head.sampled = sampled;
    head.stateLength = 0;
    return true;
  }

  /** {@code 1}, or, as some write it, {@code true}. */
  private static boolean isSampled(byte[] text, int at, int length) {
    return length == 1 && text[at] == '1'
        || length == 4
            && (text[at] | ' ') == 't'
            && (text[at + 1] | ' ') == 'r'
            && (text[at + 2] | ' ') == 'u'
            && (text[at + 3] | ' ') == 'e';
  }

  @Override
  <C> String find(C request, Propagation.Fields<C> fields) {
    String mine = fields.get(request, several ? SPAN_ID : SINGLE);
    if (mine != null) {
      return mine;
    }
    // Both are read: one that the other writes is a context, too, and not ours.
    return fields.get(request, several ? SINGLE : TRACE_ID);
  }

  @Override
  long span(String found) {
    return several ? Hex.id(found, 0) : Hex.id(found, SPAN_AT);
  }

  @Override
  <C> String inject(HttpAuditContext context, C request, Propagation.Fields<C> fields) {
    byte[] text = new byte[SAMPLED_AT + 1];
    Hex.put(context.traceHigh, text, 0);
    Hex.put(context.traceLow, text, 16);
    text[SPAN_AT - 1] = '-';
    Hex.put(context.spanId, text, SPAN_AT);
    text[SAMPLED_AT - 1] = '-';
    text[SAMPLED_AT] = (byte) (context.sampled ? '1' : '0');
    if (!several) {
      String value = new String(text, StandardCharsets.ISO_8859_1);
      fields.set(request, SINGLE, value);
      return value;
    }
    String span = new String(text, SPAN_AT, 16, StandardCharsets.ISO_8859_1);
    fields.set(request, TRACE_ID, new String(text, 0, 32, StandardCharsets.ISO_8859_1));
    fields.set(request, SPAN_ID, span);
    fields.set(request, SAMPLED, context.sampled ? "1" : "0");
    return span;
  }
}
