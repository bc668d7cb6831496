package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.httpaudit.it.oracle.Capture;
import io.httpaudit.it.oracle.Comparison;
import io.httpaudit.it.oracle.Conversation;
import io.httpaudit.it.oracle.Side;
import io.httpaudit.it.oracle.Tally;
import io.httpaudit.load.Load;
import io.httpaudit.load.LongBodies;
import io.httpaudit.load.UrgentBytes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every exchange of every kind of client and server, in all the shapes of HTTP/1.x, against
 * tcpdump's capture of the same run: each has its line, each line is right, figure by figure.
 */
class ExactIT {
  /** Of each, in all arms: 100,000 at full volume. */
  private static final int EXCHANGES = 5_000 * Integer.getInteger("volume", 1);

  /** By how much a packet's time may differ from the capture's, in 99 of 100 cases. */
  private static final double MICROS = 50;

  private static final Tally ALL = new Tally("all");
  private static final List<Tally> ARMS = new ArrayList<>();

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  /** Where both ends are. */
  private enum Where {
    LO_IPV4,
    LO_IPV6,
    VETH_IPV4,
    VETH_IPV6,
    ONE_JVM
  }

  private record Arm(Where where, Jdk jdk) {
    @Override
    public String toString() {
      return where.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ') + ", " + jdk;
    }
  }

  static List<Arm> arms() {
    List<Arm> arms = new ArrayList<>();
    for (Where where : Where.values()) {
      for (Jdk jdk : Jdk.all()) {
        arms.add(new Arm(where, jdk));
      }
    }
    return arms;
  }

  @BeforeAll
  static void rights() {
    assumeTrue(
        "root".equals(System.getProperty("user.name")),
        "needs root: a packet filter and network namespaces");
    for (String program : List.of("tcpdump", "tshark", "ip", "nft")) {
      assumeTrue(Command.exists(program), "needs " + program);
    }
  }

  @ParameterizedTest
  @MethodSource("arms")
  void eachExchangeIsAsTheCaptureHasIt(Arm arm) {
    try (Namespaces network = new Namespaces()) {
      switch (arm.where()) {
        case ONE_JVM -> oneJvm(arm, network.host());
        case LO_IPV4 -> loopback(arm, network.host(), "127.0.0.1", "127.0.0.77");
        case LO_IPV6 -> loopback(arm, network.host(), "::1", "fd00:77::77");
        case VETH_IPV4 -> veth(arm, network, "10.77.0.2", "10.77.0.77");
        case VETH_IPV6 -> veth(arm, network, "fd00:77::2", "fd00:77::77");
        default -> throw new IllegalStateException();
      }
    }
  }

  private static int exchanges() {
    return EXCHANGES / arms().size();
  }

  /** Of what it is asked for, the load makes some of what is no HTTP. */
  private static String asked() {
    return "exchanges=" + exchanges() * 11 / 10;
  }

  private void oneJvm(Arm arm, Namespaces.Host host) {
    swallow(host, "127.0.0.77");
    try (Tcpdump tcpdump = new Tcpdump(host, "lo", "tcp", folder.resolve("lo.pcap"))) {
      Jvm jvm =
          load(arm, host, "both", "role=both", "bind=127.0.0.1", "drops=127.0.0.77", asked()).run();
      tcpdump.stop();
      judge(arm, jvm, compare(arm, tcpdump, "lo", EnumSet.allOf(Side.class), jvm.lines()));
    }
  }

  private void loopback(Arm arm, Namespaces.Host host, String address, String silent) {
    if (silent.contains(":")) {
      host.run("ip", "addr", "add", silent, "dev", "lo", "nodad");
    }
    swallow(host, silent);
    try (Tcpdump tcpdump = new Tcpdump(host, "lo", "tcp", folder.resolve("lo.pcap"));
        Jvm server = load(arm, host, "server", "role=server", "bind=" + address).start()) {
      Jvm client = client(arm, host, server, address, silent);
      tcpdump.stop();
      // Both speak of all: when it ends, a Tomcat calls itself, to wake its acceptor.
      judge(
          arm,
          client,
          compare(arm, tcpdump, "lo", EnumSet.allOf(Side.class), lines(client, server)));
    }
  }

