package io.httpaudit.trace;

import io.httpaudit.http.Head;
import io.httpaudit.http.KeptField;
import java.util.Set;

/** {@code tracecontext}: W3C Trace Context, level 1. */
final class TraceContext extends Format {
  private static final String PARENT = "traceparent";
  private static final String STATE = "tracestate";

  @Override
  void fields(Set<KeptField> wanted) {
    wanted.add(KeptField.TRACEPARENT);
    wanted.add(KeptField.TRACESTATE);
  }

  @Override
  void extract(Head head) {
    byte[] text = head.text;
    int at = head.offset(KeptField.TRACEPARENT);
    if (!Traceparent.isFormed(text, at, head.length(KeptField.TRACEPARENT))) {
      return;
    }
    long high = Traceparent.traceHigh(text, at);
    long low = Traceparent.traceLow(text, at);
    long parent = Traceparent.spanId(text, at);
    if ((high | low) == 0 || parent == 0) {
      return;
    }
    head.traceHigh = high;
    head.traceLow = low;
    head.parent = parent;
    head.sampled = Traceparent.isSampled(text, at);
    head.stateOffset = head.offset(KeptField.TRACESTATE);
    head.stateLength =
        Propagation.sendable(text, head.stateOffset, head.length(KeptField.TRACESTATE));
  }

  @Override
  <C> String find(C request, Propagation.Fields<C> fields) {
    return fields.get(request, PARENT);
  }

  @Override
  long span(String found) {
    return Traceparent.spanId(found);
  }

  @Override
  <C> String inject(HttpAuditContext context, C request, Propagation.Fields<C> fields) {
    String value = Traceparent.of(context);
    fields.set(request, PARENT, value);
    if (context.state != null) {
      fields.set(request, STATE, context.state);
    }
    return value;
  }
}
