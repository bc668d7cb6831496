package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.tls.Providers;
import io.httpaudit.load.tls.Unread;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * TLS by engines that are not the JDK's: Netty's on BoringSSL, and Conscrypt's; each is a server of
 * the JDK's engine, and a client of it. What an engine did is told by its own hooks: so what one
 * end says of an exchange is checked by what the other end, another engine, says of the same bytes.
 */
@Tag("abreast")
class ProvidersIT {
  private static final int EXCHANGES = 1_024 * Integer.getInteger("volume", 1);

  @TempDir Path folder;

  @BeforeAll
  static void rights() {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root: a packet filter");
  }

  /** Both ends of one exchange, as each says it: positions and lengths in TCP's streams. */
  private record Ranges(
      String url, long request, long requestBytes, long response, long responseBytes) {
    static Ranges of(JsonNode line) {
      return new Ranges(
          line.get("url").asText(),
          line.get("request").get("offset").asLong(),
          line.get("request").get("bytes").asLong(),
          line.get("response").get("offset").asLong(),
          line.get("response").get("bytes").asLong());
    }
  }

  @ParameterizedTest
  @MethodSource("io.httpaudit.it.Jdk#all")
  void bothEndsSayTheSameOfEachExchange(Jdk jdk) {
    Jvm jvm =
        Jvm.of(Providers.class)
            .jdk(jdk)
            .log(folder.resolve("audit.jsonl"))
            .arguments(Keystore.in(folder), EXCHANGES)
            .run();
    List<JsonNode> lines = jvm.lines("exchange");
    List<String> pairs = jvm.stdout().lines().filter(line -> line.startsWith("pair ")).toList();
    assertThat(pairs).hasSize(8);
    for (String pair : pairs) {
      String[] words = pair.split(" ");
      check(jdk, words, lines.stream().filter(line -> isAt(line, ":" + words[4])).toList());
    }
    assertThat(lines).hasSize(2 * EXCHANGES * pairs.size());
    assertThat(jvm.lines("connection")).isEmpty();
  }

  /** What nobody reads is told as that: a connection of which not even the messages are known. */
  @ParameterizedTest
  @MethodSource("io.httpaudit.it.Jdk#all")
  void ofAnEngineThatIsNotReadNoExchangeIsToldAndNoneIsGuessed(Jdk jdk) {
    Jvm jvm =
        Jvm.of(Unread.class)
            .jdk(jdk)
            .log(folder.resolve("audit.jsonl"))
            .arguments(Keystore.in(folder))
            .run();

    assertThat(jvm.stdout()).contains("done");
    assertThat(jvm.lines("exchange")).isEmpty();
    assertThat(jvm.lines("connection"))
        .hasSize(6)
        .allSatisfy(
            line -> {
              assertThat(line.get("outcome").asText()).isEqualTo("upgraded");
              assertThat(line.get("verdict").asText()).isEqualTo("inferred");
              assertThat(line.get("why").asText()).isEqualTo("boundary_unknown");
              assertThat(line.get("tls").get("version").asText()).isEqualTo("1.3");
              assertThat(line.get("tls").has("failure")).isFalse();
            });
  }

  private static boolean isAt(JsonNode line, String port) {
    boolean server = line.get("side").asText().equals("server");
    return line.get(server ? "local" : "peer").asText().endsWith(port);
  }

  private static void check(Jdk jdk, String[] pair, List<JsonNode> lines) {
    Map<String, List<Ranges>> ends = new HashMap<>();
    long matched = 0;
    for (JsonNode line : lines) {
      boolean server = line.get("side").asText().equals("server");
      matched += line.get("verdict").asText().equals("matched") ? 1 : 0;
      assertThat(line.get("tls").get("version").asText()).isEqualTo(pair[3].substring(4));
      ends.computeIfAbsent(
              line.get(server ? "peer" : "local").asText() + " " + line.get("sequence").asLong(),
              key -> new ArrayList<>())
          .add(Ranges.of(line));
    }
    long differ =
        ends.values().stream()
            .filter(both -> both.size() != 2 || !both.get(0).equals(both.get(1)))
            .count();
    System.out.printf(
        "%s, %s: server %s, client %s: %d exchanges, %d of %d lines matched, %d told otherwise by the two ends%n",
        jdk, pair[3], pair[1], pair[2], ends.size(), matched, lines.size(), differ);
    assertThat(lines).hasSize(2 * EXCHANGES);
    assertThat(matched).isEqualTo(lines.size());
    assertThat(differ).isZero();
  }
}
