package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ConsoleSpansTest {
  @Test
  void aSpanIsALine() {
    ProtoBuffer written = new ProtoBuffer(16);
    SpanMaker maker = new SpanMaker(new ConsoleSpans(written), new PhaseRule("auto", 1_000_000));
    Told told = Told.server();
    told.parent = "";
    told.verdict = Verdict.INFERRED;
    told.why = Why.TCP_INFO;
    told.segments = 0;
    told.rtt = OptionalLong.empty();
    told.phases.removeIf(timing -> timing.nanos() < 50_000_000);
    maker.exchange(told.exchange(), told.url());
    String lines = new String(written.toByteArray(), StandardCharsets.UTF_8);
    String second = lines.substring(lines.indexOf('\n'));
    int id = second.indexOf("\"span_id\":\"") + "\"span_id\":\"".length();

    assertThat(lines.lines())
        .containsExactly(
            "{\"span\":\"GET\",\"kind\":\"SERVER\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
                + "\"span_id\":\"b7ad6b7169203331\",\"start\":\"2026-11-22T10:34:24.310123Z\",\"ms\":103.3,\"status\":\"UNSET\","
                + "\"attributes\":{\"http.request.method\":\"GET\",\"url.scheme\":\"http\",\"url.path\":\"/pay\","
                + "\"url.query\":\"card=REDACTED\",\"server.address\":\"127.0.0.1\",\"server.port\":8080,"
                + "\"http.response.status_code\":200,\"network.protocol.version\":\"1.1\","
                + "\"network.peer.address\":\"127.0.0.1\",\"network.peer.port\":40022,\"network.interface.name\":\"lo\","
                + "\"client.address\":\"127.0.0.1\",\"httpaudit.verdict\":\"inferred\",\"httpaudit.why\":\"tcp_info\","
                + "\"httpaudit.read_wait_ms\":80.0,\"httpaudit.other_ms\":23.3,\"httpaudit.unseen_ms\":80.0,"
                + "\"httpaudit.request.wire_bytes\":187,\"httpaudit.response.wire_bytes\":301,"
                + "\"httpaudit.connection\":3,\"httpaudit.sequence\":0}}",
            "{\"span\":\"read_wait\",\"kind\":\"INTERNAL\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
                + "\"span_id\":\""
                + second.substring(id, id + 16)
                + "\",\"parent_span_id\":\"b7ad6b7169203331\","
                + "\"start\":\"2026-11-22T10:34:24.310223Z\",\"ms\":80.0,\"status\":\"UNSET\",\"attributes\":{}}");
  }
}
