package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.Connections;
import io.httpaudit.load.Reuse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What never became an exchange has exactly one line an end, with the outcome that the caller met.
 */
class ConnectionsIT {
  private static final String SILENT = "10.77.3.9";

  @TempDir Path folder;

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void eachWayToConnectTellsHowItWent(Jdk jdk) {
    assumeTrue(
        System.getProperty("user.name").equals("root"),
        "not root: no network namespace for a peer that never answers");
    try (Namespaces namespaces = new Namespaces()) {
      Namespaces.Host host = namespaces.host();
      Namespaces.Host other = namespaces.host();
      namespaces.join(
          host,
          "eth0",
          "10.77.3.1/24",
          "fd77:3::1/64",
          other,
          "eth0",
          "10.77.3.2/24",
          "fd77:3::2/64");
      // A neighbour that isn't there: what is sent to it is heard by nobody.
      host.run("ip", "neigh", "add", SILENT, "lladdr", "02:00:00:00:00:09", "dev", "eth0");
      host.run("sysctl", "-q", "-w", "net.ipv4.tcp_syn_retries=1");
      Path capture = folder.resolve("syns.pcap");
      Jvm jvm;
      try (Tcpdump tcpdump = new Tcpdump(host, "eth0", "tcp", capture)) {
        jvm =
            Jvm.of(Connections.class)
                .jdk(jdk)
                .in(host)
                .log(folder.resolve("audit.jsonl"))
                .arguments(SILENT)
                .options(
                    // The JDK's own classes are not verified by default on 17: what was woven into
                    // them is here.
                    "-XX:+UnlockDiagnosticVMOptions",
                    "-XX:+BytecodeVerificationLocal",
                    // Else it would try again what was refused.
                    "-Djdk.httpclient.disableRetryConnect=true")
                .run();
        tcpdump.stop();
      }

      List<String> expected = new ArrayList<>();
      for (String attempt : jvm.stdout().split("\n")) {
        String outcome = attempt.substring(0, attempt.indexOf(' '));
        String port = attempt.substring(attempt.indexOf(' ') + 1);
        if (outcome.equals("none")) {
          continue;
        }
        expected.add("client " + outcome + " " + port + " matched");
        if (outcome.equals("closed_idle") || outcome.equals("reset")) {
          expected.add("server " + outcome + " " + port + " matched");
        }
      }
      List<JsonNode> lines = jvm.lines("connection");
      assertThat(lines.stream().map(ConnectionsIT::summary))
          .describedAs("%s", lines)
          .containsExactlyInAnyOrderElementsOf(expected);
      assertThat(jvm.lines("exchange")).isEmpty();
      String syns =
          Command.run("tcpdump", "-n", "-r", capture.toString(), "tcp[tcpflags] & tcp-syn != 0");
      assertThat(lines).allSatisfy(line -> holdsTogether(line, syns));
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void aNumberThatIsUsedAgainIsAnotherConnections(Jdk jdk) {
    int count = 800 * Integer.getInteger("volume", 1);
    Jvm jvm =
        Jvm.of(Reuse.class).jdk(jdk).log(folder.resolve("audit.jsonl")).arguments(count).run();

    List<String> expected = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      expected.add("client /" + i + " matched 0 0 40");
      expected.add("server /" + i + " matched 0 0 40");
    }
    List<JsonNode> lines = jvm.lines("exchange");
    assertThat(lines.stream().map(ConnectionsIT::exchange))
        .containsExactlyInAnyOrderElementsOf(expected);
    assertThat(lines.stream().map(line -> line.get("connection").asLong())).doesNotHaveDuplicates();
    assertThat(jvm.lines("connection")).isEmpty();
  }

  private static String exchange(JsonNode line) {
    String url = line.get("url").asText();
    return line.get("side").asText()
        + url.substring(url.lastIndexOf('/') - 1).replaceFirst(".", " ")
        + " "
        + line.get("verdict").asText()
        + " "
        + line.get("request").get("offset").asLong()
        + " "
        + line.get("response").get("offset").asLong()
        + " "
        + line.get("response").get("bytes").asLong();
  }

  private static String summary(JsonNode line) {
    boolean client = line.get("side").asText().equals("client");
    String end = line.get(client ? "peer" : "local").asText();
    return (client ? "client " : "server ")
        + line.get("outcome").asText()
        + " "
        + end.substring(end.lastIndexOf(':') + 1)
        + " "
        + line.get("verdict").asText();
  }

  private static void holdsTogether(JsonNode line, String syns) {
    String outcome = line.get("outcome").asText();
    assertThat(line.get("interface").asText()).isEqualTo(outcome.equals("timeout") ? "eth0" : "lo");
    assertThat(line.get("in").get("bytes").asLong()).isZero();
    assertThat(line.get("out").get("bytes").asLong()).isZero();
    if (outcome.equals("timeout")) {
      double connect = line.get("timings").get("connect").asDouble();
      // 300 ms of the caller's, or 1 s and 2 s of the kernel's.
      assertThat(connect)
          .satisfiesAnyOf(
              ms -> assertThat(ms).isBetween(250.0, 1_000.0),
              ms -> assertThat(ms).isBetween(2_500.0, 6_000.0));
      String to = " > " + line.get("peer").asText().replace(':', '.') + ":";
      assertThat(line.get("syns").asLong())
          .isEqualTo(syns.lines().filter(packet -> packet.contains(to)).count())
          .isPositive();
    } else {
      assertThat(line.get("syns").asInt()).isEqualTo(1);
    }
  }
}
