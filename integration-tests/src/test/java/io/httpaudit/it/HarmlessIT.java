package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.Capabilities;
import io.httpaudit.load.Ends;
import io.httpaudit.load.Hello;
import io.httpaudit.load.HttpServerAndClients;
import io.httpaudit.load.OnDemand;
import io.httpaudit.load.StreamsOverSockets;
import io.httpaudit.load.ThreadNames;
import io.httpaudit.load.ThroughOwnLoader;
import io.httpaudit.load.Visible;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs behave with the agent as they do without it. */
@Tag("abreast")
class HarmlessIT {
  /** Without it the JDK's server delays small writes by 40 ms. */
  private static final String NO_DELAY = "-Dsun.net.httpserver.nodelay=true";

  private static final String START = "httpaudit [0-9.]+: auditing pid [0-9]+.*; tier .*";
  private static final String END =
      "httpaudit: [0-9]+ exchanges: [0-9]+ matched, [0-9]+ inferred, [0-9]+ app_only, [0-9]+ wire_only.*";

  @TempDir Path folder;

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  private static Supplier<Jvm.Setup> program(Jdk jdk, Class<?> main, Object... arguments) {
    return () -> Jvm.of(main).jdk(jdk).options(NO_DELAY).arguments(arguments);
  }

  private static Outcome bare(Supplier<Jvm.Setup> program) {
    return Outcome.of(program.get().withoutAgent().start());
  }

  /** Asserts that all is as without the agent, but for its two lines on standard error. */
  private static Outcome isTheSame(Supplier<Jvm.Setup> program, UnaryOperator<Outcome> normal) {
    Outcome with = Outcome.of(program.get().start());
    assertThat(normal.apply(with.withoutOurs())).isEqualTo(normal.apply(bare(program)));
    return with;
  }

