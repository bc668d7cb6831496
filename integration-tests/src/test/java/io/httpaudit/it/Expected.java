package io.httpaudit.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.util.Map;
import java.util.TreeMap;

/**
 * From a line of the audit log to the tags that Jaeger must show of its span, by INTERFACE.md and
 * the semantic conventions. What a line tells by rounding, or not at all, is taken from the span,
 * once it is what the line allows.
 */
final class Expected {
  private final Map<String, String> tags = new TreeMap<>();
  private final JsonNode line;
  private final Map<String, String> shown;

  private final double wholeMillis;

  private Expected(JsonNode line, Map<String, String> shown, double wholeMillis) {
    this.line = line;
    this.shown = shown;
    this.wholeMillis = wholeMillis;
  }

  /** Type and value of each. */
  static Map<String, String> tags(JsonNode line, SpansIT.Span span) {
    Expected expected = new Expected(line, span.tags(), span.micros() / 1e3);
    if (line.get("type").asText().equals("exchange")) {
      expected.exchange();
    } else {
      expected.connection();
    }
    return expected.tags;
  }

  /** What a span that somebody else made has of it. */
  static Map<String, String> facts(JsonNode line, SpansIT.Span span) {
    Map<String, String> facts = tags(line, span);
    facts.keySet().removeIf(key -> !key.startsWith("httpaudit.") && !key.startsWith("network."));
    // Theirs, and of a length of its own.
    facts.remove("network.protocol.version");
    facts.remove("httpaudit.other_ms");
    return facts;
  }

  private String text(String field) {
    return line.path(field).asText("");
  }

  private void string(String key, String value) {
    if (!value.isEmpty()) {
      tags.put(key, "string " + value);
    }
  }

  private void number(String key, long value) {
    tags.put(key, "int64 " + value);
  }

  private static String host(String endpoint) {
    return endpoint.substring(0, endpoint.lastIndexOf(':')).replace("[", "").replace("]", "");
  }

  private static long port(String endpoint) {
    return Long.parseLong(endpoint.substring(endpoint.lastIndexOf(':') + 1));
  }

  private void common(String kind, String error) {
    string("span.kind", kind);
    string("otel.scope.name", "httpaudit");
    tags.put("otel.scope.version", shown.get("otel.scope.version"));
    string("httpaudit.verdict", text("verdict"));
    string("httpaudit.why", text("why"));
    string("network.peer.address", host(text("peer")));
    number("network.peer.port", port(text("peer")));
    string("network.interface.name", text("interface"));
    number("httpaudit.connection", line.get("connection").asLong());
    if (!error.isEmpty()) {
      string("error.type", error);
      string("otel.status_code", "ERROR");
      tags.put("error", "bool true");
    }
    line.get("timings")
        .properties()
        .forEach(t -> millis("httpaudit." + t.getKey() + "_ms", t.getValue().asDouble()));
    tls();
    if (!line.get("timings").isEmpty()) {
      millis("httpaudit.other_ms", other());
    }
  }

  /** The span's own duration less its phases, to the rounding of a microsecond a term. */
  private double other() {
    double sum = 0;
    for (JsonNode millis : line.get("timings")) {
      sum += millis.asDouble();
    }
    return wholeMillis - sum;
  }

  /** Within the rounding of the figures that it comes from. */
  private void millis(String key, double value) {
    String tag = shown.getOrDefault(key, "float64 NaN");
    double exact = Double.parseDouble(tag.substring(tag.indexOf(' ') + 1));
    tags.put(
        key,
        Math.abs(exact - value) <= 0.01
            ? "float64 " + tag.substring(tag.indexOf(' ') + 1)
            : "float64 " + value);
  }

  private void exchange() {
    boolean server = text("side").equals("server");
    long status = line.path("status").asLong(0);
    String error = text("error");
    if (error.isEmpty() && status >= (server ? 500 : 400)) {
      error = Long.toString(status);
    }
    common(server ? "server" : "client", error);
    method();
    url(server);
    if (status > 0) {
      number("http.response.status_code", status);
    }
    string("network.protocol.version", text("protocol"));
    number("httpaudit.sequence", line.get("sequence").asLong());
    message("request");
    message("response");
    JsonNode tcp = line.get("tcp");
    if (tcp.has("rtt")) {
      millis("httpaudit.rtt_ms", tcp.get("rtt").asDouble());
    }
    number("httpaudit.zero_window", tcp.get("zero_window").asLong());
    tags.put("httpaudit.reset", "bool " + tcp.get("reset").asBoolean());
    number("httpaudit.out_of_order", 0);
    JsonNode timings = line.get("timings");
    if (server ? timings.has("read_wait") : timings.has("queue") && timings.has("lag")) {
      millis(
          "httpaudit.unseen_ms",
          server
              ? timings.path("accept_wait").asDouble(0) + timings.get("read_wait").asDouble()
              : timings.get("queue").asDouble() + timings.get("lag").asDouble());
    }
    // In no line.
    keep("httpaudit.ack_ms", "float64 ");
    keep("w3c.tracestate", "string rojo=1");
  }

  private void tls() {
    JsonNode tls = line.path("tls");
    if (tls.isMissingNode()) {
      return;
    }
    JsonNode failure = tls.path("failure");
    string("tls.protocol.name", "tls");
    string("tls.protocol.version", tls.path("version").asText(""));
    string("tls.cipher", tls.path("cipher").asText(""));
    string("tls.next_protocol", tls.path("alpn").asText(""));
    if (tls.has("resumed")) {
      tags.put("tls.resumed", "bool " + tls.get("resumed").asBoolean());
    }
    tags.put("tls.established", "bool " + failure.isMissingNode());
    for (String each : new String[] {"alert", "by", "after"}) {
      string(
          each.equals("alert") ? "httpaudit.tls.alert" : "httpaudit.tls.failed_" + each,
          failure.path(each).asText(""));
    }
  }

  private void keep(String key, String start) {
    if (shown.getOrDefault(key, "").startsWith(start)) {
      tags.put(key, shown.get(key));
    }
  }

  private void method() {
    boolean known = !text("method").equals("PURGE");
    string("http.request.method", known ? text("method") : "_OTHER");
    string("http.request.method_original", known ? "" : text("method"));
  }

  private void url(boolean server) {
    URI url = URI.create(text("url"));
    if (server) {
      string("url.scheme", url.getScheme());
      string("url.path", url.getRawPath());
      string("url.query", url.getRawQuery() == null ? "" : url.getRawQuery());
      string("client.address", host(text("peer")));
    } else {
      string("url.full", text("url"));
    }
    string("server.address", url.getHost().replaceAll("[\\[\\]]", ""));
    number("server.port", url.getPort());
  }

  private void message(String name) {
    JsonNode range = line.get(name);
    number("httpaudit." + name + ".wire_bytes", range.get("bytes").asLong());
    if (range.has("segments")) {
      number("httpaudit." + name + ".segments", range.get("segments").asLong());
      number("httpaudit." + name + ".retransmits", range.get("retransmits").asLong());
    }
  }

  private void connection() {
    common("client", text("outcome"));
    string("server.address", host(text("peer")));
    number("server.port", port(text("peer")));
  }
}
