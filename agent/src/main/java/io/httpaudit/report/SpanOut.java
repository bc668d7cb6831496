package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.opentelemetry.api.trace.SpanKind;

/** Takes spans, one after another: {@link #begin}, its attributes, {@link #end}. */
interface SpanOut {
  /** Begins a span; its attributes go to the result. */
  Tags begin();

  /**
   * Ends it.
   *
   * @param who a SERVER span's parent is remote
   * @param start nanoseconds since 1970
   * @param end likewise
   * @param failed the status is an error
   */
  void end(String name, SpanKind kind, TraceIds who, long start, long end, boolean failed);
}
