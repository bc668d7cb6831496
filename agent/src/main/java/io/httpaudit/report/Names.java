package io.httpaudit.report;

import static io.opentelemetry.api.common.AttributeKey.booleanKey;
import static io.opentelemetry.api.common.AttributeKey.doubleKey;
import static io.opentelemetry.api.common.AttributeKey.longKey;
import static io.opentelemetry.api.common.AttributeKey.stringKey;

import io.httpaudit.correlate.Phase;
import io.opentelemetry.api.common.AttributeKey;
import java.util.EnumMap;
import java.util.Map;

/** Attributes: OpenTelemetry's stable semantic conventions for HTTP, and INTERFACE.md's table. */
final class Names {
  static final AttributeKey<String> METHOD = stringKey("http.request.method");
  static final AttributeKey<String> METHOD_ORIGINAL = stringKey("http.request.method_original");
  static final AttributeKey<Long> STATUS = longKey("http.response.status_code");
  static final AttributeKey<String> ROUTE = stringKey("http.route");
  static final AttributeKey<Long> RESEND_COUNT = longKey("http.request.resend_count");
  static final AttributeKey<String> URL_FULL = stringKey("url.full");
  static final AttributeKey<String> URL_SCHEME = stringKey("url.scheme");
  static final AttributeKey<String> URL_PATH = stringKey("url.path");
  static final AttributeKey<String> URL_QUERY = stringKey("url.query");
  static final AttributeKey<String> SERVER_ADDRESS = stringKey("server.address");
  static final AttributeKey<Long> SERVER_PORT = longKey("server.port");
  static final AttributeKey<String> CLIENT_ADDRESS = stringKey("client.address");
  static final AttributeKey<String> PEER_ADDRESS = stringKey("network.peer.address");
  static final AttributeKey<Long> PEER_PORT = longKey("network.peer.port");
  static final AttributeKey<String> PROTOCOL_VERSION = stringKey("network.protocol.version");
  static final AttributeKey<String> INTERFACE = stringKey("network.interface.name");
  static final AttributeKey<String> ERROR = stringKey("error.type");

  static final AttributeKey<String> VERDICT = stringKey("httpaudit.verdict");
  static final AttributeKey<String> WHY = stringKey("httpaudit.why");
  static final AttributeKey<Double> OTHER = doubleKey("httpaudit.other_ms");
  static final AttributeKey<Double> ACK = doubleKey("httpaudit.ack_ms");
  static final AttributeKey<Double> UNSEEN = doubleKey("httpaudit.unseen_ms");
  static final AttributeKey<Double> RTT = doubleKey("httpaudit.rtt_ms");
  static final AttributeKey<Long> CONNECTION = longKey("httpaudit.connection");
  static final AttributeKey<Long> SEQUENCE = longKey("httpaudit.sequence");
  static final AttributeKey<Long> ZERO_WINDOW = longKey("httpaudit.zero_window");
  static final AttributeKey<Boolean> RESET = booleanKey("httpaudit.reset");
  static final AttributeKey<Long> OUT_OF_ORDER = longKey("httpaudit.out_of_order");
  static final Message REQUEST = new Message("request");
  static final Message RESPONSE = new Message("response");

  private static final Map<Phase, AttributeKey<Double>> PHASES = new EnumMap<>(Phase.class);

  static {
    for (Phase phase : Phase.values()) {
      PHASES.put(phase, doubleKey("httpaudit." + phase.label() + "_ms"));
    }
  }

  private Names() {}

  static AttributeKey<Double> of(Phase phase) {
    return PHASES.get(phase);
  }

  /** The figures of one direction. */
  record Message(
      AttributeKey<Long> bytes, AttributeKey<Long> segments, AttributeKey<Long> retransmits) {
    Message(String name) {
      this(
          longKey("httpaudit." + name + ".wire_bytes"),
          longKey("httpaudit." + name + ".segments"),
          longKey("httpaudit." + name + ".retransmits"));
    }
  }
}
