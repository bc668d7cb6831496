package io.httpaudit.report;

import static io.httpaudit.report.Key.booleanKey;
import static io.httpaudit.report.Key.doubleKey;
import static io.httpaudit.report.Key.longKey;
import static io.httpaudit.report.Key.stringKey;

import io.httpaudit.correlate.Phase;
import java.util.EnumMap;
import java.util.Map;

/** Attributes: OpenTelemetry's stable semantic conventions for HTTP, and INTERFACE.md's table. */
final class Names {
  static final Key<String> METHOD = stringKey("http.request.method");
  static final Key<String> METHOD_ORIGINAL = stringKey("http.request.method_original");
  static final Key<Long> STATUS = longKey("http.response.status_code");
  static final Key<String> ROUTE = stringKey("http.route");
  static final Key<Long> RESEND_COUNT = longKey("http.request.resend_count");
  static final Key<String> URL_FULL = stringKey("url.full");
  static final Key<String> URL_SCHEME = stringKey("url.scheme");
  static final Key<String> URL_PATH = stringKey("url.path");
  static final Key<String> URL_QUERY = stringKey("url.query");
  static final Key<String> SERVER_ADDRESS = stringKey("server.address");
  static final Key<Long> SERVER_PORT = longKey("server.port");
  static final Key<String> CLIENT_ADDRESS = stringKey("client.address");
  static final Key<String> PEER_ADDRESS = stringKey("network.peer.address");
  static final Key<Long> PEER_PORT = longKey("network.peer.port");
  static final Key<String> PROTOCOL_VERSION = stringKey("network.protocol.version");
  static final Key<String> INTERFACE = stringKey("network.interface.name");
  static final Key<String> ERROR = stringKey("error.type");
  static final Key<String> TLS_PROTOCOL = stringKey("tls.protocol.name");
  static final Key<String> TLS_VERSION = stringKey("tls.protocol.version");
  static final Key<String> TLS_CIPHER = stringKey("tls.cipher");
  static final Key<String> TLS_NEXT_PROTOCOL = stringKey("tls.next_protocol");
  static final Key<Boolean> TLS_RESUMED = booleanKey("tls.resumed");
  static final Key<Boolean> TLS_ESTABLISHED = booleanKey("tls.established");

  static final Key<String> VERDICT = stringKey("httpaudit.verdict");
  static final Key<String> WHY = stringKey("httpaudit.why");
  static final Key<Double> OTHER = doubleKey("httpaudit.other_ms");
  static final Key<Double> ACK = doubleKey("httpaudit.ack_ms");
  static final Key<Double> UNSEEN = doubleKey("httpaudit.unseen_ms");
  static final Key<Double> RTT = doubleKey("httpaudit.rtt_ms");
  static final Key<Long> CONNECTION = longKey("httpaudit.connection");
  static final Key<Long> SEQUENCE = longKey("httpaudit.sequence");
  static final Key<Long> ZERO_WINDOW = longKey("httpaudit.zero_window");
  static final Key<Boolean> RESET = booleanKey("httpaudit.reset");
  static final Key<String> TLS_ALERT = stringKey("httpaudit.tls.alert");
  static final Key<String> TLS_FAILED_BY = stringKey("httpaudit.tls.failed_by");
  static final Key<String> TLS_FAILED_AFTER = stringKey("httpaudit.tls.failed_after");
  static final Key<Long> OUT_OF_ORDER = longKey("httpaudit.out_of_order");
  static final Message REQUEST = new Message("request");
  static final Message RESPONSE = new Message("response");

  private static final Map<Phase, Key<Double>> PHASES = new EnumMap<>(Phase.class);

  static {
    for (Phase phase : Phase.values()) {
      PHASES.put(phase, doubleKey("httpaudit." + phase.label() + "_ms"));
    }
  }

  private Names() {}

  static Key<Double> of(Phase phase) {
    return PHASES.get(phase);
  }

  /** The figures of one direction. */
  record Message(Key<Long> bytes, Key<Long> segments, Key<Long> retransmits) {
    Message(String name) {
      this(
          longKey("httpaudit." + name + ".wire_bytes"),
          longKey("httpaudit." + name + ".segments"),
          longKey("httpaudit." + name + ".retransmits"));
    }
  }
}
