package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtelConfigTest {
  @RegisterExtension final SystemProperties properties = new SystemProperties();

  private static Reporting reporting() {
    return new Reporting("", true, "auto", 0, List.of(), List.of(), List.of());
  }

  @ParameterizedTest
  @CsvSource({
    // protocol, endpoint, where spans go
    "'', '', http://localhost:4318",
    "grpc, '', http://localhost:4318",
    "grpc, http://collector:4317, http://collector:4318",
    "grpc, http://collector:4317/, http://collector:4318/",
    "grpc, https://collector.test, https://collector.test",
    "http/protobuf, http://collector:4317, http://collector:4317",
    "'', http://me:secret@collector:4318, http://collector:4318",
    "'', http://me:s3c@ret@collector:4318, http://collector:4318",
    "'', me:secret@collector:4318, collector:4318",
    "'', http:me:secret@collector:4318, collector:4318",
    "'', http://me:secret@collector:43l8, http://collector:43l8",
    "'', https://collector.test/otlp?api-key=secret, https://collector.test/otlp",
    "'', https://collector.test?api-key=s@cret, https://collector.test",
    "'', https://collector.test/otlp#secret, https://collector.test/otlp",
    "'', https://collector.test/t@acme, https://collector.test/t@acme",
    "'', https://me:secret@collector.test/t@acme, https://collector.test/t@acme",
    "'', 'https://[::1]:4318/t@acme', 'https://[::1]:4318/t@acme'",
    "'', http://me:s3c/ret@collector:4318, an endpoint that is no URL",
    "'', http://me:s3c#ret@collector:4318, an endpoint that is no URL",
    "'', http:/me:secret@collector:4318, an endpoint that is no URL",
    "'', me:secret@collector/x://y, an endpoint that is no URL",
  })
  void theStartLineTellsWhereSpansReallyGo(String protocol, String endpoint, String shown) {
    properties.set("otel.exporter.otlp.protocol", protocol);
    properties.set("otel.exporter.otlp.endpoint", endpoint);

    assertThat(reporting().destination()).isEqualTo("spans to " + shown);
  }

  @Test
  void grpcIsReplacedByOneLine() {
    properties.set("otel.exporter.otlp.traces.protocol", "grpc");
    properties.set("otel.exporter.otlp.endpoint", "http://collector:4317");

    assertThat(OtelConfig.notices())
        .containsExactly(
            "httpaudit: OTLP protocol 'grpc' is not spoken, 'http/protobuf' to"
                + " http://collector:4318 is used");
    assertThat(OtelConfig.insteadOfGrpc()).contains("http://collector:4318/v1/traces");
  }

  @Test
  void traceEndpointsGoBeforeCommonOnes() {
    properties.set("otel.exporter.otlp.endpoint", "http://common:4318");
    properties.set("otel.exporter.otlp.traces.endpoint", "http://traces:4318/v1/traces");

    assertThat(OtelConfig.shownEndpoint()).isEqualTo("http://traces:4318/v1/traces");
    assertThat(OtelConfig.insteadOfGrpc()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "none, no spans",
    "console, spans to the console",
    "'otlp, console', spans to http://localhost:4318",
    "zipkin, no spans",
  })
  void exportersAreOpenTelemetrysOwn(String exporter, String destination) {
    properties.set("otel.traces.exporter", exporter);

    assertThat(reporting().destination()).isEqualTo(destination);
  }

  @Test
  void anUnknownExporterIsNamed() {
    properties.set("otel.traces.exporter", "otlp,zipkin");

    assertThat(OtelConfig.notices())
        .containsExactly(
            "httpaudit: unknown OTEL_TRACES_EXPORTER 'zipkin', it is otlp, console or none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "shop | service.name=other | io.shop.Main --x | shop",
        "'' | a=b, service.name = my%20shop+1 ,c=d | io.shop.Main | my shop+1",
        "'' | '' | /opt/shop-1.2.jar --port 80 | shop-1.2",
        "'' | '' | io.shop.Main a/b.jar | Main",
        "'' | '' | shop/io.shop.Main | Main",
        "'' | '' | '' | unknown_service:java",
      })
  void theServicesNameIsTheUsersOrTheProgramsOwn(
      String name, String attributes, String command, String service) {
    String before = System.getProperty("sun.java.command");
    properties.set("otel.service.name", name);
    properties.set("otel.resource.attributes", attributes);
    System.setProperty("sun.java.command", command);
    try {
      assertThat(OtelConfig.serviceName()).isEqualTo(service);
    } finally {
      System.setProperty("sun.java.command", before);
    }
  }
}
