package io.httpaudit.cli;

import io.httpaudit.report.ExporterProbe;
import io.httpaudit.report.OtelConfig;
import java.io.IOException;

/** Whether someone takes spans at the configured endpoint: by sending it none. */
final class ExporterCheck {
  private static final String NAME = "exporter";
  private static final String JAEGER =
      "for a Jaeger: docker run --rm -p 16686:16686 -p 4318:4318 jaegertracing/jaeger:2.13.0;"
          + " without spans: OTEL_TRACES_EXPORTER=none";

  private ExporterCheck() {}

  static Check of() {
    if (OtelConfig.disabled()) {
      return Check.ok(NAME, "OTEL_SDK_DISABLED: no spans");
    }
    if (!OtelConfig.exporters().contains("otlp")) {
      return Check.ok(
          NAME, "OTEL_TRACES_EXPORTER: " + (OtelConfig.exporters().isEmpty() ? "none" : "console"));
    }
    String shown = OtelConfig.shownEndpoint();
    try {
      return judged(shown, ExporterProbe.status());
    } catch (IOException e) {
      return Check.warn(NAME, shown + " does not answer (" + e.getMessage() + ")", JAEGER);
    } catch (IllegalArgumentException e) {
      return Check.warn(NAME, e.getMessage(), "no span is sent");
    }
  }

  private static Check judged(String shown, int status) {
    if (status / 100 == 2) {
      return Check.ok(NAME, shown + " takes spans");
    }
    String answers = shown + " answers " + status;
    return status == 401 || status == 403
        ? Check.warn(NAME, answers, "it asks for others than it gets of OTEL_EXPORTER_OTLP_HEADERS")
        : Check.warn(NAME, answers + " to " + OtelConfig.shownUrl(), "is that an OTLP endpoint?");
  }
}
