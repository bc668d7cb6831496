package io.httpaudit.report;

import java.util.List;

/**
 * What is reported, and where to.
 *
 * @param log path, {@code -} for standard output, empty: none
 * @param spans whether spans are made
 * @param phases {@code auto}, {@code all}, {@code none}: which become child spans
 */
public record Reporting(
    String log,
    boolean spans,
    String phases,
    long phasesMinNanos,
    List<String> queryKeep,
    List<String> redact,
    List<String> ignore) {
  public static final String VERSION = "0.1.0";

  /** Whether there are spans, if only in the log: then there are contexts, too. */
  public boolean traces() {
    return spans && !OtelConfig.disabled();
  }

  /** Whether there is anywhere for spans to go. */
  boolean makesSpans() {
    return traces() && !OtelConfig.exporters().isEmpty();
  }

  /** As the start line says it. */
  public String destination() {
    if (!makesSpans()) {
      return "no spans";
    }
    return OtelConfig.exporters().contains("otlp")
        ? "spans to ".concat(OtelConfig.shownEndpoint())
        : "spans to the console";
  }
}
