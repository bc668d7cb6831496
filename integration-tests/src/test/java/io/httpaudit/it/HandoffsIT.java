package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.load.Handoffs;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A request's context is that of the work that it hands over, through each of the JDK's ways to do
 * so, and of no other work: whatever else those threads do meanwhile.
 */
@Tag("abreast")
class HandoffsIT {
  private static final int EACH = 30 * Integer.getInteger("volume", 1);

  /** Nobody can be sure whose work it is, so it has no context. */
  private static final Set<String> UNCERTAIN =
      Set.of("PERIODIC", "NEW_THREAD", "SERIAL_EXECUTOR", "SHARED_TASK");

  /** Kinds that JDK 17 has not. */
  private static final Set<String> LATER = Set.of("FORK_JOIN_SCHEDULE", "VIRTUAL_THREADS");

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  private static Jvm.Setup program(Jdk jdk) {
    return Jvm.of(Handoffs.class)
        .jdk(jdk)
        .options(
            "-Dsun.net.httpserver.nodelay=true",
            // With one or two processors JDK 17's CompletableFuture starts a thread for each task.
            "-Djava.util.concurrent.ForkJoinPool.common.parallelism=3")
        .arguments(EACH);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void workHasTheContextOfItsRequestAndNoOther(Jdk jdk) {
    judge(jdk, program(jdk).run());
  }

  /** The JVM trusts its own classes, unless it is told to verify them. */
  @ParameterizedTest
  @MethodSource("jdks")
  void theSameWithEachClassVerified(Jdk jdk) {
    judge(
        jdk,
        program(jdk)
            .options("-XX:+UnlockDiagnosticVMOptions", "-XX:+BytecodeVerificationLocal")
            .run());
  }

  private static void judge(Jdk jdk, Jvm jvm) {
    List<String> lines = jvm.stdout().lines().toList();

    assertThat(lines.get(0)).isEqualTo("requests without their context: 0");
    Map<String, int[]> counts =
        lines.stream()
            .skip(1)
            .collect(
                Collectors.toMap(
                    line -> line.substring(0, line.indexOf(' ')),
                    line ->
                        Arrays.stream(line.split(" "))
                            .skip(1)
                            .mapToInt(Integer::parseInt)
                            .toArray()));
    assertThat(counts).hasSize(23);
    counts.forEach(
        (kind, count) -> {
          boolean none = UNCERTAIN.contains(kind);
          if (jdk.feature() == 17 && LATER.contains(kind)) {
            assertThat(count).as(kind).containsOnly(0);
            return;
          }
          // Of requests: in their context, in none, in another's.
          assertThat(count[none ? 1 : 0]).as(kind).isGreaterThanOrEqualTo(EACH);
          assertThat(count[none ? 0 : 1]).as(kind + ", of requests, the other way").isZero();
          assertThat(count[2]).as(kind + ", of requests, in another's").isZero();
          // Of no request: having none is right.
          assertThat(count[3]).as(kind).isPositive();
          assertThat(count[4] + count[5]).as(kind + ", of no request, in one").isZero();
        });
    System.out.println(jdk + ": " + lines);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void withoutTheAgentNoneIsThere(Jdk jdk) {
    // Else the program itself would find what it looks for.
    List<String> lines = program(jdk).withoutAgent().run().stdout().lines().toList();
    assertThat(lines.get(0)).doesNotEndWith(": 0");
  }
}
