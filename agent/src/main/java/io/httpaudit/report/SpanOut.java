package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;

/** Takes spans, one after another: {@link #begin}, its attributes, {@link #end}. */
interface SpanOut extends Tags {
  /** OpenTelemetry's kinds of spans that are made here. */
  enum Kind {
    INTERNAL,
    SERVER,
    CLIENT
  }

  /**
   * Begins a span. Attributes that are put belong to it, until {@link #end}.
   *
   * @param who a SERVER span's parent is remote
   * @param start nanoseconds since 1970
   * @param end likewise
   * @param failed the status is an error
   */
  void begin(String name, Kind kind, TraceIds who, long start, long end, boolean failed);

  void end();

  /** What was written so far was sent, and its buffer begins again. */
  default void cleared() {}
}
