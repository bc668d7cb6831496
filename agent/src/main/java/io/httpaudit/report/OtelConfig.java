package io.httpaudit.report;

import java.util.Locale;

/**
 * OpenTelemetry's own settings, as far as they are needed before the SDK is: by system property, else by variable. All else the
 * SDK's autoconfiguration reads.
 */
public final class OtelConfig {
  private OtelConfig() {}

  /** The value of {@code otel.…}, or an empty string. */
  public static String get(String property) {
    String value = System.getProperty(property);
    if (value == null) {
      value = System.getenv(property.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'));
    }
    return value == null ? "" : value.trim();
  }

  public static boolean disabled() {
    return get("otel.sdk.disabled").equalsIgnoreCase("true");
  }

  public static String tracesExporter() {
    String exporter = get("otel.traces.exporter");
    return exporter.isEmpty() ? "otlp" : exporter;
  }

  /** As the user wrote it, or the default. */
  static String endpoint() {
    String endpoint = get("otel.exporter.otlp.traces.endpoint");
    endpoint = endpoint.isEmpty() ? get("otel.exporter.otlp.endpoint") : endpoint;
    return endpoint.isEmpty() ? "http://localhost:4318" : endpoint;
  }

  /** Without user-info: it is written to stderr. */
  public static String shownEndpoint() {
    String endpoint = endpoint();
    int scheme = endpoint.indexOf("://");
    int at = endpoint.lastIndexOf('@');
    return scheme > 0 && at > scheme
        ? endpoint.substring(0, scheme + 3).concat(endpoint.substring(at + 1))
        : endpoint;
  }

  /** {@code service.name}: what the user says, else the jar's or the main class's name. */
  static String serviceName() {
    String name = get("otel.service.name");
    if (!name.isEmpty()) {
      return name;
    }
    for (String attribute : get("otel.resource.attributes").split(",")) {
      if (attribute.startsWith("service.name=")) {
        return attribute.substring("service.name=".length());
      }
    }
    String command = System.getProperty("sun.java.command", "");
    int space = command.indexOf(' ');
    command = space < 0 ? command : command.substring(0, space);
    command = command.substring(command.lastIndexOf('/') + 1);
    if (command.endsWith(".jar")) {
      return command.substring(0, command.length() - 4);
    }
    command = command.substring(command.lastIndexOf('.') + 1);
    return command.isEmpty() ? "unknown_service:java" : command;
  }
}
