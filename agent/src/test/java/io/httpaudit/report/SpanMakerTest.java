package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Phase;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Tls;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpanMakerTest {
  private static final long MILLI = 1_000_000;

  private final Made made = new Made("auto");

  /** A maker, and what it made. */
  private static final class Made {
    final SpanDataOut out = new SpanDataOut(Resource.empty());
    final SpanMaker maker;

    Made(String phases) {
      maker = new SpanMaker(out, new PhaseRule(phases, MILLI));
    }
  }

  private List<SpanData> spans(Told told) {
    return spans(made, told);
  }

  private static List<SpanData> spans(Made made, Told told) {
    made.maker.exchange(told.exchange(), told.url());
    return made.out.take();
  }

  private static Map<String, Object> tags(Attributes attributes) {
    Map<String, Object> tags = new TreeMap<>();
    attributes.forEach((key, value) -> tags.put(key.getKey(), value));
    return tags;
  }

  @Test
  void aServerSpanTellsTheExchangeWhole() {
    Told told = Told.server();
    told.ack = OptionalLong.of(12_345);
    SpanData span = spans(told).get(0);

    assertThat(span.getName()).isEqualTo("GET");
    assertThat(span.getKind()).isEqualTo(SpanKind.SERVER);
    assertThat(span.getTraceId()).isEqualTo(Told.TRACE);
    assertThat(span.getSpanId()).isEqualTo(Told.SPAN);
    assertThat(span.getSpanContext().isSampled()).isTrue();
    assertThat(span.getParentSpanId()).isEqualTo(Told.PARENT);
    assertThat(span.getParentSpanContext().isRemote()).isTrue();
    assertThat(span.getStartEpochNanos()).isEqualTo(Told.WALL);
    assertThat(span.getEndEpochNanos()).isEqualTo(Told.WALL + 103_300_000);
    assertThat(span.getStatus()).isEqualTo(StatusData.unset());
    assertThat(span.hasEnded()).isTrue();
    assertThat(span.getInstrumentationScopeInfo().getName()).isEqualTo("httpaudit");
    assertThat(span.getTotalAttributeCount()).isEqualTo(span.getAttributes().size());
    assertThat(tags(span.getAttributes()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("http.request.method", "GET"),
                Map.entry("url.scheme", "http"),
                Map.entry("url.path", "/pay"),
                Map.entry("url.query", "card=REDACTED"),
                Map.entry("server.address", "127.0.0.1"),
                Map.entry("server.port", 8080L),
                Map.entry("http.response.status_code", 200L),
                Map.entry("network.protocol.version", "1.1"),
                Map.entry("network.peer.address", "127.0.0.1"),
                Map.entry("network.peer.port", 40022L),
                Map.entry("network.interface.name", "lo"),
                Map.entry("client.address", "127.0.0.1"),
                Map.entry("httpaudit.verdict", "matched"),
                Map.entry("httpaudit.accept_wait_ms", 0.1),
                Map.entry("httpaudit.read_wait_ms", 80.0),
                Map.entry("httpaudit.receive_ms", 0.0),
                Map.entry("httpaudit.process_ms", 23.0),
                Map.entry("httpaudit.send_ms", 0.2),
                Map.entry("httpaudit.other_ms", 0.0),
                Map.entry("httpaudit.unseen_ms", 80.1),
                Map.entry("httpaudit.ack_ms", 0.012345),
                Map.entry("httpaudit.request.wire_bytes", 187L),
                Map.entry("httpaudit.request.segments", 1L),
                Map.entry("httpaudit.request.retransmits", 0L),
                Map.entry("httpaudit.response.wire_bytes", 301L),
                Map.entry("httpaudit.response.segments", 1L),
                Map.entry("httpaudit.response.retransmits", 0L),
                Map.entry("httpaudit.rtt_ms", 0.041),
                Map.entry("httpaudit.zero_window", 0L),
                Map.entry("httpaudit.reset", false),
                Map.entry("httpaudit.out_of_order", 0L),
                Map.entry("httpaudit.connection", 3L),
                Map.entry("httpaudit.sequence", 0L)));
  }

  @Test
  void aClientSpanTellsTheExchangeWhole() {
    Told told = Told.client();
    told.host = "shop.test";
    told.parent = "";
    SpanData span = spans(told).get(0);

    assertThat(span.getKind()).isEqualTo(SpanKind.CLIENT);
    assertThat(span.getParentSpanContext().isValid()).isFalse();
    assertThat(tags(span.getAttributes()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("http.request.method", "GET"),
                Map.entry("url.full", "http://shop.test/pay?card=REDACTED"),
                Map.entry("server.address", "shop.test"),
                Map.entry("server.port", 80L),
                Map.entry("http.response.status_code", 200L),
                Map.entry("network.protocol.version", "1.1"),
                Map.entry("network.peer.address", "127.0.0.1"),
                Map.entry("network.peer.port", 8080L),
                Map.entry("network.interface.name", "lo"),
                Map.entry("httpaudit.verdict", "matched"),
                Map.entry("httpaudit.connect_ms", 10.0),
                Map.entry("httpaudit.queue_ms", 0.5),
                Map.entry("httpaudit.send_ms", 0.5),
                Map.entry("httpaudit.wait_ms", 77.0),
                Map.entry("httpaudit.receive_ms", 0.25),
                Map.entry("httpaudit.lag_ms", 9.0),
                Map.entry("httpaudit.other_ms", 2.75),
                Map.entry("httpaudit.unseen_ms", 9.5),
                Map.entry("httpaudit.request.wire_bytes", 187L),
                Map.entry("httpaudit.request.segments", 1L),
                Map.entry("httpaudit.request.retransmits", 0L),
                Map.entry("httpaudit.response.wire_bytes", 301L),
                Map.entry("httpaudit.response.segments", 1L),
                Map.entry("httpaudit.response.retransmits", 0L),
                Map.entry("httpaudit.rtt_ms", 0.041),
                Map.entry("httpaudit.zero_window", 0L),
                Map.entry("httpaudit.reset", false),
                Map.entry("httpaudit.out_of_order", 0L),
                Map.entry("httpaudit.connection", 3L),
                Map.entry("httpaudit.sequence", 0L)));
  }

  @Test
  void aClientSpanThatCarriesAnotherTracersParentIsItsLocalChild() {
    SpanData span = spans(Told.client()).get(0);

    assertThat(span.getParentSpanId()).isEqualTo(Told.PARENT);
    assertThat(span.getParentSpanContext().isRemote()).isFalse();
  }

  @Test
  void onlyPhasesThatExplainAreDrawnByThemselves() {
    List<SpanData> spans = spans(Told.server());

    // accept_wait is too short, process explains nothing.
    assertThat(spans).extracting(SpanData::getName).containsExactly("GET", "read_wait");
    SpanData wait = spans.get(1);
    assertThat(wait.getKind()).isEqualTo(SpanKind.INTERNAL);
    assertThat(wait.getTraceId()).isEqualTo(Told.TRACE);
    assertThat(wait.getSpanId()).matches("[0-9a-f]{16}").isNotEqualTo(Told.SPAN);
    assertThat(wait.getParentSpanId()).isEqualTo(Told.SPAN);
    assertThat(wait.getParentSpanContext().isRemote()).isFalse();
    assertThat(wait.getStartEpochNanos()).isEqualTo(Told.WALL + 100_000);
    assertThat(wait.getEndEpochNanos()).isEqualTo(Told.WALL + 80_100_000);
    assertThat(wait.getAttributes().isEmpty()).isTrue();
    assertThat(wait.getStatus()).isEqualTo(StatusData.unset());
  }

  @ParameterizedTest
  @CsvSource({
    // phases, the phase's ns, its span's ns, drawn
    "auto, 1000000, 20000000, true",
    "auto,  999999, 10000000, false",
    "auto, 1000000, 20000020, false",
    "auto, 5000000, 5000000, true",
    "none, 5000000, 5000000, false",
    "all,        1, 90000000, true",
    "all,        0, 90000000, false",
  })
  void aPhaseIsDrawnFromAMillisecondAndATwentiethOfItsSpan(
      String phases, long nanos, long whole, boolean drawn) {
    Told told = new Told();
    told.end = whole;
    told.phase(Phase.READ_WAIT, 0, nanos);

    assertThat(spans(new Made(phases), told)).hasSize(drawn ? 2 : 1);
  }

  @Test
  void allDrawsEveryKnownPhaseThatHasALengthInOrder() {
    List<SpanData> server = spans(new Made("all"), Told.server());
    List<SpanData> client = spans(new Made("all"), Told.client());

    assertThat(server)
        .extracting(SpanData::getName)
        .containsExactly("GET", "accept_wait", "read_wait", "process", "send");
    assertThat(client)
        .extracting(SpanData::getName)
        .containsExactly("GET", "connect", "queue", "send", "wait", "receive", "lag");
    assertThat(server.stream().map(SpanData::getSpanId).collect(Collectors.toSet())).hasSize(5);
  }

  @ParameterizedTest
  @CsvSource({
    "SERVER, 404, '',     UNSET, ''",
    "CLIENT, 404, '',     ERROR, 404",
    "SERVER, 503, '',     ERROR, 503",
    "CLIENT, 503, '',     ERROR, 503",
    "SERVER, 399, '',     UNSET, ''",
    "SERVER, 200, closed, ERROR, closed",
    "CLIENT, 500, reset,  ERROR, reset",
    "CLIENT, 0,   timeout, ERROR, timeout",
  })
  void anErrorIsTheSidesOwn(Side side, long status, String error, String expected, String type) {
    Told told = side == Side.SERVER ? Told.server() : Told.client();
    told.status = status == 0 ? OptionalLong.empty() : OptionalLong.of(status);
    told.error = error;
    SpanData span = spans(told).get(0);

    assertThat(span.getStatus().getStatusCode()).hasToString(expected);
    assertThat(tags(span.getAttributes()).getOrDefault("error.type", "")).isEqualTo(type);
    assertThat(tags(span.getAttributes()).get("http.response.status_code"))
        .isEqualTo(status == 0 ? null : status);
  }

  @ParameterizedTest
  @CsvSource({
    "PATCH, PATCH, PATCH, ",
    "PROPFIND, HTTP, _OTHER, PROPFIND",
    "get, HTTP, _OTHER, get"
  })
  void aMethodThatTheConventionsDoNotKnowNamesNoSpan(
      String sent, String name, String method, String original) {
    Told told = Told.server();
    told.method = sent;
    SpanData span = spans(told).get(0);

    assertThat(span.getName()).isEqualTo(name);
    assertThat(tags(span.getAttributes()).get("http.request.method")).isEqualTo(method);
    assertThat(tags(span.getAttributes()).get("http.request.method_original")).isEqualTo(original);
  }

  @Test
  void whatIsNotKnownIsLeftOut() {
    Told told = new Told();
    told.verdict = Verdict.INFERRED;
    told.why = Why.NO_RIGHTS;
    told.segments = 0;
    told.interfaceName = "";
    told.rtt = OptionalLong.empty();
    told.status = OptionalLong.empty();
    told.target = "/";

    assertThat(tags(spans(told).get(0).getAttributes()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("http.request.method", "GET"),
                Map.entry("url.scheme", "http"),
                Map.entry("url.path", "/"),
                Map.entry("server.address", "127.0.0.1"),
                Map.entry("server.port", 8080L),
                Map.entry("network.protocol.version", "1.1"),
                Map.entry("network.peer.address", "127.0.0.1"),
                Map.entry("network.peer.port", 40022L),
                Map.entry("client.address", "127.0.0.1"),
                Map.entry("httpaudit.verdict", "inferred"),
                Map.entry("httpaudit.why", "no_rights"),
                Map.entry("httpaudit.request.wire_bytes", 187L),
                Map.entry("httpaudit.response.wire_bytes", 301L),
                Map.entry("httpaudit.connection", 3L),
                Map.entry("httpaudit.sequence", 0L)));
  }

  @Test
  void unseenTimeIsKnownOnlyWithAllItsTerms() {
    AttributeKey<Double> unseen = AttributeKey.doubleKey("httpaudit.unseen_ms");
    Told early = new Told().phase(Phase.READ_WAIT, 0, 2 * MILLI);
    Told noRead = new Told().phase(Phase.ACCEPT_WAIT, 0, 2 * MILLI);
    Told client = new Told().phase(Phase.QUEUE, 0, 2 * MILLI);
    client.side = Side.CLIENT;

    // Accept came first: nothing to add.
    assertThat(spans(early).get(0).getAttributes().get(unseen)).isEqualTo(2.0);
    assertThat(spans(noRead).get(0).getAttributes().get(unseen)).isNull();
    assertThat(spans(client).get(0).getAttributes().get(unseen)).isNull();
  }

  @Test
  void theParentsTracestateGoesOn() {
    Told told = Told.server();
    told.state = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
    Told broken = Told.server();
    broken.state = "no tracestate, at all";

    assertThat(spans(told).get(0).getSpanContext().getTraceState().asMap())
        .isEqualTo(Map.of("rojo", "00f067aa0ba902b7", "congo", "t61rcWkgMzE"));
    assertThat(spans(broken).get(0).getSpanContext().getTraceState().isEmpty()).isTrue();
  }

  @Test
  void aConnectionThatWasRefusedIsASpanWithItsConnect() {
    Made all = new Made("all");
    all.maker.connection(Told.refused());
    List<SpanData> spans = all.out.take();

    assertThat(spans).extracting(SpanData::getName).containsExactly("connect", "connect");
    SpanData call = spans.get(0);
    assertThat(call.getKind()).isEqualTo(SpanKind.CLIENT);
    assertThat(call.getStatus()).isEqualTo(StatusData.error());
    assertThat(call.getStartEpochNanos()).isEqualTo(Told.WALL);
    assertThat(call.getEndEpochNanos()).isEqualTo(Told.WALL + 400_000);
    assertThat(tags(call.getAttributes()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("server.address", "10.9.0.2"),
                Map.entry("server.port", 8080L),
                Map.entry("network.peer.address", "10.9.0.2"),
                Map.entry("network.peer.port", 8080L),
                Map.entry("network.interface.name", "eth0"),
                Map.entry("error.type", "refused"),
                Map.entry("httpaudit.verdict", "matched"),
                Map.entry("httpaudit.connect_ms", 0.2),
                Map.entry("httpaudit.other_ms", 0.2),
                Map.entry("httpaudit.connection", 3L)));
    assertThat(spans.get(1).getStartEpochNanos()).isEqualTo(Told.WALL + 100_000);
    assertThat(spans.get(1).getEndEpochNanos()).isEqualTo(Told.WALL + 300_000);
  }

  @Test
  void overTlsASpanTellsItsSchemeAndWhatTheHandshakeSettled() {
    Told plain = Told.client();
    Told told = Told.client().tls(Told.SETTLED);
    told.phases.add(1, new Exchange.Timing(Phase.SSL, 11_000_000, 11_500_000));
    plain.host = "shop.test";
    told.host = "shop.test";
    Map<String, Object> expected = tags(spans(plain).get(0).getAttributes());
    expected.putAll(
        Map.ofEntries(
            Map.entry("url.full", "https://shop.test/pay?card=REDACTED"),
            Map.entry("server.port", 443L),
            Map.entry("httpaudit.ssl_ms", 0.5),
            Map.entry("httpaudit.other_ms", 2.25),
            Map.entry("tls.protocol.name", "tls"),
            Map.entry("tls.protocol.version", "1.3"),
            Map.entry("tls.cipher", "TLS_AES_256_GCM_SHA384"),
            Map.entry("tls.next_protocol", "http/1.1"),
            Map.entry("tls.resumed", true),
            Map.entry("tls.established", true)));

    assertThat(tags(spans(told).get(0).getAttributes()))
        .containsExactlyInAnyOrderEntriesOf(expected);
    Told server = Told.server().tls(Told.SETTLED);
    assertThat(tags(spans(server).get(0).getAttributes()))
        .containsEntry("url.scheme", "https")
        .containsEntry("url.path", "/pay")
        .containsEntry("server.port", 8080L);
  }

  @Test
  void whatIsNotKnownOfAHandshakeIsLeftOut() {
    Tls unknown = new Tls("", "", "", "", Optional.empty(), Optional.empty());
    Map<String, Object> expected = tags(spans(Told.server()).get(0).getAttributes());
    expected.putAll(
        Map.of("url.scheme", "https", "tls.protocol.name", "tls", "tls.established", true));

    assertThat(tags(spans(Told.server().tls(unknown)).get(0).getAttributes()))
        .containsExactlyInAnyOrderEntriesOf(expected);
  }

  @ParameterizedTest
  @CsvSource({
    // phases, the handshake's ns, drawn
    "auto, 5000000, true",
    "auto, 4999999, false",
    "all, 1, true",
    "none, 5000000, false",
  })
  void aHandshakeThatExplainsIsDrawnBehindConnect(String phases, long nanos, boolean drawn) {
    Told told = Told.client().tls(Told.SETTLED);
    told.phases.add(1, new Exchange.Timing(Phase.SSL, 11_000_000, 11_000_000 + nanos));
    List<SpanData> spans = spans(new Made(phases), told);

    assertThat(spans).extracting(SpanData::getName).contains("GET");
    assertThat(spans.stream().filter(span -> span.getName().equals("ssl")).toList())
        .hasSize(drawn ? 1 : 0);
    if (drawn) {
      assertThat(spans.subList(1, 3))
          .extracting(SpanData::getName)
          .containsExactly("connect", "ssl");
      assertThat(spans.get(2).getParentSpanId()).isEqualTo(Told.SPAN);
      assertThat(spans.get(2).getStartEpochNanos()).isEqualTo(Told.WALL + 11_000_000);
      assertThat(spans.get(2).getEndEpochNanos()).isEqualTo(Told.WALL + 11_000_000 + nanos);
    }
  }

  @Test
  void aHandshakeThatFailedIsASpanWithItsConnectAndItsSsl() {
    Made all = new Made("all");
    all.maker.connection(Told.untrusted());
    List<SpanData> spans = all.out.take();

    assertThat(spans).extracting(SpanData::getName).containsExactly("connect", "connect", "ssl");
    SpanData call = spans.get(0);
    assertThat(call.getKind()).isEqualTo(SpanKind.CLIENT);
    assertThat(call.getStatus()).isEqualTo(StatusData.error());
    assertThat(call.getStartEpochNanos()).isEqualTo(Told.WALL);
    assertThat(call.getEndEpochNanos()).isEqualTo(Told.WALL + 900_000);
    assertThat(tags(call.getAttributes()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("server.address", "shop.test"),
                Map.entry("server.port", 8443L),
                Map.entry("network.peer.address", "10.9.0.2"),
                Map.entry("network.peer.port", 8443L),
                Map.entry("network.interface.name", "eth0"),
                Map.entry("error.type", "tls_failed"),
                Map.entry("httpaudit.verdict", "matched"),
                Map.entry("httpaudit.connect_ms", 0.2),
                Map.entry("httpaudit.ssl_ms", 0.5),
                Map.entry("httpaudit.other_ms", 0.2),
                Map.entry("httpaudit.connection", 3L),
                Map.entry("tls.protocol.name", "tls"),
                Map.entry("tls.protocol.version", "1.3"),
                Map.entry("tls.cipher", "TLS_AES_256_GCM_SHA384"),
                Map.entry("tls.resumed", false),
                Map.entry("tls.established", false),
                Map.entry("httpaudit.tls.alert", "certificate_unknown"),
                Map.entry("httpaudit.tls.failed_by", "local"),
                Map.entry("httpaudit.tls.failed_after", "server_hello")));
    assertThat(spans.get(2).getKind()).isEqualTo(SpanKind.INTERNAL);
    assertThat(spans.get(2).getParentSpanId()).isEqualTo(Told.SPAN);
    assertThat(spans.get(2).getStartEpochNanos()).isEqualTo(Told.WALL + 350_000);
    assertThat(spans.get(2).getEndEpochNanos()).isEqualTo(Told.WALL + 850_000);
  }

  /** Nor is what a failed handshake left unknown, and its peer's address stands for a name. */
  @Test
  void whatIsNotKnownOfAFailureIsLeftOut() {
    made.maker.connection(Told.failed(new Tls.Failure("", "", "")));

    assertThat(tags(made.out.take().get(0).getAttributes()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("server.address", "10.9.0.2"),
                Map.entry("server.port", 8443L),
                Map.entry("network.peer.address", "10.9.0.2"),
                Map.entry("network.peer.port", 8443L),
                Map.entry("network.interface.name", "eth0"),
                Map.entry("error.type", "tls_failed"),
                Map.entry("httpaudit.verdict", "matched"),
                Map.entry("httpaudit.connect_ms", 0.2),
                Map.entry("httpaudit.ssl_ms", 0.5),
                Map.entry("httpaudit.other_ms", 0.2),
                Map.entry("httpaudit.connection", 3L),
                Map.entry("tls.protocol.name", "tls"),
                Map.entry("tls.established", false)));
  }

  @Test
  void takingLeavesNothingBehind() {
    assertThat(spans(Told.server())).hasSize(2);
    assertThat(made.out.take()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "shop.test, shop.test, -1",
    "shop.test:8080, shop.test, 8080",
    "'[::1]:8080', ::1, 8080",
    "'[::1]', ::1, -1",
    "REDACTED@shop.test:1, shop.test, 1",
    "shop.test:, shop.test, -1",
    "shop.test:http, shop.test, -1",
    "shop.test:65536, shop.test, -1",
    "'', '', -1",
  })
  void hostAndPortOfAnAuthority(String text, String host, int port) {
    assertThat(Authority.of(text)).isEqualTo(new Authority(host, port));
  }
}
