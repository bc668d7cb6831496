package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Tls;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Lines as INTERFACE.md has them, byte for byte. */
class AuditLogTest {
  private static final String PID = "\"pid\":" + ProcessHandle.current().pid();

  @TempDir Path folder;

  private AuditLog log() {
    return new AuditLog(folder.resolve("audit.jsonl").toString(), "shop");
  }

  /** What was written, with the example's pid. */
  private List<String> lines() throws IOException {
    return Files.readString(folder.resolve("audit.jsonl"))
        .replace(PID, "\"pid\":4711")
        .lines()
        .toList();
  }

  @Test
  void anExchange() throws IOException {
    log().exchange(Told.server().exchange(), Told.server().url());

    assertThat(lines())
        .containsExactly(
            "{\"v\":1,\"type\":\"exchange\",\"pid\":4711,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:24.310123Z\","
                + "\"side\":\"server\",\"verdict\":\"matched\","
                + "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\","
                + "\"parent_span_id\":\"00f067aa0ba902b7\","
                + "\"method\":\"GET\",\"url\":\"http://127.0.0.1:8080/pay?card=REDACTED\",\"status\":200,\"protocol\":\"1.1\","
                + "\"local\":\"127.0.0.1:8080\",\"peer\":\"127.0.0.1:40022\",\"interface\":\"lo\",\"connection\":3,\"sequence\":0,"
                + "\"request\":{\"offset\":0,\"bytes\":187,\"segments\":1,\"retransmits\":0,"
                + "\"first_us\":1795343664310123,\"last_us\":1795343664310123},"
                + "\"response\":{\"offset\":0,\"bytes\":301,\"segments\":1,\"retransmits\":0,"
                + "\"first_us\":1795343664413323,\"last_us\":1795343664413423},"
                + "\"timings\":{\"accept_wait\":0.1,\"read_wait\":80.0,\"receive\":0.0,\"process\":23.0,\"send\":0.2},"
                + "\"tcp\":{\"rtt\":0.041,\"zero_window\":0,\"reset\":false}}");
  }

  @Test
  void anExchangeOfWhichLittleIsKnown() throws IOException {
    Told told = new Told();
    told.side = Side.CLIENT;
    told.verdict = Verdict.NOT_CAPTURED;
    told.why = Why.NO_NATIVE;
    told.parent = "";
    told.status = OptionalLong.empty();
    told.error = "reset";
    told.interfaceName = "";
    told.segments = 0;
    told.rtt = OptionalLong.empty();
    log().exchange(told.exchange(), told.url());

    assertThat(lines())
        .containsExactly(
            "{\"v\":1,\"type\":\"exchange\",\"pid\":4711,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:24.310123Z\","
                + "\"side\":\"client\",\"verdict\":\"not_captured\",\"why\":\"no_native\","
                + "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\","
                + "\"method\":\"GET\",\"url\":\"http://127.0.0.1:8080/pay?card=REDACTED\",\"protocol\":\"1.1\",\"error\":\"reset\","
                + "\"local\":\"127.0.0.1:40022\",\"peer\":\"127.0.0.1:8080\",\"connection\":3,\"sequence\":0,"
                + "\"request\":{\"offset\":0,\"bytes\":187},\"response\":{\"offset\":0,\"bytes\":301},"
                + "\"timings\":{},\"tcp\":{}}");
  }

  @Test
  void aConnectionThatWasRefused() throws IOException {
    log().connection(Told.refused());

    assertThat(lines())
        .containsExactly(
            "{\"v\":1,\"type\":\"connection\",\"pid\":4711,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:24.310123Z\","
                + "\"side\":\"client\",\"verdict\":\"matched\",\"outcome\":\"refused\","
                + "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\","
                + "\"local\":\"10.9.0.1:40022\",\"peer\":\"10.9.0.2:8080\",\"interface\":\"eth0\",\"connection\":3,\"syns\":1,"
                + "\"out\":{\"offset\":0,\"bytes\":0},\"in\":{\"offset\":0,\"bytes\":0},\"timings\":{\"connect\":0.2}}");
  }

  /** As its span does. */
  @Test
  void aCallThatGotNoConnectionNamesWhoMadeIt() throws IOException {
    log().connection(Told.refused("00f067aa0ba902b7"));

    assertThat(lines().get(0))
        .contains(
            "\"span_id\":\"b7ad6b7169203331\",\"parent_span_id\":\"00f067aa0ba902b7\",\"local\":");
  }