  private void veth(Arm arm, Namespaces network, String address, String silent) {
    Namespaces.Host west = network.host();
    Namespaces.Host east = network.host();
    network.join(
        west,
        "west0",
        "10.77.0.1/24",
        "fd00:77::1/64",
        east,
        "east0",
        "10.77.0.2/24",
        "fd00:77::2/64");
    east.run("ip", "addr", "add", silent + (silent.contains(":") ? "/64" : "/24"), "dev", "east0");
    swallow(east, silent);
    try (Tcpdump inside = new Tcpdump(east, "lo", "tcp", folder.resolve("lo.pcap"));
        Tcpdump there = new Tcpdump(east, "east0", "tcp", folder.resolve("east.pcap"));
        Tcpdump here = new Tcpdump(west, "west0", "tcp", folder.resolve("west.pcap"));
        Jvm server = load(arm, east, "server", "role=server", "bind=" + address).start()) {
      Jvm client = client(arm, west, server, address, silent);
      here.stop();
      there.stop();
      inside.stop();
      Predicate<JsonNode> outside =
          line ->
              line.path("peer").asText().contains("77::1]:")
                  || line.path("peer").asText().contains("77.0.1:");
      // A Tomcat that ends calls itself, and what is called by its own address goes over lo.
      Tally tally =
          compare(arm, here, "west0", EnumSet.of(Side.CLIENT), client.lines())
              .add(
                  compare(
                      arm,
                      there,
                      "east0",
                      EnumSet.of(Side.SERVER),
                      server.lines().stream().filter(outside).toList()))
              .add(
                  compare(
                      arm,
                      inside,
                      "lo",
                      EnumSet.allOf(Side.class),
                      server.lines().stream().filter(outside.negate()).toList()));
      judge(arm, client, tally);
    }
  }

  /** All clients' run against the servers, which then end. */
  private Jvm client(Arm arm, Namespaces.Host host, Jvm server, String address, String silent) {
    String ports = server.awaitLine("ready");
    Jvm client =
        load(
                arm,
                host,
                "client",
                "role=client",
                "target=" + address,
                "servers=" + ports,
                "drops=" + silent,
                asked())
            .run();
    server.say("");
    assertThat(server.await()).isZero();
    assertThat(server.stderr()).contains("0 packet records lost");
    return client;
  }

  private Jvm.Setup load(Arm arm, Namespaces.Host host, String name, Object... arguments) {
    return Jvm.of(Load.class)
        .in(host)
        .jdk(arm.jdk())
        .log(folder.resolve(name + ".jsonl"))
        .arguments(arguments);
  }

  /** From that address nothing comes back. */
  private static void swallow(Namespaces.Host host, String address) {
    String family = address.contains(":") ? "ip6" : "ip";
    host.run("nft", "add", "table", "inet", "silent");
    host.run(
        "nft", "add", "chain", "inet", "silent", "input", "{ type filter hook input priority 0; }");
    host.run("nft", "add", "rule", "inet", "silent", "input", family, "daddr", address, "drop");
  }

  private static Tally compare(
      Arm arm, Tcpdump tcpdump, String interfaceName, Set<Side> sides, List<JsonNode> lines) {
    return Comparison.of(arm.toString(), Capture.of(tcpdump.file()), interfaceName, sides, lines);
  }

  private static List<JsonNode> lines(Jvm one, Jvm other) {
    List<JsonNode> lines = new ArrayList<>(one.lines());
    lines.addAll(other.lines());
    return lines;
  }

  private static void judge(Arm arm, Jvm clients, Tally tally) {
    ARMS.add(tally);
    ALL.add(tally);
    assertThat(clients.stdout()).contains("done exchanges=");
    assertThat(clients.stderr()).contains("0 packet records lost");
    tally.assertRight();
    assertThat(tally.matched()).isEqualTo(tally.wholes());
    assertThat(tally.lines()).isGreaterThanOrEqualTo(2L * exchanges());
    assertThat(tally.timesWithin(0.99)).isLessThanOrEqualTo(MICROS);
  }

  @ParameterizedTest
  @MethodSource("io.httpaudit.it.Jdk#all")
  void aHundredMegabytesEachWayOnOneConnection(Jdk jdk) {
    try (Namespaces network = new Namespaces()) {
      Namespaces.Host host = network.host();
      try (Tcpdump tcpdump = new Tcpdump(host, "lo", "tcp", folder.resolve("lo.pcap"))) {
        Jvm jvm =
            Jvm.of(LongBodies.class)
                .in(host)
                .jdk(jdk)
                .log(folder.resolve("audit.jsonl"))
                .arguments(100)
                .run();
        tcpdump.stop();
        Tally tally =
            Comparison.of(
                "100 MB, " + jdk,
                Capture.of(tcpdump.file()),
                "lo",
                EnumSet.allOf(Side.class),
                jvm.lines());
        ARMS.add(tally);
        ALL.add(tally);
        tally.assertRight();
        assertThat(tally.matched()).isEqualTo(2);
        assertThat(jvm.lines("exchange"))
            .allSatisfy(
                line -> {
                  assertThat(line.get("request").get("bytes").asLong()).isGreaterThan(100 << 20);
                  assertThat(line.get("response").get("bytes").asLong()).isGreaterThan(100 << 20);
                });
        assertThat(jvm.stderr())
            .contains("2 exchanges: 2 matched")
            .contains("0 packet records lost");
      }
    }
  }

