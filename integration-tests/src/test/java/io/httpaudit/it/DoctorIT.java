package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DoctorIT {
  private static final List<String> WITHOUT_RIGHTS =
      List.of(
          "setpriv",
          "--reuid=1000",
          "--regid=1000",
          "--clear-groups",
          "--inh-caps=-all",
          "--bounding-set=-all");

  /** What a process is given that needs no more: not root, and no capability but the two. */
  private static final List<String> THE_TWO_RIGHTS =
      List.of(
          "setpriv",
          "--reuid=1000",
          "--regid=1000",
          "--clear-groups",
          "--inh-caps=-all,+net_raw,+bpf",
          "--ambient-caps=-all,+net_raw,+bpf",
          "--bounding-set=-all,+net_raw,+bpf");

  private Path folder;
  private Path jar;

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  /** Another user may not be let into the build's own folder. */
  @BeforeEach
  void aJarThatAnyUserMayRead() throws IOException {
    folder = Files.createTempDirectory("httpaudit-doctor");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    jar = Files.copy(Jvm.agentJar(), folder.resolve("httpaudit.jar"));
    Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-r--r--"));
  }

  @AfterEach
  void removeIt() throws IOException {
    Files.delete(jar);
    Files.delete(folder);
  }

  private record Outcome(int exit, String stdout, String stderr) {
    /** The line of one check; fails unless there is exactly one. */
    String check(String name) {
      List<String> lines =
          stdout
              .lines()
              .filter(line -> line.substring(Math.min(6, line.length())).startsWith(name))
              .toList();
      assertThat(lines).as(name + " in\n" + stdout).hasSize(1);
      return lines.get(0);
    }

    String last() {
      return stdout.lines().reduce((first, second) -> second).orElse("");
    }
  }

  private Outcome doctor(Jdk jdk, String exporter, List<String> prefix)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of(jdk.java().toString(), "-jar", jar.toString(), "doctor"));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("OTEL_TRACES_EXPORTER", exporter);
    builder.environment().put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    Process process = builder.start();
    Command.Collector errors = new Command.Collector(process.getErrorStream());
    Command.Collector output = new Command.Collector(process.getInputStream());
    return new Outcome(process.waitFor(), output.text(), errors.text());
  }

  private static void assumeRoot() throws IOException {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void withAllRightsNothingFailsAndTheFilterIsReallyLoaded(Jdk jdk) throws Exception {
    assumeRoot();

    Outcome outcome = doctor(jdk, "none", List.of());

    assertThat(outcome.stdout()).doesNotContain("fail ");
    assertThat(outcome.check("optmem_max"))
        .contains(Command.run("cat", "/proc/sys/net/core/optmem_max").trim());
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.stderr()).isEmpty();
    assertThat(outcome.check("bpf"))
        .isEqualTo(
            "ok    bpf         the filter and its maps were loaded, and attached to a packet socket");
    assertThat(outcome.check("rights")).isEqualTo("ok    rights      CAP_NET_RAW and CAP_BPF");
    assertThat(outcome.check("hooks")).startsWith("ok ");
    assertThat(outcome.check("clock")).startsWith("ok ");
    assertThat(outcome.check("interfaces")).startsWith("ok ").contains("lo");
    assertThat(outcome.last()).isEqualTo("Tier 1 (kernel filter): every exchange can be matched.");
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void withoutRightsItSaysWhichAreMissingAndWhereToGetThem(Jdk jdk) throws Exception {
    assumeRoot();

    Outcome outcome = doctor(jdk, "none", WITHOUT_RIGHTS);

    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.stderr()).isEmpty();
    assertThat(outcome.check("rights"))
        .startsWith("fail  rights      CAP_NET_RAW and CAP_BPF are missing; ")
        .contains("Docker: --cap-add NET_RAW --cap-add BPF", "Kubernetes: ", "systemd: ");
    assertThat(outcome.last()).startsWith("Tier 3 (TCP_INFO): ");
  }

  /** The verifier asks more of who lacks CAP_PERFMON than of root. */
  @ParameterizedTest
  @MethodSource("jdks")
  void capNetRawAndCapBpfAreAllThatItTakes(Jdk jdk) throws Exception {
    assumeRoot();

    Outcome outcome = doctor(jdk, "none", THE_TWO_RIGHTS);

    assertThat(outcome.stdout()).doesNotContain("fail ");
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.last()).isEqualTo("Tier 1 (kernel filter): every exchange can be matched.");
  }

  @Test
  void aCollectorThatDoesNotAnswerIsAWarningThatCostsNoTier() throws Exception {
    assumeRoot();

    Outcome outcome = doctor(Jdk.current(), "otlp", List.of());

    assertThat(outcome.exit()).isZero();
    assertThat(outcome.check("exporter"))
        .startsWith("warn  exporter    http://127.0.0.1:9 does not answer")
        .contains("docker run", "OTEL_TRACES_EXPORTER=none");
  }

  @Test
  void whereNoLibraryCanBeWrittenNothingWorksAndTheFolderIsNamed() throws Exception {
    assumeRoot();

    Outcome outcome =
        doctor(
            Jdk.current(), "none", List.of("env", "JDK_JAVA_OPTIONS=-Djava.io.tmpdir=/proc/self"));

    assertThat(outcome.exit()).isEqualTo(2);
    assertThat(outcome.check("native"))
        .startsWith("fail  native      jffi's native library can't be written to /proc/self")
        .endsWith("set -Djava.io.tmpdir");
    assertThat(outcome.last()).startsWith("Application times only: ");
  }
}
