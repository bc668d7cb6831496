package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.httpaudit.it.oracle.Capture;
import io.httpaudit.it.oracle.Comparison;
import io.httpaudit.it.oracle.Decryption;
import io.httpaudit.it.oracle.Side;
import io.httpaudit.it.oracle.Tally;
import io.httpaudit.it.oracle.Witness;
import io.httpaudit.load.tls.TlsExchanges;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each end of each library's TLS against Python's, which writes the session keys down: with them,
 * and tcpdump's capture, tshark tells which records hold which message. Every exchange has its
 * line, and every figure of it is right.
 */
@Tag("abreast")
class TlsIT {
  private static final int EXCHANGES = 1_000 * Integer.getInteger("volume", 1);

  /** By how much a packet's time may differ from the capture's, in 99 of 100 cases. */
  private static final double MICROS = 50;

  /** RFC 8446, 4; RFC 5246, 7.4. */
  private static final int HELLO_REQUEST = 0;

  private static final int CLIENT_HELLO = 1;
  private static final int CERTIFICATE_VERIFY = 15;
  private static final int FINISHED = 20;
  private static final int KEY_UPDATE = 24;

  private static final List<Tally> CELLS = new ArrayList<>();

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  /**
   * @param options both ends', see tls_exchanges.py
   */
  private record Cell(String end, String version, Jdk jdk, int exchanges, List<String> options) {
    boolean isServer() {
      return end.startsWith("server");
    }

    /** The same for the JVM. */
    String[] jvmOptions() {
      List<String> words = new ArrayList<>();
      words.add("-Dsun.net.httpserver.nodelay=true");
      if (end.equals("server-socket-conscrypt")) {
        // It looks into InetAddress.
        words.add("--add-opens=java.base/java.net=ALL-UNNAMED");
      }
      if (options.contains("certificate")) {
        words.add("-DclientCertificate=true");
      }
      if (options.contains("retry")) {
        words.add(
            "-Djdk.tls.namedGroups=" + (isServer() ? "secp521r1" : "x25519,secp256r1,secp521r1"));
      }
      if (options.contains("update")) {
        words.add("-DkeyLimits=AES/GCM/NoPadding KeyUpdate 2^18");
      }
      if (options.contains("renegotiate")) {
        words.add("-Drenegotiate=true");
      }
      return words.toArray(String[]::new);
    }

    @Override
    public String toString() {
      return (options.isEmpty() ? "" : String.join(" ", options) + ", ")
          + end
          + " "
          + version
          + " "
          + jdk;
    }
  }

  private static final List<String> ENDS =
      Stream.of("server", "client")
          .flatMap(
              side ->
                  Stream.of(
                          "engine-jdk",
                          "socket-jdk",
                          "netty-openssl",
                          "netty-conscrypt",
                          "socket-conscrypt")
                      .map(tls -> side + "-" + tls))
          .toList();

  /**
   * Of a twentieth of the volume, every fourth one: of each end one version on one JDK, of the next
   * end the other. Of the full volume, which takes long, {@code -Dcells=socket-jdk} runs these
   * alone.
   */
  private static List<Cell> chosen(List<Cell> cells) {
    String part = System.getProperty("cells", "");
    boolean all = Integer.getInteger("volume", 1) > 1 || !part.isEmpty();
    List<Cell> chosen = new ArrayList<>();
    for (int i = 0; i < cells.size(); i++) {
      Cell cell = cells.get(i);
      if (all ? cell.toString().contains(part) : i % 4 == i / 4 % 4) {
        chosen.add(cell);
      }
    }
    return chosen;
  }

