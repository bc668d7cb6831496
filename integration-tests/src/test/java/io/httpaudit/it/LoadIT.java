package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.Load;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The load itself, without an oracle: it does what it says, and the log has each exchange that both
 * ends saw from both.
 */
class LoadIT {
  /**
   * Of a target whose request and answer both ends saw whole, and which is framed: see {@code
   * Script}.
   */
  private static final Pattern WHOLE = Pattern.compile("/x([0-9]+)(?:/.*)?$");

  private static final Pattern STATUS = Pattern.compile("/status=([0-9]+)");

  @TempDir Path folder;

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void eachExchangeThatBothEndsSawHasALineFromBoth(Jdk jdk) {
    Jvm jvm =
        Jvm.of(Load.class)
            .jdk(jdk)
            .log(folder.resolve("audit.jsonl"))
            .arguments("role=both", "exchanges=500", "seed=" + jdk.feature())
            .run();

    Map<String, Long> done = counts(jvm.stdout());
    Map<Long, List<JsonNode>> whole =
        jvm.lines("exchange").stream()
            .filter(line -> WHOLE.matcher(line.get("url").asText()).find())
            .collect(Collectors.groupingBy(LoadIT::id, TreeMap::new, Collectors.toList()));

    assertThat(whole).hasSize(done.get("whole").intValue());
    assertThat(whole.values()).allSatisfy(LoadIT::isOneExchangeFromBothEnds);
    assertThat(jvm.lines("exchange"))
        .noneMatch(line -> line.get("verdict").asText().equals("app_only"));
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void serversAndClientsInTwoJvmsSeeTheSame(Jdk jdk) {
    Path servers = folder.resolve("servers.jsonl");
    Path clients = folder.resolve("clients.jsonl");
    Map<String, Long> done;
    try (Jvm server =
        Jvm.of(Load.class).jdk(jdk).log(servers).arguments("role=server", "bind=::1").start()) {
      String ports = server.awaitLine("ready ");
      Jvm client =
          Jvm.of(Load.class)
              .jdk(jdk)
              .log(clients)
              .arguments(
                  "role=client",
                  "target=::1",
                  "servers=" + ports,
                  "exchanges=300",
                  "seed=" + jdk.feature())
              .run();
      done = counts(client.stdout());
      server.say("end");
      assertThat(server.await()).isZero();
    }

    Map<Long, JsonNode> ofServers = byId(servers);
    Map<Long, JsonNode> ofClients = byId(clients);

    assertThat(ofClients).hasSize(done.get("whole").intValue());
    assertThat(ofServers.keySet()).isEqualTo(ofClients.keySet());
    ofServers.forEach((id, line) -> isOneExchangeFromBothEnds(List.of(ofClients.get(id), line)));
  }

  private static Map<Long, JsonNode> byId(Path log) {
    return Jvm.lines(log).stream()
        .filter(line -> line.get("type").asText().equals("exchange"))
        .filter(line -> WHOLE.matcher(line.get("url").asText()).find())
        .collect(Collectors.toMap(LoadIT::id, line -> line));
  }

  /** {@code done exchanges=… whole=…}. */
  private static Map<String, Long> counts(String output) {
    String last = output.lines().filter(line -> line.startsWith("done ")).findFirst().orElseThrow();
    return Arrays.stream(last.split(" "))
        .skip(1)
        .map(pair -> pair.split("="))
        .collect(Collectors.toMap(pair -> pair[0], pair -> Long.parseLong(pair[1])));
  }

  private static long id(JsonNode line) {
    Matcher matcher = WHOLE.matcher(line.get("url").asText());
    matcher.find();
    return Long.parseLong(matcher.group(1));
  }

  private static void isOneExchangeFromBothEnds(List<JsonNode> lines) {
    assertThat(lines)
        .extracting(line -> line.get("side").asText())
        .containsExactlyInAnyOrder("client", "server");
    Matcher status = STATUS.matcher(lines.get(0).get("url").asText());
    int expected = status.find() ? Integer.parseInt(status.group(1)) : 200;
    assertThat(lines)
        .allSatisfy(
            line -> {
              assertThat(line.get("verdict").asText()).isEqualTo("matched");
              assertThat(line.get("status").asInt()).isEqualTo(expected);
              assertThat(line.has("error")).isFalse();
            });
    JsonNode one = lines.get(0);
    JsonNode other = lines.get(1);
    assertThat(one.get("method")).isEqualTo(other.get("method"));
    assertThat(one.get("local")).isEqualTo(other.get("peer"));
    for (String range : List.of("request", "response")) {
      assertThat(one.get(range).get("offset")).isEqualTo(other.get(range).get("offset"));
      assertThat(one.get(range).get("bytes")).isEqualTo(other.get(range).get("bytes"));
    }
  }
}
