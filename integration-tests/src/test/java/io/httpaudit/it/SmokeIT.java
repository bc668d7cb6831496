package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.HttpServerAndClients;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SmokeIT {
  @TempDir Path folder;

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void bothEndsOfEachExchangeHaveALine(Jdk jdk) {
    Jvm jvm =
        Jvm.of(HttpServerAndClients.class)
            .jdk(jdk)
            .log(folder.resolve("audit.jsonl"))
            .arguments(5)
            .run();

    List<JsonNode> lines = jvm.lines("exchange");
    assertThat(lines).hasSize(20).allSatisfy(SmokeIT::isMatched);
    assertThat(wire(lines, "server")).hasSize(10).isEqualTo(wire(lines, "client"));
    assertThat(jvm.stderr().lines().toList())
        .hasSize(2)
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .matches(
                        "httpaudit [0-9.]+: auditing pid "
                            + jvm.pid()
                            + "( on lo|, no interface yet); tier 1 \\(kernel filter\\); .*"),
            last ->
                assertThat(last)
                    .isEqualTo(
                        "httpaudit: 20 exchanges: 20 matched, 0 inferred, 0 app_only, 0 wire_only; 0 packet records lost"));
  }

  /**
   * What of each exchange both ends must say alike, the packets being the same; a machine that
   * stalls sends some of them again, on the loopback interface, too.
   */
  private static Map<String, List<JsonNode>> wire(List<JsonNode> lines, String side) {
    return lines.stream()
        .filter(line -> line.get("side").asText().equals(side))
        .collect(
            Collectors.toMap(
                line -> line.get("trace_id").asText(),
                line ->
                    Stream.of("request", "response")
                        .map(line::get)
                        .flatMap(SmokeIT::packets)
                        .toList()));
  }

  private static Stream<JsonNode> packets(JsonNode range) {
    return Stream.of("offset", "bytes", "segments", "retransmits").map(range::get);
  }

  private static void isMatched(JsonNode line) {
    assertThat(line.get("verdict").asText()).isEqualTo("matched");
    assertThat(line.get("tcp").get("rtt").asDouble()).isPositive();
  }
}
