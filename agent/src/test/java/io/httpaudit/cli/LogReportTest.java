package io.httpaudit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogReportTest {
  private static final Terminal UNICODE = new Terminal(100, true);
  private static final Terminal ASCII = new Terminal(60, false);

  /** What shop's server saw: 80 ms before it looked, 20 ms of its own. */
  private static final String SERVER =
      "{\"v\":1,\"type\":\"exchange\",\"pid\":11,\"service\":\"stock\",\"time\":\"2026-11-22T10:34:24.310000Z\",\"side\":\"server\","
          + "\"verdict\":\"matched\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"00f067aa0ba902b7\","
          + "\"method\":\"GET\",\"url\":\"http://127.0.0.1:8080/pay?card=REDACTED\",\"status\":200,\"protocol\":\"1.1\","
          + "\"local\":\"127.0.0.1:8080\",\"peer\":\"127.0.0.1:40022\",\"interface\":\"lo\",\"connection\":3,\"sequence\":0,"
          + "\"request\":{\"offset\":0,\"bytes\":187,\"segments\":1,\"retransmits\":0,\"first_us\":1795343664310000,"
          + "\"last_us\":1795343664310000},\"response\":{\"offset\":0,\"bytes\":301,\"segments\":2,\"retransmits\":1,"
          + "\"first_us\":1795343664410000,\"last_us\":1795343664410000},"
          + "\"timings\":{\"read_wait\":80.0,\"receive\":0.0,\"process\":20.0,\"send\":0.0},\"tcp\":{\"rtt\":0.041,\"zero_window\":0,\"reset\":false}}\n";

  /** The same exchange, as its client saw it. */
  private static final String CLIENT =
      "{\"v\":1,\"type\":\"exchange\",\"pid\":10,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:24.308000Z\",\"side\":\"client\","
          + "\"verdict\":\"matched\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"00f067aa0ba902b8\","
          + "\"method\":\"GET\",\"url\":\"http://127.0.0.1:8080/pay?card=REDACTED\",\"status\":200,\"protocol\":\"1.1\","
          + "\"local\":\"127.0.0.1:40022\",\"peer\":\"127.0.0.1:8080\",\"interface\":\"lo\",\"connection\":1,\"sequence\":0,"
          + "\"request\":{\"offset\":0,\"bytes\":187,\"segments\":1,\"retransmits\":0,\"first_us\":1795343664310000,"
          + "\"last_us\":1795343664310000},\"response\":{\"offset\":0,\"bytes\":301,\"segments\":2,\"retransmits\":1,"
          + "\"first_us\":1795343664410000,\"last_us\":1795343664410000},"
          + "\"timings\":{\"connect\":1.0,\"queue\":0.5,\"send\":0.0,\"wait\":100.0,\"receive\":0.0,\"lag\":3.0},\"tcp\":{\"rtt\":0.042,\"zero_window\":0,\"reset\":false}}\n";

  /**
   * As {@link #CLIENT}, over TLS: 12 ms, of which no phase tells, lie in front of the ClientHello.
   */
  private static final String SECURE =
      CLIENT
          .replace("http://127.0.0.1:8080", "https://shop.test:8443")
          .replace("127.0.0.1:8080", "127.0.0.1:8443")
          .replace(
              "\"time\":\"2026-11-22T10:34:24.308000Z\"",
              "\"time\":\"2026-11-22T10:34:24.288000Z\"")
          .replace("\"connect\":1.0,", "\"connect\":1.0,\"ssl\":8.5,")
          .replace(
              "\"reset\":false}}",
              "\"reset\":false},\"tls\":{\"version\":\"1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\","
                  + "\"sni\":\"shop.test\",\"alpn\":\"http/1.1\",\"resumed\":true}}");

  /** A call whose client does not trust the server. */
  private static final String UNTRUSTED =
      "{\"v\":1,\"type\":\"connection\",\"pid\":10,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:25Z\",\"side\":\"client\","
          + "\"verdict\":\"matched\",\"outcome\":\"tls_failed\","
          + "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"00f067aa0ba902b8\","
          + "\"local\":\"10.9.0.1:40022\",\"peer\":\"10.9.0.2:8443\",\"interface\":\"eth0\",\"connection\":2,\"syns\":1,"
          + "\"out\":{\"offset\":0,\"bytes\":468},\"in\":{\"offset\":0,\"bytes\":1365},"
          + "\"timings\":{\"connect\":0.2,\"ssl\":0.8},\"tls\":{\"version\":\"1.3\","
          + "\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"sni\":\"shop.test\",\"resumed\":false,\"failure\":{\"alert\":\"certificate_unknown\",\"by\":\"local\",\"after\":\"server_hello\"}}}\n";

  /** The same, as its server saw it. */
  private static final String NOT_TRUSTED =
      "{\"v\":1,\"type\":\"connection\",\"pid\":11,\"service\":\"stock\",\"time\":\"2026-11-22T10:34:25Z\",\"side\":\"server\","
          + "\"verdict\":\"matched\",\"outcome\":\"tls_failed\",\"local\":\"10.9.0.2:8443\",\"peer\":\"10.9.0.1:40022\","
          + "\"connection\":2,\"syns\":1,\"out\":{\"offset\":0,\"bytes\":1365},\"in\":{\"offset\":0,\"bytes\":468},"
          + "\"timings\":{},\"tls\":{\"sni\":\"shop.test\",\"failure\":{\"alert\":\"certificate_unknown\",\"by\":\"peer\",\"after\":\"server_hello\"}}}\n";

  private static final String NO_RIGHTS =
      "{\"v\":1,\"type\":\"exchange\",\"pid\":12,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:25Z\",\"side\":\"client\","
          + "\"verdict\":\"inferred\",\"why\":\"tcp_info\",\"method\":\"GET\",\"url\":\"http://h/\\u001b[2J\",\"error\":\"reset\","
          + "\"local\":\"[::1]:40022\",\"peer\":\"[::1]:8080\",\"connection\":1,\"sequence\":0,\"request\":{\"offset\":0,\"bytes\":187},\"response\":{\"offset\":0,\"bytes\":0},\"timings\":{},\"tcp\":{}}\n";

  private static final String REFUSED =
      "{\"v\":1,\"type\":\"connection\",\"pid\":12,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:25Z\",\"side\":\"client\",\"verdict\":\"matched\",\"outcome\":\"refused\",\"local\":\"[::1]:1\",\"peer\":\"[::1]:2\",\"connection\":2}\n";

  private static final String SUMMARY =
      "{\"v\":1,\"type\":\"summary\",\"pid\":10,\"service\":\"shop\",\"time\":\"2026-11-22T10:34:26Z\",\"exchanges\":{\"matched\":1},\"packets\":9,\"records_lost\":2,\"spans_dropped\":0,\"interfaces\":[\"lo\"],\"tier\":1}\n";

  @TempDir Path folder;

  private static String report(Terminal terminal, int last, String log) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8);
    LogReport report = new LogReport(terminal, last, out);
    report.read(new ByteArrayInputStream(log.getBytes(StandardCharsets.UTF_8)), read -> {});
    report.finish();
    out.flush();
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void bothViewsOfAnExchangeStandOnOneAxis() throws IOException {
    assertThat(report(UNICODE, 20, SERVER + CLIENT))
        .startsWith(
            """
            10:34:24.308  GET http://127.0.0.1:8080/pay?card=REDACTED → 200  105.0 ms
              client  shop (pid 10), matched, to 127.0.0.1:8080 over lo; unseen 3.500 ms
                connect       1.000 ms  ▋
                queue         0.500 ms   ░
                send          0.000 ms   ▎
                wait          100.0 ms   ███████████████████████████████████████████████████████████████████▉
                receive       0.000 ms                                                                      ▉
                lag           3.000 ms                                                                      ░░░
                request 187 B in 1 segment, response 301 B in 2 segments (1 sent again), rtt 0.042 ms
              server  stock (pid 11), matched, from 127.0.0.1:40022 over lo; unseen 80.000 ms
                read_wait    80.000 ms   ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
                receive       0.000 ms                                                         ▍
                process      20.000 ms                                                         █████████████▉
                send          0.000 ms                                                                      ▉
                request 187 B in 1 segment, response 301 B in 2 segments (1 sent again), rtt 0.041 ms
              trace 4bf92f3577b34da6a3ce929d0e0e4736

            ░ the application could not see   █ it could

            Slowest
                 105.0 ms  client shop  GET http://127.0.0.1:8080/pay?card=REDACTED  (wait 100.0 ms)
                 100.0 ms  server stock  GET http://127.0.0.1:8080/pay?card=REDACTED  (read_wait 80.000 ms)

            2 views of exchanges by 2 processes, 10:34:24.308 to 10:34:24.413 UTC
              matched                 2
              packet records lost     0
            """);
  }

  @Test
  void withoutUnicodeBarsArePlainAndLinesKeepToTheTerminal() throws IOException {
    String report = report(ASCII, 20, SERVER + CLIENT + NO_RIGHTS);

    assertThat(report)
        .isASCII()
        .contains("read_wait    80.000 ms  =")
        .contains("process      20.000 ms");
    assertThat(report.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(60));
  }

  @Test
  void whatIsNotKnownIsNotDrawnAndWhatMovesACursorIsNotPrinted() throws IOException {
    assertThat(report(UNICODE, 20, NO_RIGHTS))
        .startsWith(
            """
            10:34:25.000  GET http://h/?[2J → reset  time not known
              client  shop (pid 12), inferred (tcp_info), to [::1]:8080
                no phase is known
                request 187 B, response 0 B
            """)
        .doesNotContain("Slowest");
  }

  /** What a call waited before it began is not how long it took. */
  @Test
  void aPhaseAloneIsNoWhole() throws IOException {
    assertThat(report(UNICODE, 20, NO_RIGHTS.replace("{},\"tcp\"", "{\"blocked\":0.5},\"tcp\"")))
        .contains("→ reset  time not known\n", "    blocked       0.500 ms  █")
        .doesNotContain("Slowest");
  }

  /** Without one nobody waited for it, and it is only counted. */
  @Test
  void aCallThatGotNoConnectionIsDrawnIfItHasATrace() throws IOException {
    String waited =
        REFUSED
            .replace("\"refused\"", "\"timeout\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"")
            .replace(
                "\"connection\":2}",
                "\"connection\":2,\"syns\":2,\"timings\":{\"connect\":1201.5}}");

    assertThat(report(UNICODE, 20, waited + REFUSED))
        .isEqualTo(
            """
            10:34:25.000  connect to [::1]:2 → timeout  1201.5 ms
              client  shop (pid 12), matched, to [::1]:2
                connect      1201.5 ms  ███████████████████████████████████████████████████████████████████████
                2 SYNs
              trace 4bf92f3577b34da6a3ce929d0e0e4736

            No exchange in this log.
              connection: refused     1
              connection: timeout     1
              packet records lost     0
            """);
  }

  /** The handshake stands in front of the request, not behind connect. */
  @Test
  void overTlsTheHandshakeIsAPhaseAndWhatItSettledIsSaid() throws IOException {
    assertThat(report(UNICODE, 20, SECURE))
        .startsWith(
            """
            10:34:24.288  GET https://shop.test:8443/pay?card=REDACTED → 200  125.0 ms
              client  shop (pid 10), matched, to 127.0.0.1:8443 over lo; unseen 3.500 ms
                connect       1.000 ms  ▌
                ssl           8.500 ms         █████▏
                queue         0.500 ms              ░
                send          0.000 ms              ▍
                wait          100.0 ms              █████████████████████████████████████████████████████████▎
                receive       0.000 ms                                                                       ▎
                lag           3.000 ms                                                                       ░░
                (other)      12.000 ms
                request 187 B in 1 segment, response 301 B in 2 segments (1 sent again), rtt 0.042 ms
                TLS 1.3 for shop.test, TLS_AES_256_GCM_SHA384, http/1.1, resumed
              trace 4bf92f3577b34da6a3ce929d0e0e4736
            """);
  }

  @Test
  void aHandshakeThatFailedSaysWhoRefusedWhomAndWhy() throws IOException {
    assertThat(report(UNICODE, 20, UNTRUSTED + NOT_TRUSTED + NOT_TRUSTED.replace(":40022", ":2")))
        .isEqualTo(
            """
            10:34:25.000  connect to 10.9.0.2:8443 → tls_failed  1.000 ms
              client  shop (pid 10), matched, to 10.9.0.2:8443 over eth0
                connect       0.200 ms  ██████████████▏
                ssl           0.800 ms                █████████████████████████████████████████████████████████
                1 SYN
                TLS 1.3 for shop.test, TLS_AES_256_GCM_SHA384
                certificate_unknown by the client after ServerHello: the server's certificate is not accepted
              trace 4bf92f3577b34da6a3ce929d0e0e4736

            TLS handshakes that failed
                2  server stock as shop.test, from 10.9.0.1
                   certificate_unknown by the client after ServerHello: the server's certificate is not accepted
                1  client shop, to shop.test (10.9.0.2:8443)
                   certificate_unknown by the client after ServerHello: the server's certificate is not accepted

            No exchange in this log.
              connection: tls_failed  3
              packet records lost     0
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "client | local | unknown_ca | server_hello | unknown_ca by the client after ServerHello:"
            + " who signed the server's certificate is not trusted",
        "client | peer | certificate_required | change_cipher_spec | certificate_required by the"
            + " server after ChangeCipherSpec: it wants a certificate, and got none",
        "server | local | protocol_version | client_hello | protocol_version by the server after"
            + " ClientHello: no version of TLS in common",
        "server | peer | bad_certificate | server_hello | bad_certificate by the client after"
            + " ServerHello: the server's certificate is not accepted",
        "server | local | certificate_expired | certificate | certificate_expired by the server"
            + " after Certificate: the client's certificate is not valid at this time",
        "client | '' | unknown_ca | '' | unknown_ca",
        "client | peer | close_notify | '' | close_notify by the server",
        "client | peer | '' | hello_retry_request | ended by the server after HelloRetryRequest,"
            + " and no alert that could be read says why",
        "client | '' | '' | '' | 'ended, and no alert that could be read says why'",
      })
  void whoEndedAHandshakeIsNamedByRole(
      String side, String by, String alert, String after, String words) throws IOException {
    String line =
        UNTRUSTED
            .replace("\"side\":\"client\"", "\"side\":\"" + side + "\"")
            .replaceFirst("\"trace_id\":\"[0-9a-f]+\",", "")
            .replaceFirst(
                "\"failure\":.*}}}",
                "\"failure\":{\"alert\":\""
                    + alert
                    + "\",\"by\":\""
                    + by
                    + "\",\"after\":\""
                    + after
                    + "\"}}}");

    assertThat(report(new Terminal(200, true), 20, line).lines())
        .element(2)
        .isEqualTo("       " + words);
  }

  @Test
  void handshakesThatFailedAreCountedHoweverManyKindsThereAre() throws IOException {
    StringBuilder log = new StringBuilder();
    for (int i = 0; i < 3_000; i++) {
      log.append(NOT_TRUSTED.replace("shop.test", i % 2 == 0 ? "shop.test" : "shop" + i + ".test"));
    }

    assertThat(report(UNICODE, 20, log.toString()).lines())
        .hasSize(16)
        .startsWith("TLS handshakes that failed", " 1500  server stock as shop.test, from 10.9.0.1")
        .contains("       and 1496 more", "  connection: tls_failed  3000");
  }

  @Test
  void theSummaryCountsVerdictsReasonsOutcomesAndLosses() throws IOException {
    assertThat(report(UNICODE, 20, SERVER + NO_RIGHTS + REFUSED + SUMMARY))
        .endsWith(
            """
            2 views of exchanges by 3 processes, 10:34:24.310 to 10:34:25.000 UTC
              inferred                1  (tcp_info 1)
              matched                 1
              connection: refused     1
              packet records lost     2
            """);
  }

  @Test
  void aLastLineThatIsCutOffIsToleratedAndSaid() throws IOException {
    assertThat(report(UNICODE, 20, CLIENT + SERVER.substring(0, 300)))
        .contains("1 view of exchanges by 1 process")
        .contains("The last line is cut off")
        .doesNotContain("not understood");
  }

  @Test
  void linesThatAreNoneAreCountedAndTheFirstIsNamed() throws IOException {
    assertThat(report(UNICODE, 20, "started\n" + SERVER + "{\"v\":1,\"type\":\"exchange\"}\n\n"))
        .endsWith("  2 lines not understood; line 1: no '{' at character 1\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "-0.5", "1e999", "-1e999", "9223372036854775807"})
  void aTimingThatIsNoDurationIsNotUnderstood(String timing) throws IOException {
    String server = SERVER.replace("\"receive\":0.0", "\"receive\":" + timing);
    String client = CLIENT.replace("\"receive\":0.0", "\"receive\":" + timing);

    assertThat(report(UNICODE, 20, server + client + REFUSED))
        .endsWith(
            "  2 lines not understood; line 1: a timing that is no duration at character 1\n");
  }

  /** Nobody's clock; but whoever reads a log did not write it. */
  @ParameterizedTest
  @ValueSource(strings = {"9223372036854775807", "-9223372036854775808", "0", "1e999"})
  void barsStayOnTheAxisWhateverTheTimesAre(String micros) throws IOException {
    String log =
        (SERVER + CLIENT)
            .replace("first_us\":1795343664310000", "first_us\":" + micros)
            .replace("last_us\":1795343664410000", "last_us\":" + micros);

    assertThat(report(UNICODE, 20, log)).contains("2 views of exchanges by 2 processes");
    assertThat(report(UNICODE, 20, SERVER.replace("2026-11", "+1000000-11")))
        .contains("line 1: no time");
  }

  @Test
  void onlyTheLastAreDrawnButAllAreCounted() throws IOException {
    String log = at(1) + at(2) + at(3);

    assertThat(report(UNICODE, 2, log))
        .doesNotContain("10:34:01.000  GET")
        .contains("10:34:02.000  GET", "10:34:03.000  GET", "3 views of exchanges");
  }

  @Test
  void allOfALongLogAreDrawnInTheOrderOfTheirStarts() throws IOException {
    StringBuilder log = new StringBuilder();
    for (int i = 0; i < 600; i++) {
      // Pairs in the order in which they became final.
      log.append(at(i ^ 1));
    }
    assertThat(
            report(UNICODE, Integer.MAX_VALUE, log.toString())
                .lines()
                .filter(line -> line.contains("  GET ") && line.startsWith("10:"))
                .toList())
        .hasSize(600)
        .isSorted();
  }

  private static String at(int second) {
    return NO_RIGHTS.replace("10:34:25", "10:%02d:%02d".formatted(34 + second / 60, second % 60));
  }

  @Test
  void laterVersionsLinesOfUnknownTypeAreNoError() throws IOException {
    assertThat(report(UNICODE, 20, "{\"v\":1,\"type\":\"finding\",\"pid\":1}\n"))
        .isEqualTo("No exchange in this log.\n  packet records lost     0\n");
  }

  @Test
  void readingIsBoundedAndTellsHowFarItIs() throws IOException {
    AtomicLong told = new AtomicLong();
    LogReport report = new LogReport(UNICODE, 5, new PrintStream(PrintStream.nullOutputStream()));

    // A line without an end: 64 MB, of which 1 MiB is kept.
    InputStream endless =
        new InputStream() {
          private long left = 64 << 20;

          @Override
          public int read() {
            return left-- > 0 ? 'x' : -1;
          }
        };
    report.read(endless, told::set);

    assertThat(told).hasValue(64 << 20);
  }

  @Test
  void errorsSayWhatToDo() throws IOException {
    Path notALog = Files.writeString(folder.resolve("notes.txt"), "hello\nworld\n");
    Path empty = Files.writeString(folder.resolve("empty.jsonl"), "");

    assertThat(cli("report"))
        .isEqualTo("2 httpaudit: which audit log?; " + ReportCommand.USAGE + "\n");
    assertThat(cli("report", "nowhere.jsonl"))
        .isEqualTo(
            "2 httpaudit: nowhere.jsonl does not exist; an application writes it if it is started"
                + " with -javaagent:httpaudit.jar=log=nowhere.jsonl\n");
    assertThat(cli("report", notALog.toString()))
        .isEqualTo(
            "2 httpaudit: "
                + notALog
                + " is not an audit log of httpaudit (line 1: no '{' at character 1)\n");
    assertThat(cli("report", "a\0.jsonl"))
        .isEqualTo("2 httpaudit: a\0.jsonl can't be read: Nul character not allowed\n");
    assertThat(cli("report", folder.toString()))
        .isEqualTo("2 httpaudit: " + folder + " is a directory\n");
    assertThat(cli("report", "--last", "many", "x"))
        .startsWith("2 httpaudit: --last needs a number");
    assertThat(cli("report", "--lats", "5", "x"))
        .startsWith("2 httpaudit: unknown option '--lats'");
    assertThat(cli("report", empty.toString()))
        .isEqualTo("0 No exchange in this log.\n  packet records lost     0\n");
    assertThat(cli("dcotor"))
        .isEqualTo(
            "2 httpaudit: unknown command 'dcotor', the nearest is 'doctor'; java -jar"
                + " httpaudit.jar help lists all\n");
  }

  @Test
  void helpNamesEachSettingVariableAndTier() {
    assertThat(cli())
        .startsWith("0 httpaudit 0.1.0: ")
        .contains(
            "phases.min    1ms",
            "OTEL_EXPORTER_OTLP_ENDPOINT          http://localhost:4318",
            "CAP_NET_RAW and CAP_BPF")
        .isEqualTo(cli("help"));
    assertThat(cli("version")).isEqualTo("0 httpaudit 0.1.0\n");
  }

  /** Exit code, then all that was printed. */
  private static String cli(String... arguments) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    int status = Cli.run(arguments, UNICODE, out, out);
    out.flush();
    return status + " " + bytes.toString(StandardCharsets.UTF_8);
  }
}
