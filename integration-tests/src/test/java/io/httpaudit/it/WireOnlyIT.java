package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.ReadsStandardInput;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WireOnlyIT {
  @TempDir Path folder;

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  /** A socket that the process was born with, and that no method of the JDK's sockets touches. */
  @ParameterizedTest
  @MethodSource("jdks")
  void aConnectionThatNoHookSawHasALine(Jdk jdk) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Jvm.Setup setup =
          Jvm.of(ReadsStandardInput.class)
              .jdk(jdk)
              .log(folder.resolve("audit.jsonl"))
              .prefix("bash", "-c", "exec \"$0\" \"$@\" 0<>/dev/tcp/127.0.0.1/" + server.getLocalPort());
      try (Jvm jvm = setup.start();
          Socket accepted = server.accept()) {
        accepted.getOutputStream().write(new byte[100]);
        Thread.sleep(4_000);
        accepted.getOutputStream().write(new byte[100]);
        accepted.shutdownOutput();
        assertThat(jvm.await()).isZero();

        assertThat(jvm.stdout()).isEqualTo("read 200\n");
        assertThat(jvm.lines("exchange")).isEmpty();
        assertThat(jvm.lines("connection")).singleElement().satisfies(line -> isShadow(line, server, accepted));
        assertThat(jvm.stderr()).endsWith("1 exchanges: 0 matched, 0 inferred, 0 app_only, 1 wire_only; 0 packet records lost\n");
      }
    }
  }

  private static void isShadow(JsonNode line, ServerSocket server, Socket accepted) {
    assertThat(line.get("verdict").asText()).isEqualTo("wire_only");
    assertThat(line.get("why").asText()).isEqualTo("not_hooked");
    assertThat(line.get("outcome").asText()).isEqualTo("shadow");
    assertThat(line.get("side").asText()).isEqualTo("client");
    assertThat(line.get("local").asText()).isEqualTo("127.0.0.1:" + accepted.getPort());
    assertThat(line.get("peer").asText()).isEqualTo("127.0.0.1:" + server.getLocalPort());
    // It began before the agent did: how many bytes there were, nobody knows.
    assertThat(line.get("in").has("bytes")).isFalse();
  }
}
