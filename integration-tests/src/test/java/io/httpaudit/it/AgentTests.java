package io.httpaudit.it;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A JVM with the agent's own classes and test classes, under their own names, as its unit tests see
 * them.
 */
final class AgentTests {
  private AgentTests() {}

  static Jvm.Setup jvm(String main, Jdk jdk) {
    Path target = Jvm.agentJar().getParent();
    Path tests = target.resolve("test-classes");
    Path library = target.resolve("httpaudit-0.1.0-library.jar");
    for (Path needed : List.of(tests, library)) {
      if (!Files.exists(needed)) {
        throw new IllegalStateException(needed + " is missing: mvn -DskipTests package");
      }
    }
    Jvm.Setup setup =
        Jvm.of(main)
            .jdk(jdk)
            .withoutAgent()
            .options("-cp", tests + ":" + library + ":" + Jvm.classPath());
    return jdk.feature() >= 24 ? setup.options("--enable-native-access=ALL-UNNAMED") : setup;
  }
}
