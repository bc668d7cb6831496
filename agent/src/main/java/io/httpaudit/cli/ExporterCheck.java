package io.httpaudit.cli;

import io.httpaudit.report.OtelConfig;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLConnection;

/** Whether someone takes spans at the configured endpoint: by sending it none. */
final class ExporterCheck {
  private static final String NAME = "exporter";
  private static final int TIMEOUT_MILLIS = 2_000;
  private static final String JAEGER =
      "for a Jaeger: docker run --rm -p 16686:16686 -p 4318:4318 jaegertracing/jaeger:2.13.0; without spans:"
          + " OTEL_TRACES_EXPORTER=none";

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
      return post(shown);
    } catch (IOException | IllegalArgumentException e) {
      return Check.warn(NAME, shown + " does not answer (" + e.getMessage() + ")", JAEGER);
    }
  }

  /** An export of nothing is an empty body: no resource, no span. */
  private static Check post(String endpoint) throws IOException {
    boolean forTraces = !OtelConfig.get("otel.exporter.otlp.traces.endpoint").isEmpty();
    String url = forTraces ? endpoint : endpoint.replaceAll("/+$", "") + "/v1/traces";
    URLConnection opened = URI.create(url).toURL().openConnection();
    if (!(opened instanceof HttpURLConnection connection)) {
      return Check.warn(NAME, endpoint + " is no URL of HTTP", JAEGER);
    }
    connection.setConnectTimeout(TIMEOUT_MILLIS);
    connection.setReadTimeout(TIMEOUT_MILLIS);
    connection.setRequestMethod("POST");
    connection.setRequestProperty("Content-Type", "application/x-protobuf");
    connection.setDoOutput(true);
    connection.getOutputStream().close();
    int status = connection.getResponseCode();
    connection.disconnect();
    if (status / 100 == 2) {
      return Check.ok(NAME, endpoint + " takes spans");
    }
    // 401 and 403: the headers that the SDK sends are not sent here.
    return status == 401 || status == 403
        ? Check.ok(
            NAME, endpoint + " answers " + status + ": it asks for OTEL_EXPORTER_OTLP_HEADERS")
        : Check.warn(
            NAME, endpoint + " answers " + status + " to " + url, "is that an OTLP endpoint?");
  }
}
