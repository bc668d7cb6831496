package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.it.oracle.Capture;
import io.httpaudit.it.oracle.Comparison;
import io.httpaudit.it.oracle.Side;
import io.httpaudit.it.oracle.Tally;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExactIT {
  @TempDir Path folder;

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void both(Jdk jdk) {
    try (Namespaces network = new Namespaces()) {
      Namespaces.Host host = network.host();
      try (Tcpdump tcpdump = new Tcpdump(host, "lo", "tcp", folder.resolve("lo.pcap"))) {
        Jvm jvm = Jvm.of("io.httpaudit.load.Load").in(host).jdk(jdk).log(folder.resolve("audit.jsonl")).arguments("exchanges=1000").run();
        tcpdump.stop();
        Tally tally =
            Comparison.of("lo", Capture.of(tcpdump.file()), "lo", EnumSet.allOf(Side.class), jvm.lines());
        System.out.println(Tally.header());
        System.out.println(tally);
        System.out.println(tally.troubles());
        System.out.println(jvm.stderr());
        assertThat(tally.troubles()).isEmpty();
      }
    }
  }
}
