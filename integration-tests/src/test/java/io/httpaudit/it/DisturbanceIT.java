package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.it.oracle.Capture;
import io.httpaudit.it.oracle.Comparison;
import io.httpaudit.it.oracle.Side;
import io.httpaudit.it.oracle.Tally;
import io.httpaudit.load.TroubleClient;
import io.httpaudit.load.TroubleServer;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Networks, firewalls and peers that disturb; both ends under the agent, and captured at both ends.
 */
@Tag("abreast")
class DisturbanceIT {
  private static final int VOLUME = Integer.getInteger("volume", 1);

  @TempDir Path folder;

  @BeforeAll
  static void needs() {
    assumeTrue(
        "root".equals(System.getProperty("user.name")),
        "needs root: a packet filter and network namespaces");
    for (String program : List.of("nft", "tc", "tcpdump", "tshark")) {
      assumeTrue(Command.exists(program), "needs " + program);
    }
  }

  @ParameterizedTest(name = "over IPv6, one segment a packet: {0}")
  @ValueSource(booleans = {true, false})
  void onePercentLossAndReordering(boolean single) {
    try (RoutedPath path = new RoutedPath()) {
      if (single) {
        path.withoutSegmentationOffload();
      }
      path.reorders(20);
      RoutedPath.rule(path.middle, "forward", "meta l4proto tcp numgen random mod 100 == 0 drop");
      Run run =
          new Run(path, "loss and reordering" + (single ? ", IPv6" : ", large packets"), single);
      run.call("bulk", 120 * VOLUME);
      assertThat(run.judge().retransmits()).as("something was lost").isPositive();
      run.explainRetransmissions(true);
    }
  }

  @Test
  void inputRulesThatDrop() {
    try (RoutedPath path = new RoutedPath()) {
      path.withoutSegmentationOffload();
      for (Namespaces.Host host : List.of(path.client, path.server)) {
        RoutedPath.rule(host, "input", "meta l4proto tcp numgen random mod 100 < 2 drop");
      }
      Run run = new Run(path, "input rules", false);
      run.call("bulk", 80 * VOLUME);
      assertThat(run.judge().retransmits()).as("something was dropped").isPositive();
      run.explainRetransmissions(true);
    }
  }

  @Test
  void outputRulesThatDrop() {
    try (RoutedPath path = new RoutedPath()) {
      for (Namespaces.Host host : List.of(path.client, path.server)) {
        RoutedPath.rule(host, "output", "meta l4proto tcp numgen random mod 100 < 2 drop");
      }
      Run run = new Run(path, "output rules", false);
      run.call("bulk", 80 * VOLUME);
      run.judge();
      // What an output rule drops never was on the wire: the kernel counts that it sent it again,
      // and the wire shows it once.
      run.explainRetransmissions(false);
    }
  }

  @Test
  void connectionsCutByResetsAtRandomPoints() {
    try (RoutedPath path = new RoutedPath()) {
      Run run = new Run(path, "resets", false);
      run.call("cut", 300 * VOLUME);
      run.judge();
    }
  }

  @Test
  void resetsByAMiddlebox() {
    try (RoutedPath path = new RoutedPath()) {
      path.withoutSegmentationOffload();
      RoutedPath.rule(
          path.middle,
          "forward",
          "meta length > 200 meta l4proto tcp numgen random mod 400 == 0 reject with tcp reset");
      Run run = new Run(path, "resets by a middlebox", false);
      // The end that the middlebox did not tell waits for six seconds.
      run.call("cut", 100 * VOLUME, 7_000);
      run.judge();
    }
  }

  @Test
  void handshakesSentAgain() {
    try (RoutedPath path = new RoutedPath()) {
      RoutedPath.rule(
          path.middle, "forward", "tcp flags & (syn|ack) == syn numgen random mod 100 < 20 drop");
      RoutedPath.rule(
          path.middle,
          "forward",
          "tcp flags & (syn|ack) == (syn|ack) numgen random mod 100 < 20 drop");
      Run run = new Run(path, "SYN and SYN-ACK lost", false);
      run.call("short", 40 * VOLUME);
      run.judge();
      run.explainRetransmissions(true);
      assertThat(run.lines("client"))
          .anySatisfy(line -> assertThat(line.get("tcp").has("rtt")).isFalse());
      assertThat(run.lines("client"))
          .anySatisfy(line -> assertThat(line.get("tcp").has("rtt")).isTrue());
    }
  }

  @Test
  void readersThatStop() {
    try (RoutedPath path = new RoutedPath()) {
      Run run = new Run(path, "closed windows", false);
      run.call("stop", 4);
      run.judge();
      assertThat(run.lines("client"))
          .filteredOn(line -> line.get("tcp").get("zero_window").asInt() > 0)
          .isNotEmpty();
    }
  }

  @Test
  void peersThatAreAskedWhetherTheyLive() {
    try (RoutedPath path = new RoutedPath()) {
      Run run = new Run(path, "keep-alive probes", false);
      run.call("idle", 8);
      assertThat(run.judge().retransmits()).isZero();
    }
  }

  @Test
  void portsUsedAgainWithinSeconds() {
    try (RoutedPath path = new RoutedPath()) {
      Run run = new Run(path, "port reuse", false);
      run.call("reuse-later", 24 * VOLUME);
      run.judge();
    }
  }

