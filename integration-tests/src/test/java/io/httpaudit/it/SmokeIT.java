package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.HttpServerAndClients;
import java.nio.file.Path;
import java.util.List;
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

    assertThat(jvm.lines("exchange")).hasSize(20).allSatisfy(SmokeIT::isMatched);
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

  private static void isMatched(JsonNode line) {
    assertThat(line.get("verdict").asText()).isEqualTo("matched");
    assertThat(line.get("request").get("retransmits").asLong()).isZero();
    assertThat(line.get("tcp").get("rtt").asDouble()).isPositive();
  }
}
