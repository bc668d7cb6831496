package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.trace.Tracestate;
import java.util.Arrays;

/**
 * Spans as a run of the field {@code spans} of ScopeSpans (opentelemetry-proto, trace/v1), encoded
 * while they are told: no object is made of a span. The SDK's marshalers walk over objects twice,
 * for the lengths and for the bytes, and cost more than all else that a span does. One thread.
 */
final class OtlpSpans implements SpanOut {
  /** Of ScopeSpans. */
  private static final int SPANS = 2;

  /** Of Span. */
  private static final int TRACE_ID = 1;

  private static final int SPAN_ID = 2;
  private static final int TRACE_STATE = 3;
  private static final int PARENT_SPAN_ID = 4;
  private static final int NAME = 5;
  private static final int KIND = 6;
  private static final int START = 7;
  private static final int END = 8;
  private static final int ATTRIBUTES = 9;
  private static final int STATUS = 15;
  private static final int STATUS_CODE = 3;
  private static final int FLAGS = 16;

  private static final int ERROR = 2;

  /** Of the flags: sampled; it is known whether the parent is remote; it is. */
  private static final int SAMPLED = 1;

  private static final int REMOTE_KNOWN = 0x100;
  private static final int REMOTE = 0x200;

  private final ProtoBuffer spans;

  /** By kind. */
  private final DraftedAttributes[] attributes = new DraftedAttributes[Kind.values().length];

  /** Of the span in hand. */
  private DraftedAttributes drafted;

  private int open;

  OtlpSpans(ProtoBuffer to) {
    spans = to;
    Arrays.setAll(attributes, kind -> new DraftedAttributes(to, ATTRIBUTES));
    drafted = attributes[0];
  }

  @Override
  public void begin(String name, Kind kind, TraceIds who, long from, long to, boolean failed) {
    boolean child = who.parent() != 0;
    open = spans.begin(SPANS);
    spans.id(TRACE_ID, who.traceHigh(), who.traceLow());
    spans.id(SPAN_ID, who.span());
    spans.text(TRACE_STATE, Tracestate.normal(who.state()));
    if (child) {
      spans.id(PARENT_SPAN_ID, who.parent());
    }
    spans.text(NAME, name);
    // UNSPECIFIED is 0.
    spans.varint(KIND, kind.ordinal() + 1);
    spans.fixed64(START, from);
    spans.fixed64(END, to);
    spans.length(STATUS, failed ? 2 : 0);
    if (failed) {
      spans.varint(STATUS_CODE, ERROR);
    }
    boolean remote = child && kind == Kind.SERVER;
    spans.fixed32(FLAGS, SAMPLED | REMOTE_KNOWN | (remote ? REMOTE : 0));
    drafted = attributes[kind.ordinal()];
    drafted.begin();
  }

  @Override
  public void put(Key<String> key, String value) {
    drafted.put(key, value);
  }

  @Override
  public void put(Key<Long> key, long value) {
    drafted.put(key, value);
  }

  @Override
  public void put(Key<Double> key, double value) {
    drafted.put(key, value);
  }

  @Override
  public void put(Key<Boolean> key, boolean value) {
    drafted.put(key, value);
  }

  @Override
  public void end() {
    drafted.end();
    int before = spans.size();
    spans.end(open);
    drafted.moved(spans.size() - before);
  }

  @Override
  public void cleared() {
    for (DraftedAttributes each : attributes) {
      each.forget();
    }
  }
}