  /** What is sent is known; where what arrives is behind such a byte, nobody can say. */
  @ParameterizedTest
  @MethodSource("io.httpaudit.it.Jdk#all")
  void behindUrgentBytesPlacesAreRightOrNotCalledSo(Jdk jdk) {
    try (Namespaces network = new Namespaces()) {
      Namespaces.Host host = network.host();
      try (Tcpdump tcpdump = new Tcpdump(host, "lo", "tcp", folder.resolve("lo.pcap"))) {
        Jvm jvm =
            Jvm.of(UrgentBytes.class).in(host).jdk(jdk).log(folder.resolve("audit.jsonl")).run();
        tcpdump.stop();
        assertThat(jvm.stdout()).contains("done");
        String peer = jvm.lines("exchange").get(0).get("peer").asText();
        Conversation wire =
            Capture.of(tcpdump.file()).conversations().stream()
                .filter(c -> c.client().equals(peer) || c.server().equals(peer))
                .findFirst()
                .orElseThrow();
        assertThat(verdicts(jvm, "client", wire))
            .containsExactly("matched", "matched", "matched", "inferred boundary_unknown");
        assertThat(verdicts(jvm, "server", wire))
            .containsExactly(
                "matched",
                "inferred boundary_unknown",
                "inferred boundary_unknown",
                "inferred boundary_unknown");
      }
    }
  }

  /** Of each exchange of one side's; where it says matched, its bytes are those that it names. */
  private static List<String> verdicts(Jvm jvm, String side, Conversation wire) {
    List<String> verdicts = new ArrayList<>();
    for (JsonNode line : jvm.lines("exchange")) {
      if (line.get("side").asText().equals(side)) {
        String verdict = line.get("verdict").asText();
        if (verdict.equals("matched")) {
          assertThat(named(wire, Side.CLIENT, line.get("request")))
              .startsWith("GET /" + verdicts.size() + " ")
              .endsWith("\r\n\r\n");
          assertThat(named(wire, Side.SERVER, line.get("response")))
              .startsWith("HTTP/1.1 204 ")
              .endsWith(": " + verdicts.size() + "\r\n\r\n");
        } else {
          verdict += " " + line.get("why").asText();
        }
        verdicts.add(verdict);
      }
    }
    return verdicts;
  }

  private static String named(Conversation wire, Side by, JsonNode range) {
    long from = range.get("offset").asLong();
    return wire.sent(by, from, from + range.get("bytes").asLong());
  }

  /** The oracle is worth what it notices: each figure of a right log, once made wrong. */
  @Test
  void theOracleNoticesEachFigureThatIsWrong() {
    try (Namespaces network = new Namespaces()) {
      Namespaces.Host host = network.host();
      Arm arm = new Arm(Where.ONE_JVM, Jdk.current());
      try (Tcpdump tcpdump = new Tcpdump(host, "lo", "tcp", folder.resolve("lo.pcap"))) {
        Jvm jvm =
            load(arm, host, "both", "role=both", "exchanges=100", "shapes=ordinary,upgraded").run();
        tcpdump.stop();
        new Falsified(Capture.of(tcpdump.file()), jvm.lines()).check();
      }
    }
  }

  /** A right log, and what becomes of it when one thing in it is changed. */
  private static final class Falsified {
    private final Capture capture;
    private final List<JsonNode> right;

    Falsified(Capture capture, List<JsonNode> right) {
      this.capture = capture;
      this.right = right;
    }

    private Tally compare(List<JsonNode> lines) {
      return Comparison.of("falsified", capture, "lo", EnumSet.allOf(Side.class), lines);
    }

