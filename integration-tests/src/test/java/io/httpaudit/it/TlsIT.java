package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each end of the JDK's TLS against Python's, which writes the session keys down: with them, and
 * tcpdump's capture, tshark tells which records hold which message. Every exchange has its line,
 * and every figure of it is right.
 */
class TlsIT {
  private static final int EXCHANGES = 1_000 * Integer.getInteger("volume", 1);

  /** By how much a packet's time may differ from the capture's, in 99 of 100 cases. */
  private static final double MICROS = 50;

  private static final List<Tally> CELLS = new ArrayList<>();

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  private record Cell(String end, String version, Jdk jdk) {
    boolean isServer() {
      return end.startsWith("server");
    }

    @Override
    public String toString() {
      return end + ", TLS " + version + ", " + jdk;
    }
  }

  static List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (String end : List.of("server-engine", "server-socket", "client-engine", "client-socket")) {
      for (String version : List.of("1.2", "1.3")) {
        for (Jdk jdk : Jdk.all()) {
          cells.add(new Cell(end, version, jdk));
        }
      }
    }
    return cells;
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
    Keys keys = Keys.in(folder);
    try (Namespaces network = new Namespaces()) {
      Namespaces.Host host = network.host();
      try (Tcpdump tcpdump = new Tcpdump(host, "lo", "tcp", folder.resolve("lo.pcap"))) {
        Jvm jvm = cell.isServer() ? server(cell, keys, host) : client(cell, keys, host);
        tcpdump.stop();
        judge(cell, tcpdump.file(), jvm);
      }
    }
  }

  private Jvm server(Cell cell, Keys keys, Namespaces.Host host) {
    Jvm jvm =
        Jvm.of(TlsExchanges.class)
            .jdk(cell.jdk())
            .in(host)
            .log(folder.resolve("audit.jsonl"))
            .options("-Dsun.net.httpserver.nodelay=true")
            .arguments(cell.end(), cell.version(), keys.store())
            .start();
    try (jvm) {
      String port = jvm.awaitLine("port ");
      jvm.awaitAudit();
      PythonTls.client(host, cell.version(), port, EXCHANGES, folder).await();
      jvm.closeInput();
      assertThat(jvm.await()).as(jvm.stderr()).isZero();
    }
    return jvm;
  }

  private Jvm client(Cell cell, Keys keys, Namespaces.Host host) {
    try (PythonTls server = PythonTls.server(host, cell.version(), folder)) {
      Jvm jvm =
          Jvm.of(TlsExchanges.class)
              .jdk(cell.jdk())
              .in(host)
              .log(folder.resolve("audit.jsonl"))
              .arguments(cell.end(), cell.version(), keys.store(), server.port(), EXCHANGES)
              .run();
      server.end();
      return jvm;
    }
  }

  private void judge(Cell cell, Path capture, Jvm jvm) {
    Tally tally =
        Comparison.of(
            cell.toString(),
            Capture.of(capture),
            Decryption.of(capture, folder.resolve("keys.txt")),
            new Witness(Jvm.lines(folder.resolve("messages.jsonl"))),
            "lo",
            EnumSet.of(cell.isServer() ? Side.SERVER : Side.CLIENT),
            jvm.lines());
    CELLS.add(tally);
    assertThat(tally.troubles()).isEmpty();
    assertThat(tally.wholes()).isEqualTo(EXCHANGES);
    assertThat(tally.matched()).isEqualTo(EXCHANGES);
    assertThat(tally.timesWithin(0.99)).isLessThan(MICROS);
    assertThat(jvm.stderr().lines())
        .last()
        .asString()
        .endsWith(
            EXCHANGES + " matched, 0 inferred, 0 app_only, 0 wire_only; 0 packet records lost");
  }
}