  @Test
  void whatTlsSettledStandsBehindTcp() throws IOException {
    Told told = Told.server().tls(Told.SETTLED);
    log().exchange(Told.server().exchange(), Told.server().url());
    log().exchange(told.exchange(), told.url());

    String plain = lines().get(0);
    assertThat(plain).contains("\"url\":\"http://").endsWith("\"reset\":false}}");
    assertThat(lines().get(1))
        .isEqualTo(
            plain.substring(0, plain.length() - 1).replace("\"http://", "\"https://")
                + ",\"tls\":{\"version\":\"1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\","
                + "\"sni\":\"shop.test\",\"alpn\":\"http/1.1\",\"resumed\":true}}");
  }

  @Test
  void whatIsNotKnownOfTlsIsLeftOut() throws IOException {
    Told told = Told.server().tls(new Tls("", "", "", "", Optional.empty(), Optional.empty()));
    log().exchange(told.exchange(), told.url());

    assertThat(lines().get(0)).contains("\"url\":\"https://").endsWith(",\"tls\":{}}");
  }

  @Test
  void aHandshakeThatFailedSaysWhoseFaultItWas() throws IOException {
    log().connection(Told.untrusted());

    assertThat(lines())
        .containsExactly(
            "{\"v\":1,\"type\":\"connection\",\"pid\":4711,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:24.310123Z\","
                + "\"side\":\"client\",\"verdict\":\"matched\",\"outcome\":\"tls_failed\","
                + "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\","
                + "\"local\":\"10.9.0.1:40022\",\"peer\":\"10.9.0.2:8443\",\"interface\":\"eth0\",\"connection\":3,\"syns\":1,"
                + "\"out\":{\"offset\":0,\"bytes\":468},\"in\":{\"offset\":0,\"bytes\":1365},"
                + "\"timings\":{\"connect\":0.2,\"ssl\":0.5},\"tls\":{\"version\":\"1.3\","
                + "\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"sni\":\"shop.test\",\"resumed\":false,"
                + "\"failure\":{\"alert\":\"certificate_unknown\",\"by\":\"local\","
                + "\"after\":\"server_hello\"}}}");
  }

  /** A server that saw the peer go, and nothing else. */
  @Test
  void whatIsNotKnownOfAFailureIsLeftOut() throws IOException {
    log().connection(Told.failed(new Tls.Failure("", "peer", "")));

    assertThat(lines().get(0))
        .endsWith(
            "\"timings\":{\"connect\":0.2,\"ssl\":0.5},\"tls\":{\"failure\":{\"by\":\"peer\"}}}");
  }

  @Test
  void bytesThatNobodyCountedAreLeftOut() throws IOException {
    log()
        .connection(
            new ConnectionOutcome(
                Side.SERVER,
                Verdict.WIRE_ONLY,
                Optional.of(Why.NOT_HOOKED),
                "shadow",
                4,
                Told.at("::1", 8080),
                Told.at("::1", 40022),
                "lo",
                new Exchange.TraceIds(0, 0, 0, 0, "", false),
                false,
                0,
                1,
                Told.WALL,
                0,
                0,
                -1,
                0,
                -1,
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty()));

    assertThat(lines().get(0))
        .endsWith(
            "\"side\":\"server\",\"verdict\":\"wire_only\",\"why\":\"not_hooked\",\"outcome\":\"shadow\","
                + "\"local\":\"[::1]:8080\",\"peer\":\"[::1]:40022\",\"interface\":\"lo\",\"connection\":4,\"syns\":0,"
                + "\"out\":{\"offset\":0},\"in\":{\"offset\":0},\"timings\":{}}");
  }

