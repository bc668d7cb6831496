package io.httpaudit.cli;

import io.httpaudit.report.OtelConfig;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
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
    String exporter = OtelConfig.tracesExporter();
    if (OtelConfig.disabled() || !exporter.equals("otlp")) {
      return Check.ok(NAME, OtelConfig.disabled() ? "OTEL_SDK_DISABLED: no spans" : "spans to: " + exporter);
    }
    String shown = OtelConfig.shownEndpoint();
    try {
      return protocol().equals("grpc") ? connect(shown) : post(shown);
    } catch (IOException | IllegalArgumentException e) {
      return Check.warn(NAME, shown + " does not answer (" + e.getMessage() + ")", JAEGER);
    }
  }

  private static String protocol() {
    String traces = OtelConfig.get("otel.exporter.otlp.traces.protocol");
    return traces.isEmpty() ? OtelConfig.get("otel.exporter.otlp.protocol") : traces;
  }

  private static Check connect(String endpoint) throws IOException {
    URI uri = URI.create(endpoint);
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(String.valueOf(uri.getHost()), uri.getPort()), TIMEOUT_MILLIS);
    }
    return Check.ok(NAME, endpoint + " accepts connections");
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
        ? Check.ok(NAME, endpoint + " answers " + status + ": it asks for OTEL_EXPORTER_OTLP_HEADERS")
        : Check.warn(NAME, endpoint + " answers " + status + " to " + url, "is that an OTLP endpoint?");
  }
}
