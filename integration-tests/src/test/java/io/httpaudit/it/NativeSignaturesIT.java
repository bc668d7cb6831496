package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The agent's unit tests of each native call, and of the loader and the filter, on every JDK that
 * is here.
 */
class NativeSignaturesIT {
  private static final String KERNEL = "io.httpaudit.kernel.";

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void nativeCallsWorkOnEachJdk(Jdk jdk) {
    Jvm jvm =
        AgentTests.jvm(TestRunner.class.getName(), jdk)
            .arguments(
                KERNEL + "LibcTest", KERNEL + "BpfObjectTest", "io.httpaudit.capture.FilterTest")
            .run();

    assertThat(jvm.stdout()).matches("(?s).*ran \\d\\d, failed 0, skipped \\d+\\s*");
    System.out.println(jdk + ": " + jvm.stdout().strip());
  }
}