  @Test
  void theSummary() throws IOException {
    Losses losses = new Losses(8112, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    log()
        .summary(v -> v == Verdict.MATCHED ? 1204 : 0, losses, Told.WALL, List.of("lo", "eth0"), 1);

    assertThat(lines())
        .containsExactly(
            "{\"v\":1,\"type\":\"summary\",\"pid\":4711,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:24.310123Z\","
                + "\"exchanges\":{\"matched\":1204,\"inferred\":0,\"app_only\":0,\"wire_only\":0},"
                + "\"packets\":8112,\"records_lost\":0,\"spans_dropped\":0,\"interfaces\":[\"lo\",\"eth0\"],\"tier\":1}");
  }

  @Test
  void theSummaryCountsAllThatWasDropped() throws IOException {
    Losses losses = new Losses(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
    log().summary(v -> v.ordinal(), losses, Told.WALL, List.of(), 3);

    assertThat(lines().get(0))
        .endsWith(
            "\"exchanges\":{\"matched\":0,\"inferred\":1,\"app_only\":2,\"wire_only\":3,\"not_captured\":4},"
                + "\"packets\":1,\"records_lost\":2,\"spans_dropped\":3,\"lines_lost\":4,\"events_lost\":5,"
                + "\"exchanges_dropped\":6,\"connections_dropped\":7,\"packets_dropped\":8,\"flows_refused\":9,"
                + "\"ignored\":10,\"faults\":11,\"spans_enriched\":12,\"spans_not_enriched\":13,\"interfaces\":[],\"tier\":3}");
  }

  @Test
  void whatASenderMadeUpBreaksNoLine() throws IOException {
    Told told = Told.server();
    told.method = "G\"E\\T";
    told.target = "/\n\u0000\u007f\u00e9\ud83d\ude00\ud83d\u2028";
    log().exchange(told.exchange(), told.url());

    assertThat(lines()).hasSize(1);
    assertThat(lines().get(0))
        .contains("\"method\":\"G\\\"E\\\\T\"")
        .contains("/\\u000a\\u0000\\u007f\u00e9\\ud83d\\ude00\\ud83d\u2028\"");
  }

  @Test
  void twoWritersShareAFileByWholeLines() throws IOException {
    AuditLog one = log();
    AuditLog other = log();
    for (int i = 0; i < 100; i++) {
      one.connection(Told.refused());
      other.exchange(Told.server().exchange(), Told.server().url());
    }

    assertThat(lines())
        .hasSize(200)
        .allSatisfy(line -> assertThat(line).startsWith("{\"v\":1,").endsWith("}}"));
    assertThat(one.lost() + other.lost()).isZero();
  }

  /** Each write of a line ends in ENOSPC there, as on a disk without room. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsCountedAndNothingElse() {
    AuditLog log = new AuditLog("/dev/full", "shop");
    log.connection(Told.refused());
    log.exchange(Told.server().exchange(), Told.server().url());
    log.close();

    assertThat(log.lost()).isEqualTo(2);
  }

  /** The kernel writes what there is room for, and refuses the rest. */
  @Test
  void aLineThatFoundNoRoomTakesNoOtherWithIt() {
    ByteArrayOutputStream disk = new ByteArrayOutputStream();
    int[] room = {10, 0, 4_096};
    OutputStream filling =
        new OutputStream() {
          private int write;

          @Override
          public void write(int b) {
            throw new UnsupportedOperationException();
          }

          @Override
          public void write(byte[] bytes) throws IOException {
            int fits = Math.min(bytes.length, room[Math.min(write++, 2)]);
            disk.write(bytes, 0, fits);
            if (fits < bytes.length) {
              throw new IOException("No space left on device");
            }
          }
        };
    AuditLog log = new AuditLog("audit.jsonl", "shop", filling);
    for (int i = 0; i < 4; i++) {
      log.connection(Told.refused());
    }

    String[] lines = disk.toString(StandardCharsets.UTF_8).split("\n", -1);
    assertThat(lines).hasSize(4);
    assertThat(lines[0]).isEqualTo("{\"v\":1,\"ty");
    assertThat(lines[1]).startsWith("{\"v\":1,").endsWith("}}").isEqualTo(lines[2]);
    assertThat(lines[3]).isEmpty();
    assertThat(log.lost()).isEqualTo(2);
  }

  @Test
  void aPathThatCannotBeIsCountedToo() {
    AuditLog log = new AuditLog(folder.resolve("no/such/folder").toString(), "shop");
    log.connection(Told.refused());

    assertThat(log.isWanted()).isTrue();
    assertThat(log.lost()).isEqualTo(1);
  }

  @Test
  void numbersAreMillisecondsToTheMicrosecond() {
    long[] nanos = {0, 499, 500, 1_000, 41_000, 100_000, 1_234_567, 999_999_500, 12_000_000_000L};
    Json json = new Json().begin();
    for (long value : nanos) {
      json.millis("t", value);
    }

    assertThat(new String(json.line()))
        .isEqualTo(
            "{\"t\":0.0,\"t\":0.0,\"t\":0.001,\"t\":0.001,\"t\":0.041,\"t\":0.1,\"t\":1.235,\"t\":1000.0,\"t\":12000.0}\n");
  }
}
