package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.ReadsStandardInput;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WireOnlyIT {
  @TempDir Path folder;

  /** A socket that the process was born with, and that no method of the JDK's sockets touches. */
  @Test
  void aConnectionThatNoHookSawHasALine() throws Exception {
    List<Inherited> started = new ArrayList<>();
    try {
      for (Jdk jdk : Jdk.all()) {
        started.add(new Inherited(jdk, folder.resolve(jdk.feature() + ".jsonl")));
      }
      // They are looked for every few seconds.
      Thread.sleep(8_000);
      for (Inherited inherited : started) {
        inherited.end();
      }
    } finally {
      for (Inherited inherited : started) {
        inherited.close();
      }
    }
  }

  private static final class Inherited implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final Jvm jvm;
    private final Socket accepted;

    Inherited(Jdk jdk, Path log) throws IOException {
      jvm =
          Jvm.of(ReadsStandardInput.class)
              .jdk(jdk)
              .log(log)
              .prefix(
                  "bash", "-c", "exec \"$0\" \"$@\" 0<>/dev/tcp/127.0.0.1/" + server.getLocalPort())
              .start();
      accepted = server.accept();
      accepted.getOutputStream().write(new byte[100]);
    }

    void end() throws IOException {
      accepted.getOutputStream().write(new byte[100]);
      accepted.shutdownOutput();
      assertThat(jvm.await()).isZero();

      assertThat(jvm.stdout()).isEqualTo("read 200\n");
      assertThat(jvm.lines("exchange")).isEmpty();
      assertThat(jvm.lines("connection"))
          .singleElement()
          .satisfies(line -> isShadow(line, server, accepted));
      assertThat(jvm.stderr())
          .endsWith(
              "1 exchanges: 0 matched, 0 inferred, 0 app_only, 1 wire_only; 0 packet records lost\n");
    }

    @Override
    public void close() throws IOException {
      jvm.close();
      accepted.close();
      server.close();
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
