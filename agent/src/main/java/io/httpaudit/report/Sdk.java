package io.httpaudit.report;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.common.ComponentLoader;
import io.opentelemetry.sdk.autoconfigure.ResourceConfiguration;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.internal.DefaultConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.traces.ConfigurableSpanExporterProvider;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is used of OpenTelemetry's SDK: its configuration and its resource, and its exporters where
 * it isn't OTLP alone. Not its tracer and processors, whose threads have names of their own and
 * whose spans begin and end on the caller's clock.
 */
final class Sdk {
  private static final AttributeKey<String> SERVICE = AttributeKey.stringKey("service.name");
  private static final AttributeKey<Long> PID = AttributeKey.longKey("process.pid");
  private static final AttributeKey<String> DISTRO =
      AttributeKey.stringKey("telemetry.distro.name");
  private static final AttributeKey<String> DISTRO_VERSION =
      AttributeKey.stringKey("telemetry.distro.version");

  private Sdk() {}

  /**
   * By {@code OTEL_…} variables and {@code otel.…} properties; throws where the SDK finds them
   * wrong.
   */
  static Destination configured(Reporting reporting) {
    OwnSender sender = new OwnSender(ComponentLoader.forClassLoader(Sdk.class.getClassLoader()));
    ConfigProperties config =
        DefaultConfigProperties.create(new HashMap<>(), sender).withOverrides(overrides());
    PhaseRule rule = new PhaseRule(reporting.phases(), reporting.phasesMinNanos());
    Resource resource = resource(config);
    List<SpanExporter> exporters = exporters(config, sender);
    // Of the SDK's OTLP exporter, where there is no other, its configuration is all that is needed.
    return OtelConfig.exporters().equals(List.of("otlp"))
        ? new OtlpDestination(resource, rule, sender.made())
        : new SdkDestination(resource, rule, SpanExporter.composite(exporters));
  }

  private static Map<String, String> overrides() {
    Map<String, String> values = new HashMap<>();
    values.put("otel.exporter.otlp.traces.protocol", "http/protobuf");
    OtelConfig.insteadOfGrpc()
        .ifPresent(url -> values.put("otel.exporter.otlp.traces.endpoint", url));
    if (OtelConfig.get("otel.exporter.otlp.endpoint").isEmpty()) {
      // A variable that is set to nothing counts as not set, but not to the exporter.
      values.put("otel.exporter.otlp.endpoint", OtelConfig.DEFAULT_ENDPOINT);
    }
    return values;
  }

  private static Resource resource(ConfigProperties config) {
    return Resource.getDefault().toBuilder()
        .put(DISTRO, "httpaudit")
        .put(DISTRO_VERSION, Reporting.VERSION)
        .put(PID, ProcessHandle.current().pid())
        .putAll(ResourceConfiguration.createEnvironmentResource(config))
        .put(SERVICE, OtelConfig.serviceName())
        .build();
  }

  private static List<SpanExporter> exporters(ConfigProperties config, ComponentLoader loader) {
    List<SpanExporter> exporters = new ArrayList<>();
    if (OtelConfig.exporters().contains("console")) {
      exporters.add(new ConsoleExporter());
    }
    if (OtelConfig.exporters().contains("otlp")) {
      for (ConfigurableSpanExporterProvider provider :
          loader.load(ConfigurableSpanExporterProvider.class)) {
        if (provider.getName().equals("otlp")) {
          exporters.add(provider.createExporter(config));
        }
      }
    }
    return exporters;
  }
}