    void check() {
      compare(right).assertRight();
      for (String side : List.of("client", "server")) {
        int first = first(side);
        noticed(first, line -> line.put("verdict", "inferred").put("why", "records_lost"));
        noticed(first, line -> line.put("verdict", "inferred").put("why", "boundary_unknown"));
        noticed(first, line -> line.put("method", "PATCH"));
        noticed(first, line -> line.put("url", line.get("url").asText() + "x"));
        noticed(first, line -> line.put("status", 599));
        noticed(first, line -> line.put("protocol", "1.7"));
        noticed(first, line -> line.put("error", "reset"));
        noticed(first, line -> line.put("peer", "127.0.0.1:1"));
        noticed(first, line -> line.put("interface", "eth0"));
        noticed(first, line -> line.put("sequence", line.get("sequence").asInt() + 1000));
        noticed(first, line -> line.put("connection", 1_000_000));
        noticed(first, line -> line.put("parent_span_id", "00f067aa0ba902b7"));
        for (String range : List.of("request", "response")) {
          noticed(first, line -> add(line, range, "offset", 1));
          noticed(first, line -> add(line, range, "bytes", 1));
          noticed(first, line -> add(line, range, "bytes", -1));
          noticed(first, line -> add(line, range, "segments", 1));
          noticed(first, line -> add(line, range, "segments", -1));
          noticed(first, line -> add(line, range, "retransmits", 1));
          noticed(first, line -> add(line, range, "first_us", 60_000));
          noticed(first, line -> add(line, range, "last_us", -60_000));
          noticed(first, line -> part(line, range).remove("first_us"));
          noticed(first, line -> part(line, range).remove("last_us"));
        }
        noticed(first, line -> add(line, "tcp", "zero_window", 1));
        noticed(first, line -> part(line, "tcp").put("reset", true));
        noticed(first, line -> part(line, "tcp").remove("rtt"));
        String[] phases =
            side.equals("client")
                ? new String[] {"connect", "queue", "send", "wait", "receive"}
                : new String[] {"read_wait", "receive", "process", "send"};
        for (String phase : phases) {
          noticed(first, line -> part(line, "timings").remove(phase));
          noticed(first, line -> part(line, "timings").put(phase, -0.1));
          noticed(
              first,
              line ->
                  part(line, "timings")
                      .put(phase, part(line, "timings").get(phase).asDouble() + 60_000));
        }
        noticed(first, line -> part(line, "timings").put("pondering", 0.1));
      }
      int connection = firstOf("connection");
      noticed(connection, line -> line.put("outcome", "refused"));
      noticed(connection, line -> line.put("verdict", "inferred"));
      noticed(connection, line -> add(line, "out", "bytes", 1));
      noticed(connection, line -> add(line, "in", "offset", -1));
      for (int i : List.of(first("client"), first("server"), connection)) {
        List<JsonNode> lines = new ArrayList<>(right);
        JsonNode taken = lines.remove(i);
        assertThat(compare(lines).missing()).as("without %s", taken).hasSize(1);
        lines.add(taken);
        lines.add(taken);
        assertThat(compare(lines).extra()).as("twice %s", taken).hasSize(1);
      }
      List<JsonNode> late = right.stream().map(line -> changed(line, Falsified::later)).toList();
      assertThat(compare(late).timesWithin(0.99)).isGreaterThan(MICROS);
    }

    /** A whole exchange on a connection's begin, so that each figure is there. */
    private int first(String side) {
      for (int i = 0; i < right.size(); i++) {
        JsonNode line = right.get(i);
        if (line.path("side").asText().equals(side)
            && line.path("verdict").asText().equals("matched")
            && line.path("sequence").asInt(-1) == 0
            && line.path("status").asInt() == 200) {
          return i;
        }
      }
      throw new AssertionError("no exchange of a " + side);
    }

    private int firstOf(String type) {
      for (int i = 0; i < right.size(); i++) {
        if (right.get(i).path("type").asText().equals(type)) {
          return i;
        }
      }
      throw new AssertionError("no line of type " + type);
    }

    private void noticed(int index, Consumer<ObjectNode> change) {
      List<JsonNode> lines = new ArrayList<>(right);
      lines.set(index, changed(right.get(index), change));
      assertThat(compare(lines).troubles()).as("made wrong: %s", lines.get(index)).isNotEmpty();
    }

    private static JsonNode changed(JsonNode line, Consumer<ObjectNode> change) {
      ObjectNode copy = line.deepCopy();
      change.accept(copy);
      return copy;
    }

    private static ObjectNode part(ObjectNode line, String name) {
      return (ObjectNode) line.get(name);
    }

    private static void add(ObjectNode line, String range, String field, long more) {
      part(line, range).put(field, part(line, range).get(field).asLong() + more);
    }

    /** A millisecond. */
    private static void later(ObjectNode line) {
      for (String range : List.of("request", "response")) {
        if (line.path(range).has("first_us")) {
          add(line, range, "first_us", 1_000);
          add(line, range, "last_us", 1_000);
        }
      }
    }
  }

  @AfterAll
  static void print() {
    if (!ARMS.isEmpty()) {
      System.out.println(Tally.header());
      ARMS.forEach(System.out::println);
      System.out.println(ALL);
    }
  }
}
