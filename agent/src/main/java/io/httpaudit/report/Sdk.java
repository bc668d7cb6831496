package io.httpaudit.report;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.common.ComponentLoader;
import io.opentelemetry.sdk.autoconfigure.ResourceConfiguration;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.internal.DefaultConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.traces.ConfigurableSpanExporterProvider;
import io.opentelemetry.sdk.resources.Resource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What is used of OpenTelemetry's SDK: its configuration, and its resource. Not its tracer and
 * processors, whose threads have names of their own and whose spans begin and end on the caller's
 * clock; nor its exporters, which want each span as objects.
 */
final class Sdk {
  private static final AttributeKey<String> SERVICE = AttributeKey.stringKey("service.name");
  private static final AttributeKey<Long> PID = AttributeKey.longKey("process.pid");
  private static final AttributeKey<String> DISTRO =
      AttributeKey.stringKey("telemetry.distro.name");
  private static final AttributeKey<String> DISTRO_VERSION =
      AttributeKey.stringKey("telemetry.distro.version");

  /** All that the exporter is configured by, each for traces alone, too. */
  private static final List<String> OTLP =
      List.of(
          "endpoint",
          "headers",
          "compression",
          "timeout",
          "certificate",
          "client.key",
          "client.certificate");

  private Sdk() {}

  /**
   * In the order of {@link OtelConfig#exporters}. By {@code OTEL_…} variables and {@code otel.…}
   * properties.
   *
   * @throws IllegalArgumentException where the SDK finds them wrong; its message may be printed
   */
  static List<SpanExport> configured() {
    return accepted(Sdk::exports);
  }

  /** The sender of spans alone; throws likewise. */
  static OtlpSender sender() {
    OwnSender sender = own();
    return accepted(() -> otlp(config(sender), sender));
  }

  private static <T> T accepted(Supplier<T> made) {
    try {
      return made.get();
    } catch (RuntimeException e) {
      // Not as its cause either: whoever prints that prints what was refused.
      throw new IllegalArgumentException(Trouble.ofSettings(e));
    }
  }

  private static OwnSender own() {
    return new OwnSender(ComponentLoader.forClassLoader(Sdk.class.getClassLoader()));
  }

  private static ConfigProperties config(OwnSender sender) {
    return DefaultConfigProperties.create(new HashMap<>(), sender).withOverrides(overrides());
  }

  private static List<SpanExport> exports() {
    OwnSender sender = own();
    ConfigProperties config = config(sender);
    Resource resource = resource(config);
    List<SpanExport> exports = new ArrayList<>();
    for (String exporter : OtelConfig.exporters()) {
      exports.add(
          exporter.equals("otlp")
              ? new OtlpExport(resource, otlp(config, sender))
              : new ConsoleExport());
    }
    return exports;
  }

  private static Map<String, String> overrides() {
    Map<String, String> values = new HashMap<>();
    values.put("otel.exporter.otlp.traces.protocol", "http/protobuf");
    for (String setting : OTLP) {
      blank("otel.exporter.otlp." + setting, values);
      blank("otel.exporter.otlp.traces." + setting, values);
    }
    OtelConfig.insteadOfGrpc()
        .ifPresent(url -> values.put("otel.exporter.otlp.traces.endpoint", url));
    return values;
  }

  /**
   * A variable that is set to nothing counts as not set (OpenTelemetry's specification, "Empty
   * value"), but not to the exporter.
   */
  private static void blank(String property, Map<String, String> values) {
    if (OtelConfig.get(property).isEmpty()) {
      values.put(property, null);
    }
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

  /** The SDK's exporter is made for what it configures its sender with. */
  private static OtlpSender otlp(ConfigProperties config, OwnSender sender) {
    for (ConfigurableSpanExporterProvider provider :
        sender.load(ConfigurableSpanExporterProvider.class)) {
      if (provider.getName().equals("otlp")) {
        provider.createExporter(config);
      }
    }
    return sender.made();
  }
}
