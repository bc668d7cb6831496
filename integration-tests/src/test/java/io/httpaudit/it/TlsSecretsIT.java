package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.httpaudit.load.secrets.Secretive;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The agent keeps no plaintext, no secret header and no key: neither in its part of the heap, nor
 * in anything that it writes. Each secret of a run has a mark that is nowhere else.
 */
class TlsSecretsIT {
  /** Of six exchanges each. */
  private static final int ROUNDS = 40 * Integer.getInteger("volume", 1);

  @TempDir Path folder;

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void noSecretAndNoKeyIsKeptOrWritten(Jdk jdk) throws Exception {
    assumeTrue(Command.exists("openssl"), "needs openssl, for certificates");
    assumeTrue(Command.exists("python3"), "needs python3, whose end writes its keys down");
    Path keys = Files.createDirectory(folder.resolve("keys"));
    Certificates.in(keys).signed("server", "ca", "DNS:localhost,IP:127.0.0.1", 2);
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Path keylog = folder.resolve("keylog");
    Path log = folder.resolve("audit.jsonl");
    String hidden = mark('H');
    String asked = mark('Q');
    int exchanges;
    String said;
    byte[] spans;
    List<JsonNode> lines;
    try (Sink sink = new Sink();
        TlsPeer peer = new TlsPeer("serve", keys, List.of("ok"), keylog);
        Jvm jvm =
            Jvm.of(Secretive.class)
                .jdk(jdk)
                .log(log)
                .variable("OTEL_TRACES_EXPORTER", "otlp")
                .variable("OTEL_EXPORTER_OTLP_ENDPOINT", sink.endpoint())
                .options(
                    "-Xmx256m",
                    "-Dsun.net.httpserver.nodelay=true",
                    "-Djava.io.tmpdir=" + temporary,
                    "--add-opens=java.base/java.lang=ALL-UNNAMED",
                    "--add-modules=jdk.management")
                .arguments(
                    keys, folder, hidden, asked, ROUNDS, peer.ports().get(0).replace("ok:", ""))
                .start()) {
      jvm.awaitLine("ready");
      jvm.awaitAudit();
      List<String> calls = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        calls.add("ok:" + jvm.awaitLine("engine "));
        calls.add("ok:" + jvm.awaitLine("socket "));
      }
      try (TlsPeer caller = new TlsPeer("call", keys, calls, keylog)) {
        assertThat(caller.told()).hasSize(calls.size());
      }
      jvm.say("");
      jvm.awaitLine("dumped");
      jvm.closeInput();
      assertThat(jvm.await()).isZero();
      exchanges = 2 * Integer.parseInt(jvm.awaitLine("exchanges ")) - 3 + calls.size();
      said = jvm.stdout() + jvm.stderr();
      lines = jvm.lines("exchange");
      spans = sink.taken();
    }

    assertThat(lines).hasSize(exchanges);
    assertThat(lines).allMatch(line -> line.get("verdict").asText().equals("matched"));
    Patterns planted = new Patterns().text(hidden).text(asked);
    inTheHeap(planted, new Patterns().text(hidden), SessionKeys.of(keylog));

    assertThat(planted.find(said.getBytes(StandardCharsets.ISO_8859_1))).as("said").isEmpty();
    assertThat(planted.find(Files.readAllBytes(log))).as("the log").isEmpty();
    assertThat(Files.readString(log)).contains("?token=REDACTED&page=REDACTED");
    assertThat(planted.find(spans)).as("spans").isEmpty();
    assertThat(new Patterns().text("REDACTED").find(spans)).as("spans").isNotEmpty();
    try (Stream<Path> left = Files.walk(temporary)) {
      for (Path file : left.filter(Files::isRegularFile).toList()) {
        assertThat(planted.find(Files.readAllBytes(file))).as("%s", file).isEmpty();
      }
    }
  }

  private void inTheHeap(Patterns planted, Patterns hidden, Patterns keys) throws IOException {
    HeapDump live = new HeapDump(folder.resolve("live.hprof"));
    // The search finds what is there: the application's secrets, the JDK's keys, the agent's
    // objects.
    assertThat(live.holds(planted)).isTrue();
    assertThat(keys.count()).isGreaterThanOrEqualTo(8 * 4 * 3);
    assertThat(live.holds(keys)).isTrue();
    assertThat(live.reachedByAgent()).isGreaterThan(1_000);
    assertThat(live.count("io/httpaudit/observe/TlsEnd")).isPositive();
    assertThat(live.keptByAgent(planted)).as("secrets").isEmpty();
    assertThat(live.keptByAgent(keys)).as("keys").isEmpty();

    // What is not collected yet: a target is a text for a moment, and is redacted where it is
    // written.
    HeapDump all = new HeapDump(folder.resolve("all.hprof"));
    assertThat(all.keptByAgent(hidden)).as("secrets in garbage").isEmpty();
    assertThat(all.keptByAgent(keys)).as("keys in garbage").isEmpty();

    assertThat(new HeapDump(folder.resolve("planted.hprof")).keptByAgent(planted))
        .as("what was planted")
        .singleElement()
        .asString()
        .contains("static io/httpaudit/observe/Scratch");
  }

  private static String mark(char first) {
    StringBuilder mark = new StringBuilder().append(first);
    new Random().ints(12, 'a', 'z' + 1).forEach(c -> mark.append((char) c));
    return mark.toString();
  }

  /** Takes spans, as bytes. */
  private static final class Sink implements AutoCloseable {
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private final HttpServer server;

    Sink() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            synchronized (taken) {
              taken.write(body);
            }
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
    }

    String endpoint() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    byte[] taken() {
      synchronized (taken) {
        return taken.toByteArray();
      }
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
