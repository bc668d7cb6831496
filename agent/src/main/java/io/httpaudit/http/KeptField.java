package io.httpaudit.http;

/**
 * A field of a request whose value {@link Head} keeps, where {@link FieldNames} asks for it: one of
 * those that carry a context.
 */
public enum KeptField {
  TRACEPARENT("traceparent", false),
  TRACESTATE("tracestate", true),
  BAGGAGE("baggage", true),
  B3("b3", false),
  B3_TRACE_ID("x-b3-traceid", false),
  B3_SPAN_ID("x-b3-spanid", false),
  B3_SAMPLED("x-b3-sampled", false),
  B3_FLAGS("x-b3-flags", false),
  UBER_TRACE_ID("uber-trace-id", false);

  static final KeptField[] ALL = values();

  final String lower;

  /** Whether its value is a list, so that several fields of the name are one (RFC 9110 §5.3). */
  final boolean list;

  KeptField(String lower, boolean list) {
    this.lower = lower;
    this.list = list;
  }
}
