package io.httpaudit.report;

import io.httpaudit.correlate.Exchange;

/**
 * Which phases become child spans: INTERFACE.md, Spans.
 *
 * @param phases {@code auto}, {@code all} or {@code none}
 * @param minNanos the shortest that {@code auto} draws
 */
record PhaseRule(String phases, long minNanos) {
  /** A phase below a twentieth of its span explains nothing. */
  private static final long SHARE = 20;

  /**
   * @param whole the span's own nanoseconds
   */
  boolean draws(Exchange.Timing timing, long whole) {
    if (phases.equals("all")) {
      // A span without length is nothing to see, and Jaeger warns of it.
      return timing.nanos() > 0;
    }
    return phases.equals("auto")
        && timing.phase().explains()
        && timing.nanos() >= minNanos
        && timing.nanos() * SHARE >= whole;
  }
}
