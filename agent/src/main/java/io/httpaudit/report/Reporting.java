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

  /** As the start line says it. */
  public String destination() {
    String exporter = OtelConfig.tracesExporter();
    if (!spans || OtelConfig.disabled() || exporter.equals("none")) {
      return "no spans";
    }
    return exporter.equals("console")
        ? "spans to the console"
        : "spans to ".concat(OtelConfig.shownEndpoint());
  }
}
