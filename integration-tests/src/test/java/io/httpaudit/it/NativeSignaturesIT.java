package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The agent's unit tests of each native call, and of the loader and the filter, on every JDK that is here. */
class NativeSignaturesIT {
  private static final String KERNEL = "io.httpaudit.kernel.";

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void nativeCallsWorkOnEachJdk(Jdk jdk) {
    Path target = Jvm.agentJar().getParent();
    // The agent's classes and its libraries under their own names, as its unit tests see them.
    Path library = target.resolve("httpaudit-0.1.0-library.jar");
    Path tests = target.resolve("test-classes");
    assertThat(List.of(library, tests)).allMatch(Files::exists, "is there: mvn -DskipTests package makes it");
    Jvm.Setup setup =
        Jvm.of(TestRunner.class)
            .jdk(jdk)
            .withoutAgent()
            .options("-cp", tests + ":" + library + ":" + Jvm.classPath())
            .arguments(KERNEL + "LibcTest", KERNEL + "BpfObjectTest", "io.httpaudit.capture.FilterTest");
    if (jdk.feature() >= 24) {
      setup.options("--enable-native-access=ALL-UNNAMED");
    }

    Jvm jvm = setup.run();

    assertThat(jvm.stdout()).matches("(?s).*ran \\d\\d, failed 0, skipped \\d+\\s*");
    System.out.println(jdk + ": " + jvm.stdout().strip());
  }
}
