package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.failing.FailingClient;
import io.httpaudit.load.failing.FailingServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each way in which a TLS handshake fails has one line, with whose fault it was; the oracle is what
 * OpenSSL at the other end says that it sent and received.
 */
class TlsFailuresIT {
  private static final List<String> CASES =
      List.of(
          "untrusted-1.2",
          "untrusted-1.3",
          "expired-1.2",
          "expired-1.3",
          "name-1.3",
          "version-old",
          "version-new",
          "cipher",
          "client-none-1.2",
          "client-none-1.3",
          "client-stranger-1.2",
          "client-stranger-1.3",
          "plain",
          "close-hello",
          "close-server-hello-1.2",
          "close-server-hello-1.3",
          "reset-hello",
          "reset-server-hello-1.2",
          "reset-server-hello-1.3",
          "garbage");

  @TempDir static Path keys;
  @TempDir Path folder;

  record On(Jdk jdk, String kind) {
    @Override
    public String toString() {
      return kind + " on " + jdk;
    }
  }

  @BeforeAll
  static void certificates() {
    assumeTrue(Command.exists("openssl"), "needs openssl, for certificates");
    assumeTrue(Command.exists("python3"), "needs python3, whose ssl is the other end");
    Certificates.in(keys)
        .signed("server", "ca", "DNS:localhost,IP:127.0.0.1", 2)
        .signed("expired", "ca", "DNS:localhost,IP:127.0.0.1", -1)
        .signed("other", "ca", "DNS:other.test", 2)
        .signed("stranger-server", "stranger", "DNS:localhost", 2)
        .signed("stranger-client", "stranger", "DNS:client", 2);
  }

  private static Stream<On> on(String... kinds) {
    return Jdk.all().stream().flatMap(jdk -> Stream.of(kinds).map(kind -> new On(jdk, kind)));
  }

  static Stream<On> clients() {
    return on("url", "http", "socket");
  }

  static Stream<On> servers() {
    return on("engine", "socket");
  }

  @ParameterizedTest
  @MethodSource("clients")
  void aClientsLineSaysWhoEndedTheHandshakeAndHow(On on) throws IOException {
    List<String> cases = new ArrayList<>(CASES);
    cases.addAll(List.of("silent", "corrupt-1.3", "close-first"));
    switch (on.kind()) {
      case "url" -> cases.addAll(List.of("verifier", "ok"));
      case "http" -> cases.add("ok");
      default -> cases.add("idle");
    }
    Jvm jvm;
    Map<String, JsonNode> told;
    try (TlsPeer peer = new TlsPeer("serve", keys, cases)) {
      List<Object> words = new ArrayList<>(List.of(keys, on.kind()));
      words.addAll(peer.ports());
      jvm =
          Jvm.of(FailingClient.class)
              .jdk(on.jdk())
              .log(folder.resolve("audit.jsonl"))
              .variable("OTEL_TRACES_EXPORTER", "console")
              .arguments(words.toArray())
              .run();
      told = peer.told();
    }

    Map<String, String> words =
        jvm.stdout()
            .lines()
            .filter(line -> !line.startsWith("{"))
            .collect(Collectors.toMap(line -> line.substring(0, line.indexOf(' ')), l -> l));
    assertThat(words.keySet()).containsExactlyInAnyOrderElementsOf(cases);
    List<JsonNode> lines = jvm.lines().stream().filter(line -> line.has("local")).toList();
    check(
        lines,
        told,
        (line, of) -> {
          String said = words.get(of.get("case").asText());
          new FailureCheck(true, on.kind(), line, of, said).holds();
        });
    spans(jvm, lines);
  }

  @ParameterizedTest
  @MethodSource("servers")
  void aServersLineSaysWhoEndedTheHandshakeAndHow(On on) {
    List<String> cases = new ArrayList<>(CASES);
    cases.addAll(List.of("alpn", "idle", "ok"));
    if (on.kind().equals("socket")) {
      cases.add("silent");
    }
    List<Object> words = new ArrayList<>(List.of(keys, on.kind()));
    words.addAll(cases);
    try (Jvm jvm =
        Jvm.of(FailingServer.class)
            .jdk(on.jdk())
            .log(folder.resolve("audit.jsonl"))
            .arguments(words.toArray())
            .start()) {
      jvm.awaitLine("ready");
      List<String> ports =
          jvm.stdoutSoFar()
              .lines()
              .filter(line -> cases.contains(line.split(" ")[0]))
              .map(line -> line.replace(' ', ':'))
              .toList();
      Map<String, JsonNode> told;
      try (TlsPeer peer = new TlsPeer("call", keys, ports)) {
        told = peer.told();
      }
      jvm.closeInput();
      assertThat(jvm.await()).isZero();

      assertThat(told).hasSameSizeAs(cases);
      List<JsonNode> lines = jvm.lines().stream().filter(line -> line.has("local")).toList();
      check(lines, told, (line, of) -> new FailureCheck(false, on.kind(), line, of, "").holds());
    }
  }

  private interface Check {
    void hold(JsonNode line, JsonNode told);
  }

  /** Each connection has one line. */
  private static void check(List<JsonNode> lines, Map<String, JsonNode> told, Check check) {
    assertThat(lines.stream().map(TlsPeer::ports))
        .describedAs("%s\n%s", lines, told)
        .containsExactlyInAnyOrderElementsOf(told.keySet());
    List<String> wrong = new ArrayList<>();
    for (JsonNode line : lines) {
      JsonNode of = told.get(TlsPeer.ports(line));
      try {
        check.hold(line, of);
      } catch (AssertionError e) {
        wrong.add(line + "\n" + of + "\n" + e.getMessage() + "\n");
      }
    }
    assertThat(wrong).isEmpty();
  }

  /** What failed is a CLIENT span that says why; what carried nothing is none. */
  private static void spans(Jvm jvm, List<JsonNode> lines) {
    List<String> spans = new ArrayList<>();
    for (JsonNode span : jvm.spans()) {
      if (span.get("kind").asText().equals("CLIENT")) {
        JsonNode attributes = span.get("attributes");
        spans.add(
            span.get("span_id").asText()
                + " "
                + attributes.path("error.type").asText()
                + " "
                + attributes.path("httpaudit.tls.alert").asText());
      }
    }
    List<String> expected = new ArrayList<>();
    for (JsonNode line : lines) {
      boolean failed = line.path("outcome").asText().equals("tls_failed");
      if (failed || line.get("type").asText().equals("exchange")) {
        expected.add(
            line.get("span_id").asText()
                + " "
                + (failed ? "tls_failed" : line.path("error").asText())
                + " "
                + line.path("tls").path("failure").path("alert").asText());
      }
    }
    assertThat(spans).containsExactlyInAnyOrderElementsOf(expected).doesNotHaveDuplicates();
  }
}
