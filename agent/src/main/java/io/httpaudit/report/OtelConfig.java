package io.httpaudit.report;

import io.httpaudit.trace.Propagation;
import io.httpaudit.trace.Sampler;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * OpenTelemetry's own settings, as far as they are needed before the SDK is: by system property,
 * else by variable. All else the SDK's autoconfiguration reads.
 */
public final class OtelConfig {
  private static final String DEFAULT_ENDPOINT = "http://localhost:4318";

  private static final String OTLP = "otlp";
  private static final String HTTP = "http/protobuf";
  private static final String TRACES = "/v1/traces";
  private static final Set<String> KNOWN_EXPORTERS = Set.of(OTLP, "console");

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

  /**
   * The sampler that the user configured.
   *
   * @param complaints gets a line where the default holds instead
   */
  public static Sampler sampler(List<String> complaints) {
    return Sampler.of(get("otel.traces.sampler"), get("otel.traces.sampler.arg"), complaints);
  }

  /**
   * How the user wants contexts to be carried.
   *
   * @param complaints gets a line on what is not spoken
   */
  public static Propagation propagation(List<String> complaints) {
    return Propagation.of(get("otel.propagators"), complaints);
  }

  /** A whole number above 0, or {@code otherwise}. */
  static int positive(String property, int otherwise) {
    try {
      int value = Integer.parseInt(get(property));
      return value > 0 ? value : otherwise;
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  /** Of {@code otlp}, {@code console}: where spans go; neither: nowhere. */
  public static List<String> exporters() {
    List<String> known = new ArrayList<>();
    for (String name : named()) {
      if (KNOWN_EXPORTERS.contains(name)) {
        known.add(name);
      }
    }
    return known;
  }

  private static String[] named() {
    String names = get("otel.traces.exporter");
    return (names.isEmpty() ? OTLP : names).split("\\s*,\\s*");
  }

  /** One line on each thing asked for that is not to be had, and on what is done instead. */
  static List<String> notices() {
    List<String> notices = new ArrayList<>();
    for (String name : named()) {
      if (!KNOWN_EXPORTERS.contains(name) && !name.equals("none")) {
        notices.add(
            "httpaudit: unknown OTEL_TRACES_EXPORTER '" + name + "', it is otlp, console or none");
      }
    }
    String protocol = protocol();
    if (exporters().contains(OTLP) && !protocol.isEmpty() && !protocol.equals(HTTP)) {
      notices.add(
          "httpaudit: OTLP protocol '"
              + protocol
              + "' is not spoken, '"
              + HTTP
              + "' to "
              + shownEndpoint()
              + " is used");
    }
    return notices;
  }

  private static String protocol() {
    String protocol = get("otel.exporter.otlp.traces.protocol");
    return protocol.isEmpty() ? get("otel.exporter.otlp.protocol") : protocol;
  }

  /** The endpoint of traces alone, as a whole URL; else an empty string. */
  private static String tracesEndpoint() {
    return get("otel.exporter.otlp.traces.endpoint");
  }

  /** As the user wrote it, or the default; of a gRPC endpoint, the HTTP one beside it. */
  public static String endpoint() {
    String endpoint =
        tracesEndpoint().isEmpty() ? get("otel.exporter.otlp.endpoint") : tracesEndpoint();
    if (endpoint.isEmpty()) {
      return DEFAULT_ENDPOINT;
    }
    return protocol().equals("grpc") ? besideGrpc(endpoint) : endpoint;
  }

  /** The URL that traces are posted to where the user's own settings would not give it. */
  static Optional<String> insteadOfGrpc() {
    if (!protocol().equals("grpc")) {
      return Optional.empty();
    }
    return Optional.of(underBase(endpoint()));
  }

  private static String underBase(String base) {
    return base.endsWith("/") ? base.concat(TRACES.substring(1)) : base.concat(TRACES);
  }

  /**
   * A gRPC endpoint has no path. Its port is 4317 by custom, and HTTP's 4318; behind others both
   * may be served.
   */
  private static String besideGrpc(String endpoint) {
    return endpoint.replaceFirst("^([a-z]+://[^/]*):4317(/.*)?$", "$1:4318$2");
  }

  /** As it may be written: without user-info, query and fragment, which may hold a credential. */
  public static String shownEndpoint() {
    return shown(endpoint());
  }

  /** The URL that traces are posted to, as it may be written. */
  public static String shownUrl() {
    boolean whole = !tracesEndpoint().isEmpty() && insteadOfGrpc().isEmpty();
    return whole ? shownEndpoint() : underBase(shownEndpoint());
  }

  /**
   * What is malformed is cut by the same separators (RFC 3986, 3.2). Where a later {@code @} may
   * yet belong to its user-info, nothing of it is shown.
   */
  private static String shown(String url) {
    int scheme = url.indexOf("://");
    int start = scheme < 0 ? 0 : scheme + 3;
    int end = start;
    while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
      end++;
    }
    String authority = url.substring(start, end);
    authority = authority.substring(authority.lastIndexOf('@') + 1);
    boolean noUrl = scheme >= 0 && !url.substring(0, scheme).matches("[A-Za-z][A-Za-z0-9+.-]*");
    noUrl |= !authority.matches("(\\[[^\\]]*]|[^:]+)(:[0-9]+)?") && url.indexOf('@', end) >= 0;
    if (noUrl) {
      return "an endpoint that is no URL";
    }
    return url.substring(0, start).concat(authority).concat(path(url, end));
  }

  /** From there to where a query or a fragment begins. */
  private static String path(String url, int from) {
    int to = from;
    while (to < url.length() && "?#".indexOf(url.charAt(to)) < 0) {
      to++;
    }
    return url.substring(from, to);
  }

  /** {@code service.name}: what the user says, else the jar's or the main class's name. */
  public static String serviceName() {
    String name = get("otel.service.name");
    if (!name.isEmpty()) {
      return name;
    }
    for (String attribute : get("otel.resource.attributes").split(",")) {
      int equals = attribute.indexOf('=');
      if (equals > 0 && attribute.substring(0, equals).trim().equals("service.name")) {
        return decoded(attribute.substring(equals + 1).trim());
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

  /** Percent-encoded, as W3C Baggage has it: a plus sign is one. */
  private static String decoded(String value) {
    try {
      return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return value;
    }
  }
}