  /** A server and clients under the agent, at the ends of a path, and captures at both. */
  private final class Run {
    final RoutedPath path;
    final String name;
    final String address;
    final Tcpdump atClient;
    final Tcpdump atServer;
    final Map<String, Long> clientBefore;
    final Map<String, Long> serverBefore;
    Jvm called;
    Jvm served;

    Run(RoutedPath path, String name, boolean v6) {
      this.path = path;
      this.name = name;
      address = v6 ? RoutedPath.SERVER_V6 : RoutedPath.SERVER_V4;
      atClient = new Tcpdump(path.client, "c0", "tcp", folder.resolve("client.pcap"));
      atServer = new Tcpdump(path.server, "s0", "tcp", folder.resolve("server.pcap"));
      clientBefore = Retransmissions.counters(path.client);
      serverBefore = Retransmissions.counters(path.server);
    }

    /** Waits for both programs' end. */
    void call(String what, int times) {
      // What is still on its way, a retransmission after 200 ms too, and the agent's look at it.
      call(what, times, 1_500);
    }

    private void call(String what, int times, int millisOfServer) {
      try (Jvm server =
          Jvm.of(TroubleServer.class)
              .in(path.server)
              .log(folder.resolve("server.jsonl"))
              .arguments(address)
              .start()) {
        served = server;
        server.awaitAudit();
        called =
            Jvm.of(TroubleClient.class)
                .in(path.client)
                .log(folder.resolve("client.jsonl"))
                .arguments(what, address, server.awaitLine("port "), times, 1)
                .run();
        Thread.sleep(millisOfServer);
        server.closeInput();
        assertThat(server.await()).as(server.stderr()).isZero();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      atClient.stop();
      atServer.stop();
    }

    List<JsonNode> lines(String end) {
      return (end.equals("client") ? called : served).lines("exchange");
    }

    /** Holds both logs against the captures. */
    Tally judge() {
      Tally client = compare("client", called, atClient, "c0", Side.CLIENT);
      Tally server = compare("server", served, atServer, "s0", Side.SERVER);
      System.out.println(name);
      System.out.println(Tally.header());
      System.out.println(client);
      System.out.println(server);
      System.out.println("  verdicts: client " + verdicts(called) + ", server " + verdicts(served));
      client.assertRight();
      server.assertRight();
      return client.add(server);
    }

    private Tally compare(String end, Jvm jvm, Tcpdump tcpdump, String link, Side side) {
      return Comparison.of(end, Capture.of(tcpdump.file()), link, EnumSet.of(side), jvm.lines());
    }

    private Map<String, Long> verdicts(Jvm jvm) {
      return jvm.lines("exchange").stream()
          .collect(
              Collectors.groupingBy(
                  line ->
                      (line.get("verdict").asText()
                              + " "
                              + line.path("why").asText()
                              + " "
                              + line.path("error").asText())
                          .trim(),
                  TreeMap::new,
                  Collectors.counting()));
    }

    /** Prints what each end sent again, by its kernel, by its capture and by its log. */
    void explainRetransmissions(boolean wholly) {
      System.out.println(
          "  end     RetransSegs  -SynRetrans | capture: data  late  FIN alone  SYN  SYN-ACK  partly | log | unexplained | LossProbes Timeouts SpuriousRTOs");
      explain(
          "client",
          path.client,
          clientBefore,
          atClient,
          List.of(RoutedPath.CLIENT_V4, RoutedPath.CLIENT_V6),
          wholly);
      explain(
          "server",
          path.server,
          serverBefore,
          atServer,
          List.of(RoutedPath.SERVER_V4, RoutedPath.SERVER_V6),
          wholly);
    }

    private void explain(
        String end,
        Namespaces.Host host,
        Map<String, Long> before,
        Tcpdump tcpdump,
        List<String> addresses,
        boolean wholly) {
      Map<String, Long> counted = Retransmissions.counters(host);
      before.forEach((counter, value) -> counted.merge(counter, -value, Long::sum));
      Retransmissions sent = new Retransmissions(tcpdump.file(), addresses);
      long logged = 0;
      for (JsonNode line : lines(end)) {
        logged +=
            line.get(end.equals("client") ? "request" : "response").get("retransmits").asLong();
      }
      long kernel = counted.get("RetransSegs") - counted.get("TCPSynRetrans");
      long unexplained = kernel - sent.data - sent.fins - sent.partly;
      System.out.printf(
          "  %-7s %11d %12d | %13d %5d %10d %4d %8d %7d | %3d | %11d | %10d %8d %12d%n",
          end,
          counted.get("RetransSegs"),
          counted.get("TCPSynRetrans"),
          sent.data,
          sent.late,
          sent.fins,
          sent.syns,
          sent.synAcks,
          sent.partly,
          logged,
          unexplained,
          counted.get("TCPLossProbes"),
          counted.get("TCPTimeouts"),
          counted.get("TCPSpuriousRTOs"));
      assertThat(logged)
          .as(name + ": retransmissions of the " + end + "'s log, by its capture")
          .isBetween(sent.data - sent.late, sent.data);
      if (wholly) {
        assertThat(unexplained)
            .as(name + ": what the " + end + "'s kernel counted beyond its capture")
            .isZero();
      }
    }
  }
}