  static List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (String end : ENDS) {
      for (String version : List.of("1.2", "1.3")) {
        for (Jdk jdk : Jdk.all()) {
          cells.add(new Cell(end, version, jdk, EXCHANGES, List.of()));
        }
      }
    }
    return chosen(cells);
  }

  /** Handshakes of more messages, and messages between the application's. */
  static List<Cell> longerCells() {
    List<Cell> cells = new ArrayList<>();
    for (Jdk jdk : Jdk.all()) {
      for (String end : ENDS.stream().filter(end -> end.endsWith("-jdk")).toList()) {
        cells.add(
            new Cell(end, "1.3", jdk, EXCHANGES / 3, List.of("certificate", "retry", "update")));
      }
      cells.add(new Cell("client-engine-jdk", "1.2", jdk, EXCHANGES / 3, List.of("certificate")));
      cells.add(
          new Cell(
              "server-socket-jdk",
              "1.2",
              jdk,
              EXCHANGES / 3,
              List.of("certificate", "renegotiate")));
    }
    return chosen(cells);
  }

  @BeforeAll
  static void rights() {
    assumeTrue(
        "root".equals(System.getProperty("user.name")),
        "needs root: a packet filter and network namespaces");
    for (String program : List.of("tcpdump", "tshark", "ip", "python3")) {
      assumeTrue(Command.exists(program), "needs " + program);
    }
  }

  @AfterAll
  static void tell() {
    System.out.println(Tally.header());
    CELLS.forEach(System.out::println);
  }

  @ParameterizedTest
  @MethodSource("cells")
  void eachExchangeIsInTheRecordsThatTheOtherEndsKeysShow(Cell cell) {
    judge(cell, run(cell));
  }

  @ParameterizedTest
  @MethodSource("longerCells")
  void whateverElseTheRecordsCarry(Cell cell) {
    Decryption decryption = judge(cell, run(cell));

    // It was there.
    int certificates = decryption.messages(CERTIFICATE_VERIFY);
    assertThat(certificates).as("certificates").isPositive();
    if (cell.options().contains("retry")) {
      assertThat(decryption.messages(CLIENT_HELLO))
          .as("each ClientHello is sent again")
          .isEqualTo(decryption.messages(FINISHED));
    }
    if (cell.options().contains("update")) {
      assertThat(decryption.messages(KEY_UPDATE)).as("KeyUpdates").isPositive();
    }
    if (cell.options().contains("renegotiate")) {
      assertThat(decryption.messages(HELLO_REQUEST)).as("renegotiations").isPositive();
    }
  }

  private Jvm run(Cell cell) {
    Keys keys = Keys.in(folder);
    try (Namespaces network = new Namespaces()) {
      Namespaces.Host host = network.host();
      try (Tcpdump tcpdump = new Tcpdump(host, "lo", "tcp", folder.resolve("lo.pcap"))) {
        Jvm jvm = cell.isServer() ? server(cell, keys, host) : client(cell, keys, host);
        tcpdump.stop();
        return jvm;
      }
    }
  }

  private Jvm.Setup setup(Cell cell, Namespaces.Host host) {
    return Jvm.of(TlsExchanges.class)
        .jdk(cell.jdk())
        .in(host)
        .log(folder.resolve("audit.jsonl"))
        .options(cell.jvmOptions());
  }

  private Jvm server(Cell cell, Keys keys, Namespaces.Host host) {
    Jvm jvm = setup(cell, host).arguments(cell.end(), cell.version(), keys.store()).start();
    try (jvm) {
      String port = jvm.awaitLine("port ");
      jvm.awaitAudit();
      PythonTls.client(host, cell.version(), port, cell.exchanges(), folder, cell.options())
          .await();
      jvm.closeInput();
      assertThat(jvm.await()).as(jvm.stderr()).isZero();
    }
    return jvm;
  }

  private Jvm client(Cell cell, Keys keys, Namespaces.Host host) {
    try (PythonTls server = PythonTls.server(host, cell.version(), folder, cell.options())) {
      Jvm jvm =
          setup(cell, host)
              .arguments(cell.end(), cell.version(), keys.store(), server.port(), cell.exchanges())
              .run();
      server.end();
      return jvm;
    }
  }

  private Decryption judge(Cell cell, Jvm jvm) {
    Capture capture = Capture.of(folder.resolve("lo.pcap"));
    Decryption decryption = Decryption.of(folder.resolve("lo.pcap"), folder.resolve("keys.txt"));
    Tally tally = compare(cell, capture, decryption, jvm.lines());
    CELLS.add(tally);
    tally.assertRight();
    assertThat(tally.wholes()).isEqualTo(cell.exchanges());
    assertThat(tally.matched()).isEqualTo(cell.exchanges());
    assertThat(tally.timesWithin(0.99)).isLessThan(MICROS);
    assertThat(jvm.stderr().lines())
        .last()
        .asString()
        .endsWith(
            cell.exchanges()
                + " matched, 0 inferred, 0 app_only, 0 wire_only; 0 packet records lost");
    aWrongFigureIsFound(cell, capture, decryption, jvm);
    return decryption;
  }

  private Tally compare(Cell cell, Capture capture, Decryption decryption, List<JsonNode> lines) {
    return Comparison.of(
        cell.toString(),
        capture,
        decryption,
        new Witness(Jvm.lines(folder.resolve("messages.jsonl"))),
        "lo",
        EnumSet.of(cell.isServer() ? Side.SERVER : Side.CLIENT),
        lines);
  }

  /** The judge isn't blind: one byte more in each range, and one line less. */
  private void aWrongFigureIsFound(Cell cell, Capture capture, Decryption decryption, Jvm jvm) {
    List<JsonNode> lines = jvm.lines();
    for (JsonNode line : lines) {
      if (line.path("type").asText().equals("exchange")) {
        ObjectNode response = (ObjectNode) line.get("response");
        response.put("bytes", response.get("bytes").asLong() + 1);
      }
    }
    lines.remove(0);
    Tally tally = compare(cell, capture, decryption, lines);
    assertThat(tally.missing()).hasSize(1);
    assertThat(tally.wrong()).hasSizeGreaterThanOrEqualTo(cell.exchanges() - 1);
  }
}
