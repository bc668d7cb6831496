package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ConsoleExporterTest {
  @Test
  void aSpanIsALine() {
    SpanDataOut out = new SpanDataOut(Resource.empty());
    SpanMaker maker = new SpanMaker(out, new PhaseRule("auto", 1_000_000));
    Told told = Told.server();
    told.parent = "";
    told.verdict = Verdict.INFERRED;
    told.why = Why.TCP_INFO;
    told.segments = 0;
    told.rtt = OptionalLong.empty();
    told.phases.removeIf(timing -> timing.nanos() < 50_000_000);
    maker.exchange(told.exchange(), told.url());
    List<SpanData> spans = out.take();
    ByteArrayOutputStream written = new ByteArrayOutputStream();

    assertThat(new ConsoleExporter(written).export(spans).isSuccess()).isTrue();
    assertThat(written.toString(StandardCharsets.UTF_8).lines())
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
                + spans.get(1).getSpanId()
                + "\",\"parent_span_id\":\"b7ad6b7169203331\","
                + "\"start\":\"2026-11-22T10:34:24.310223Z\",\"ms\":80.0,\"status\":\"UNSET\",\"attributes\":{}}");
  }
}