  private static void hasTwoLines(Outcome with) {
    assertThat(with.ours())
        .satisfiesExactly(
            start -> assertThat(start).matches(START), end -> assertThat(end).matches(END));
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void outputAndExitCodeStay(Jdk jdk) {
    List<Supplier<Jvm.Setup>> programs =
        List.of(
            program(jdk, Hello.class),
            program(jdk, HttpServerAndClients.class, 20),
            program(jdk, StreamsOverSockets.class),
            program(jdk, ThroughOwnLoader.class, HttpServerAndClients.class.getName(), 5),
            program(jdk, Ends.class, "return"),
            program(jdk, Ends.class, "exit"),
            program(jdk, Ends.class, "throw"));
    for (Supplier<Jvm.Setup> program : programs) {
      hasTwoLines(isTheSame(program, outcome -> outcome));
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void anEndWithoutHooksIsNotHeldUp(Jdk jdk) {
    Outcome with = isTheSame(program(jdk, Ends.class, "halt"), outcome -> outcome);
    assertThat(with.exit()).isEqualTo(4);
    assertThat(with.ours()).singleElement().asString().matches(START);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void aSignalEndsItAndTheSummaryIsWritten(Jdk jdk) {
    Path log = folder.resolve("audit.jsonl");
    Jvm jvm = Jvm.of(Ends.class).jdk(jdk).log(log).arguments("wait").start();
    jvm.awaitLine("waiting");
    // Process.destroy would close its streams, too.
    jvm.process().toHandle().destroy();
    Outcome with = Outcome.of(jvm);
    assertThat(with.exit()).isEqualTo(143);
    hasTwoLines(with);
    // The second exchange was its shutdown hook's.
    assertThat(with.output()).containsExactly("ok on main", "waiting", "ok on Thread-1");
    assertThat(jvm.lines("exchange"))
        .hasSize(4)
        .allMatch(line -> line.get("verdict").asText().equals("matched"));
    assertThat(jvm.lines("summary")).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void aKilledJvmLeavesWholeLinesAndNoFile(Jdk jdk) throws IOException {
    Path log = folder.resolve("audit.jsonl");
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Jvm jvm =
        Jvm.of(Ends.class)
            .jdk(jdk)
            .log(log)
            .options("-Djava.io.tmpdir=" + temporary)
            .arguments("wait")
            .start();
    jvm.awaitLine("waiting");
    Jvm.await(() -> jvm.lines().size() == 2, 5);
    jvm.process().destroyForcibly();
    assertThat(jvm.await()).isEqualTo(137);
    assertThat(Files.readString(log)).endsWith("}\n");
    assertThat(temporary).isEmptyDirectory();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void threadsAndTheirNamesStay(Jdk jdk) {
    List<String> bare = threads(Jvm.of(ThreadNames.class).jdk(jdk).withoutAgent());
    // The exporter's threads are ours as well.
    List<String> with =
        threads(
            Jvm.of(ThreadNames.class)
                .jdk(jdk)
                .variable("OTEL_TRACES_EXPORTER", "otlp")
                .variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"));
    List<String> ours = with.stream().filter(line -> line.startsWith("thread httpaudit-")).toList();
    assertThat(ours).isNotEmpty().allMatch(line -> line.endsWith(" httpaudit true 5"));
    assertThat(with.stream().filter(line -> !line.contains("httpaudit-")).toList()).isEqualTo(bare);
  }

  /** What the program prints of its threads, then what the JVM's own dump does. */
  private static List<String> threads(Jvm.Setup setup) {
    try (Jvm jvm = setup.start()) {
      jvm.awaitLine("ready");
      Stream<String> dump =
          Command.run(
                  setup.jdk().home().resolve("bin/jcmd").toString(),
                  String.valueOf(jvm.pid()),
                  "Thread.print")
              .lines()
              // The VM's own threads have no number; how many of them collect garbage depends.
              .filter(line -> line.matches("\"[^\"]*\" #.*"))
              .map(
                  line ->
                      line.replaceAll(
                          "^(\"[^\"]*\") #\\d+( \\[\\d+\\])?( daemon)? (prio=\\d+)?.*",
                          "dump $1$3 $4"));
      Stream<String> printed = jvm.stdoutSoFar().lines().filter(line -> !line.equals("ready"));
      // How many threads compile, or complete an HttpClient's calls, depends on the time it takes.
      TreeSet<String> lines = new TreeSet<>();
      Stream.concat(printed, dump)
          .filter(line -> !line.contains("CompilerThread") && !line.contains("-Worker-"))
          .forEach(lines::add);
      jvm.say("");
      assertThat(jvm.await()).isZero();
      return new ArrayList<>(lines);
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void theProgramSeesNoneOfOurs(Jdk jdk) throws IOException {
    List<String> inside = inside();
    // Each is seen by four loaders, the launcher by two of them, and so are two resources.
    long boot = inside.stream().filter(name -> name.startsWith("boot/java/lang/")).count();
    Path classes =
        Files.write(
            folder.resolve("classes"),
            inside.stream()
                .filter(name -> name.endsWith(".classdata"))
                .map(
                    name ->
                        name.replaceFirst("^boot/", "").replace(".classdata", "").replace('/', '.'))
                .toList());
    Path resources =
        Files.write(
            folder.resolve("resources"),
            inside.stream().map(name -> name.replace(".classdata", ".class")).toList());
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Supplier<Jvm.Setup> program =
        () ->
            Jvm.of(Visible.class)
                .jdk(jdk)
                .options("-Djava.io.tmpdir=" + temporary)
                .arguments(classes, resources);
    Outcome with = Outcome.of(program.get().start());
    List<String> more = new ArrayList<>(with.output());
    Outcome bare = bare(program);
    bare.output().forEach(more::remove);
    assertThat(more)
        .allMatch(
            line ->
                line.matches(
                        "class (java\\.lang\\.HttpAudit[A-Za-z$]*|io\\.httpaudit\\.Launcher) by .*")
                    || line.matches(
                        "resource (META-INF/MANIFEST.MF|io/httpaudit/Launcher.class) at .*/httpaudit.jar!/.*"))
        .hasSize(4 * (int) boot + 2 + 4);
    List<String> less = new ArrayList<>(bare.output());
    with.output().forEach(less::remove);
    assertThat(less).isEmpty();
    hasTwoLines(with);
  }

  /** Every name in the jar, as the agent's own loader knows it. */
  private static List<String> inside() throws IOException {
    try (JarFile jar = new JarFile(Jvm.agentJar().toFile())) {
      List<String> names =
          jar.stream().map(entry -> entry.getName()).filter(name -> !name.endsWith("/")).toList();
      assertThat(names.stream().filter(name -> !name.startsWith("httpaudit/")))
          .containsExactlyInAnyOrder("META-INF/MANIFEST.MF", "io/httpaudit/Launcher.class");
      List<String> inside =
          new ArrayList<>(List.of("META-INF/MANIFEST.MF", "io/httpaudit/Launcher.classdata"));
      names.stream()
          .filter(name -> name.startsWith("httpaudit/"))
          .map(name -> name.substring(10))
          .forEach(inside::add);
      return inside;
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void theJvmsOwnChecksFindNothing(Jdk jdk) {
    List<String[]> options =
        List.of(
            new String[] {"-Xcheck:jni"},
            new String[] {
              "-XX:+UnlockDiagnosticVMOptions",
              "-XX:+BytecodeVerificationRemote",
              "-XX:+BytecodeVerificationLocal"
            },
            new String[] {"-XX:StartFlightRecording=filename=" + folder.resolve("recording.jfr")},
            new String[] {"-Xshare:on"},
            new String[] {"-Xint"},
            new String[] {"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"});
    for (String[] option : options) {
      Supplier<Jvm.Setup> program =
          () ->
              Jvm.of(HttpServerAndClients.class)
                  .jdk(jdk)
                  .options(NO_DELAY)
                  .options(option)
                  .arguments(5);
      hasTwoLines(isTheSame(program, HarmlessIT::withoutTheRunsOwn));
    }
  }

  /**
   * What the JVM's log says of this run alone, and what JDK 17 says of its own
   * Instrumentation.getAllLoadedClasses, whoever calls it: a reference to each class.
   */
  private static Outcome withoutTheRunsOwn(Outcome outcome) {
    List<String> lines =
        outcome.output().stream()
            .map(line -> line.replaceAll("^\\[[0-9.,]+s\\]|jcmd \\d+", ""))
            .collect(Collectors.toCollection(ArrayList::new));
    // One for each thread that called it.
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith("WARNING: JNI local refs: ")) {
        assertThat(lines.get(i + 1)).contains("InstrumentationImpl.getAllLoadedClasses0");
        lines.remove(i);
        while (i < lines.size() && lines.get(i).startsWith("\tat ")) {
          lines.remove(i);
        }
        i--;
      }
    }
    return new Outcome(outcome.exit(), lines, outcome.errors());
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void theArchiveOfClassesStaysInUse(Jdk jdk) throws IOException {
    List<Long> shared = new ArrayList<>();
    for (boolean agent : new boolean[] {false, true}) {
      Path log = folder.resolve("loaded-" + agent);
      Jvm.Setup setup = Jvm.of(Hello.class).jdk(jdk).options("-Xlog:class+load:file=" + log);
      (agent ? setup : setup.withoutAgent()).run();
      try (Stream<String> lines = Files.lines(log)) {
        shared.add(lines.filter(line -> line.contains("source: shared objects file")).count());
      }
    }
    assertThat(shared.get(1)).isGreaterThanOrEqualTo(shared.get(0)).isGreaterThan(400);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void withoutAPlaceForTheLibraryTimesOfTheApplicationRemain(Jdk jdk) throws IOException {
    List<Path> places = new ArrayList<>(List.of(folder.resolve("missing"), Path.of("/proc")));
    Path noexec = Files.createDirectory(folder.resolve("noexec"));
    boolean mounted = isRoot();
    if (mounted) {
      Command.run("mount", "-t", "tmpfs", "-o", "noexec,size=8m", "httpaudit", noexec.toString());
      places.add(noexec);
    }
    try {
      for (Path place : places) {
        Path log = folder.resolve("audit-" + place.getFileName());
        Supplier<Jvm.Setup> program =
            () ->
                Jvm.of(HttpServerAndClients.class)
                    .jdk(jdk)
                    .log(log)
                    .options("-Djava.io.tmpdir=" + place)
                    .arguments(3);
        Outcome with = isTheSame(program, outcome -> outcome);
        assertThat(with.ours().get(0))
            .contains("; application times only: jffi's native library can't be ")
            .contains(place.toString());
        assertThat(with.ours()).hasSize(2);
        assertThat(
                Jvm.lines(log).stream()
                    .filter(line -> line.get("type").asText().equals("exchange")))
            .hasSize(12)
            .allMatch(
                line ->
                    line.get("verdict").asText().equals("not_captured")
                        && line.get("why").asText().equals("no_native"))
            .noneMatch(line -> line.has("interface") || line.get("tcp").has("rtt"));
        if (Files.isDirectory(place) && !place.startsWith("/proc")) {
          assertThat(place).isEmptyDirectory();
        }
      }
    } finally {
      if (mounted) {
        Command.run("umount", noexec.toString());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void aLogThatCannotBeWrittenIsNotNoticed(Jdk jdk) throws IOException {
    List<Path> places =
        new ArrayList<>(
            List.of(Path.of("/dev/full"), folder.resolve("missing/audit.jsonl"), folder));
    Path small = Files.createDirectory(folder.resolve("small"));
    boolean mounted = isRoot();
    if (mounted) {
      Command.run("mount", "-t", "tmpfs", "-o", "size=8k", "httpaudit", small.toString());
      places.add(small.resolve("audit.jsonl"));
    }
    try {
      for (Path place : places) {
        Supplier<Jvm.Setup> program =
            () ->
                Jvm.of(HttpServerAndClients.class)
                    .jdk(jdk)
                    .options(NO_DELAY)
                    .log(place)
                    .arguments(20);
        Outcome with = isTheSame(program, outcome -> outcome);
        assertThat(with.ours())
            .as(place.toString())
            .hasSize(3)
            .anySatisfy(
                line ->
                    assertThat(line)
                        .matches(
                            "httpaudit: (the audit log can't be written|a line of the audit log was lost): .*"));
        assertThat(with.ours().get(2))
            .startsWith("httpaudit: 80 exchanges: ")
            .matches(".*, [0-9]+ log lines lost");
        long lost =
            Long.parseLong(with.ours().get(2).replaceAll(".*, ([0-9]+) log lines lost", "$1"));
        if (place.startsWith(small)) {
          // What is on the disk is whole up to the line that found no room; all else is counted.
          String text = Files.readString(place);
          long whole = text.substring(0, text.lastIndexOf('\n') + 1).lines().count();
          assertThat(whole + lost).isEqualTo(81);
        } else {
          assertThat(lost).isEqualTo(81);
        }
      }
    } finally {
      if (mounted) {
        Command.run("umount", small.toString());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void aCollectorThatIsDeadOrMuteIsNotNoticed(Jdk jdk) throws IOException {
    // Connections wait in its queue, and nobody ever answers.
    try (ServerSocket mute = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      for (String endpoint :
          List.of("http://127.0.0.1:9", "http://127.0.0.1:" + mute.getLocalPort())) {
        Path log = folder.resolve("audit-" + endpoint.hashCode());
        Supplier<Jvm.Setup> program =
            () ->
                Jvm.of(HttpServerAndClients.class)
                    .jdk(jdk)
                    .options(NO_DELAY)
                    .log(log)
                    .variable("OTEL_TRACES_EXPORTER", "otlp")
                    .variable("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
                    .arguments(20);
        long begin = System.nanoTime();
        Outcome with = Outcome.of(program.get().start());
        long took = System.nanoTime() - begin;
        begin = System.nanoTime();
        assertThat(with.withoutOurs()).isEqualTo(bare(program));
        // Our end is waited for three seconds, if nothing answers.
        assertThat((took - (System.nanoTime() - begin)) / 1e9).as(endpoint).isLessThan(10);
        assertThat(with.ours().get(0)).endsWith("; spans to " + endpoint);
        String last = with.ours().get(with.ours().size() - 1);
        assertThat(last).startsWith("httpaudit: 80 exchanges: ").endsWith(", 80 spans dropped");
        assertThat(with.ours().subList(1, with.ours().size() - 1))
            .allMatch(line -> line.startsWith("httpaudit: spans don't reach " + endpoint))
            .hasSizeLessThan(2);
        JsonNode summary =
            Jvm.lines(log).stream()
                .filter(line -> line.get("type").asText().equals("summary"))
                .findFirst()
                .orElseThrow();
        assertThat(summary.get("spans_dropped").asLong()).isEqualTo(80);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void noThreadFromMainOnHasTheRights(Jdk jdk) {
    assumeTrue(isRoot(), "needs CAP_NET_RAW and CAP_BPF to give up");
    Outcome with = Outcome.of(Jvm.of(Capabilities.class).jdk(jdk).start());
    List<String> threads =
        with.output().stream().filter(line -> !line.startsWith("task ")).toList();
    assertThat(threads).hasSizeGreaterThan(11);
    for (String line : threads) {
      for (String set : line.substring(line.indexOf(' ') + 1).split(" ")) {
        assertThat(Long.parseUnsignedLong(set, 16) & (1L << 13 | 1L << 39)).as(line).isZero();
      }
    }
    // The VM's own threads are older.
    assertThat(with.output())
        .anyMatch(
            line ->
                line.startsWith("task VM Thread|")
                    && (Long.parseUnsignedLong(line.substring(15), 16) & 1L << 13) != 0);

    Outcome kept = Outcome.of(Jvm.of(Capabilities.class).jdk(jdk).set("rights", "keep").start());
    Outcome bare = Outcome.of(Jvm.of(Capabilities.class).jdk(jdk).withoutAgent().start());
    assertThat(kept.output().stream().filter(line -> !line.startsWith("task ")).toList())
        .isEqualTo(bare.output().stream().filter(line -> !line.startsWith("task ")).toList());
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void asksForNothingTwice(Jdk jdk) {
    Supplier<Jvm.Setup> twice = () -> Jvm.of(HttpServerAndClients.class).jdk(jdk).arguments(5);
    Outcome with = Outcome.of(twice.get().options("-javaagent:" + Jvm.agentJar()).start());
    assertThat(with.withoutOurs()).isEqualTo(bare(twice));
    // The start line comes beside the program's own start.
    assertThat(with.ours()).hasSize(3).anySatisfy(start -> assertThat(start).matches(START));
    assertThat(with.ours().stream().filter(line -> !line.matches(START)))
        .satisfiesExactly(
            second ->
                assertThat(second)
                    .isEqualTo(
                        "httpaudit: already in this JVM; attaching it again changes nothing"),
            end -> assertThat(end).startsWith("httpaudit: 20 exchanges: "));
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void comesIntoARunningJvm(Jdk jdk) {
    Path log = folder.resolve("audit.jsonl");
    try (Jvm jvm =
        Jvm.of(OnDemand.class)
            .jdk(jdk)
            .withoutAgent()
            .options("-XX:+EnableDynamicAgentLoading")
            .start()) {
      jvm.awaitLine("ready");
      Command.run(
          jdk.home().resolve("bin/jcmd").toString(),
          String.valueOf(jvm.pid()),
          "JVMTI.agent_load",
          jdk.home().resolve("lib/libinstrument.so").toString(),
          "\"" + Jvm.agentJar() + "=log=" + log + "\"");
      Jvm.await(() -> jvm.stderrSoFar().contains("auditing pid"), 20);
      jvm.say("again");
      jvm.awaitLine("again answered");
      jvm.say("new");
      jvm.awaitLine("new answered");
      jvm.closeInput();
      Outcome with = Outcome.of(jvm);
      assertThat(with.exit()).isZero();
      hasTwoLines(with);
      assertThat(with.withoutOurs().errors()).isEmpty();
      // Of the connection that is older nothing is told that could be wrong; of the new one, all
      // that is known.
      assertThat(
              Jvm.lines(log).stream().filter(line -> line.get("type").asText().equals("exchange")))
          .isNotEmpty()
          .allMatch(line -> line.get("url").asText().endsWith("/new"))
          .allMatch(line -> line.get("verdict").asText().equals("matched") || line.has("why"));
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void leavesToolsAlone(Jdk jdk) throws IOException {
    Path source = Files.writeString(folder.resolve("Empty.java"), "class Empty {}");
    String options = "-javaagent:" + Jvm.agentJar();
    for (String[] words :
        new String[][] {
          {"javac", "-d", folder.toString(), source.toString()}, {"jps"}, {"jar", "--version"}
        }) {
      List<String> command =
          new ArrayList<>(
              List.of(
                  "env",
                  "JAVA_TOOL_OPTIONS=" + options,
                  jdk.home().resolve("bin").resolve(words[0]).toString()));
      command.addAll(List.of(words).subList(1, words.length));
      assertThat(Command.errors(command))
          .isEqualTo("Picked up JAVA_TOOL_OPTIONS: " + options + "\n");
    }
    // And no program.
    Outcome program =
        Outcome.of(
            Jvm.of(Hello.class)
                .jdk(jdk)
                .withoutAgent()
                .variable("JAVA_TOOL_OPTIONS", options)
                .start());
    hasTwoLines(program);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void restsWhenTheProgramDoes(Jdk jdk) throws Exception {
    try (Jvm jvm = Jvm.of(OnDemand.class).jdk(jdk).start().awaitAudit()) {
      jvm.awaitLine("ready");
      Thread.sleep(2_000);
      long before = wakeUps(jvm);
      Thread.sleep(5_000);
      double each = (wakeUps(jvm) - before) / 5.0;
      System.out.println(jdk + ": " + each + " wake-ups a second at rest");
      assertThat(each).isLessThanOrEqualTo(2.2);
      jvm.closeInput();
      assertThat(jvm.await()).isZero();
    }
  }

  /** Voluntary context switches of all of our threads. */
  private static long wakeUps(Jvm jvm) throws IOException {
    long sum = 0;
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + jvm.pid() + "/task"))) {
      for (Path task : tasks.toList()) {
        if (Files.readString(task.resolve("comm")).startsWith("httpaudit-")) {
          String status = Files.readString(task.resolve("status"));
          sum +=
              Long.parseLong(
                  status.replaceAll("(?s).*\\nvoluntary_ctxt_switches:\\s*(\\d+).*", "$1"));
        }
      }
    }
    return sum;
  }

  @Test
  void switchedOffItIsNotThere() {
    Outcome with =
        isTheSame(
            () -> Jvm.of(HttpServerAndClients.class).set("enabled", "false").arguments(3),
            outcome -> outcome);
    assertThat(with.ours()).isEmpty();
  }

  private static boolean isRoot() {
    return Command.run("id", "-u").trim().equals("0");
  }
}
