package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.it.oracle.Capture;
import io.httpaudit.it.oracle.Comparison;
import io.httpaudit.it.oracle.Decryption;
import io.httpaudit.it.oracle.Side;
import io.httpaudit.it.oracle.Tally;
import io.httpaudit.it.oracle.Witness;
import io.httpaudit.stacks.Contract;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One contract for every library below {@code stacks/}, as server and as client, plain and over
 * TLS, on each JDK: each exchange is as the capture has it, and none is in another's trace. By
 * default a part of the cells; {@code stacks.sh} runs all.
 */
@Tag("abreast")
@Timeout(120)
class StacksIT {
  private static final int EXCHANGES = 200 * Integer.getInteger("volume", 1);
  private static final int IN_CONTEXTS = 500 * Integer.getInteger("volume", 1);

  /** Where all cells are run, each library is asked so much in contexts, in all of its cells. */
  private static final int IN_CONTEXTS_OF_A_STACK = 10_000;

  private static final int AT_ONCE = 50;
  private static final boolean ALL = Boolean.getBoolean("stacks.all");
  private static final String ROW = "%-24s %-20s %-4s %-6s %-7s %9s %8s %6s %8s %8s %8s%n";
  private static final String TRACE = "c0ffee%026x";

  /** Of the fat jars, which start slowly, those that are by default asked within. */
  private static final Set<String> IN_JARS =
      Set.of("spring boot 3 tomcat", "spring boot 4 webflux");

  /** Those of whom several requests are by default in hand at once on a connection. */
  private static final Set<String> AHEAD = Set.of("netty 4.2", "reactor-netty 1", "vert.x 5");

  /** By which pattern each of Spring's is asked. */
  private static final String SPRINGS = "/x/{number}/{bytes}/{framing}";

  private static final List<Row> ROWS = new CopyOnWriteArrayList<>();

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  /** A line of a module's {@code stacks.txt}. */
  private record Stack(
      String name,
      String main,
      String version,
      Set<String> roles,
      int jdk,
      boolean linked,
      String jar,
      Path in) {
    static Stack of(String line, Path module) {
      String[] words = line.split(" *\\| *");
      return new Stack(
          words[0],
          words[1],
          words[2],
          Set.of(words[3].split(" ")),
          Integer.parseInt(words[4]),
          words[5].equals("linked"),
          words.length > 6 ? words[6] : null,
          module);
    }

    /** Neither a fat jar, nor another one by sockets that are none of the JDK's. */
    boolean isPlain() {
      return jar == null && !name.endsWith(" epoll") && !name.endsWith(" io_uring");
    }

    boolean isSprings() {
      return name.startsWith("spring boot");
    }

    /** Whether it is by default held against the capture: of such sockets, Netty's own use. */
    boolean isCaptured() {
      return isPlain() || jar == null && name.startsWith("netty");
    }

    Jvm.Setup start() {
      Path target = in.resolve("target");
      return jar != null
          ? Jvm.of("").options("-jar", target.resolve(jar).toString())
          : Jvm.of(Contract.class)
              .options("-cp", target + "/classes" + File.pathSeparator + target + "/lib/*");
    }
  }

  private record Cell(Stack stack, Jdk jdk, boolean tls, String role) {
    boolean isServer() {
      return role.equals("server");
    }

    @Override
    public String toString() {
      return stack.name() + ", " + role + ", " + (tls ? "tls" : "plain") + ", " + jdk;
    }
  }

  /**
   * What came of a cell, or of a part of it: of exchanges that were held against the capture, and
   * of those that were asked within others.
   */
  private record Row(
      Cell cell, long compared, long matched, long wrong, long asked, long linked, long crossed) {
    Row plus(Row other) {
      return new Row(
          cell,
          compared + other.compared,
          matched + other.matched,
          wrong + other.wrong,
          asked + other.asked,
          linked + other.linked,
          crossed + other.crossed);
    }

    static String header() {
      return String.format(
          ROW,
          "stack",
          "version",
          "jdk",
          "",
          "role",
          "compared",
          "matched",
          "wrong",
          "asked",
          "linked",
          "crossed");
    }

    String text() {
      return String.format(
          ROW,
          cell.stack().name(),
          cell.stack().version(),
          cell.jdk().feature(),
          cell.tls() ? "tls" : "plain",
          cell.role(),
          compared,
          matched,
          wrong,
          asked,
          linked,
          crossed);
    }
  }

  private static List<Stack> stacks() {
    List<Stack> stacks = new ArrayList<>();
    Set<String> only = Set.of(System.getProperty("stacks.only", "").split(" *, *"));
    try (Stream<Path> modules = Files.list(Path.of(System.getProperty("stacks")))) {
      for (Path module : modules.sorted().toList()) {
        Path told = module.resolve("target/classes/stacks.txt");
        if (Files.exists(told)
            && (only.contains("") || only.contains(module.getFileName().toString()))) {
          Files.readAllLines(told).forEach(line -> stacks.add(Stack.of(line, module)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return stacks;
  }

  private static List<Cell> cells(int part) {
    List<Cell> cells = new ArrayList<>();
    int number = part;
    for (Stack stack : stacks()) {
      for (String role : List.of("server", "client")) {
        if (!stack.roles().contains(role)) {
          continue;
        }
        List<Cell> all = new ArrayList<>();
        for (boolean tls : new boolean[] {false, true}) {
          for (Jdk jdk : Jdk.all()) {
            if (jdk.feature() >= stack.jdk()) {
              all.add(new Cell(stack, jdk, tls, role));
            }
          }
        }
        if (ALL || all.isEmpty()) {
          cells.addAll(all);
        } else {
          cells.add(all.get(number++ % all.size()));
        }
      }
    }
    return cells;
  }

  /** By default not all of those that are held against the capture. */
  private static List<Cell> capturedCells(int part, int from, int step) {
    List<Cell> cells =
        cells(part).stream().filter(cell -> ALL || cell.stack().isCaptured()).toList();
    List<Cell> chosen = new ArrayList<>();
    for (int i = ALL ? 0 : from; i < cells.size(); i += ALL ? 1 : step) {
      chosen.add(cells.get(i));
    }
    return chosen;
  }

  /** By default few: {@link #eachCaseIsToldAsItWas} has ordinary exchanges, too. */
  static List<Cell> cells() {
    return capturedCells(0, 0, 4);
  }

  /** By default of those that are to be linked, and few of those in a jar, which start slowly. */
  static List<Cell> contextCells() {
    return cells(1).stream()
        .filter(
            cell ->
                ALL
                    || cell.stack().linked()
                        && (cell.stack().isPlain()
                            || cell.isServer() && IN_JARS.contains(cell.stack().name())))
        .toList();
  }

  @BeforeAll
  static void rights() {
    assumeTrue(
        "root".equals(System.getProperty("user.name")),
        "needs root: a packet filter and network namespaces");
    for (String program : List.of("tcpdump", "tshark", "ip", "python3")) {
      assumeTrue(Command.exists(program), "needs " + program);
    }
  }

  @AfterAll
  static void tell() {
    Map<Cell, Row> cells = new LinkedHashMap<>();
    ROWS.stream()
        .sorted(Comparator.comparing(row -> row.cell().toString()))
        .forEach(row -> cells.merge(row.cell(), row, Row::plus));
    System.out.print(Row.header());
    cells.values().forEach(row -> System.out.print(row.text()));
    stacks().stream()
        .filter(stack -> Jdk.all().stream().noneMatch(jdk -> jdk.feature() >= stack.jdk()))
        .forEach(stack -> System.out.println(stack.name() + ": not run, needs JDK " + stack.jdk()));
    ROWS.stream()
        .reduce(Row::plus)
        .ifPresent(
            all ->
                System.out.printf(
                    "%d cells: %d exchanges, %d matched, %d wrong; %d asked in contexts, %d linked, %d crossed%n",
                    cells.size(),
                    all.compared(),
                    all.matched(),
                    all.wrong(),
                    all.asked(),
                    all.linked(),
                    all.crossed()));
  }

  private static void add(Row row) {
    ROWS.add(row);
    System.out.print(row.text());
  }

  private Jvm.Setup program(Cell cell, Object... words) {
    return cell.stack()
        .start()
        .jdk(cell.jdk())
        .optionsBefore("-Xmx512m")
        .log(folder.resolve("audit.jsonl"))
        .arguments(cell.stack().main())
        .arguments(words);
  }

  // ---- the capture's figures

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cells")
  void eachExchangeIsAsTheCaptureHasIt(Cell cell) {
    Jvm jvm =
        captured(
            cell,
            (host, store, version) ->
                cell.isServer()
                    ? server(cell, host, store, version)
                    : client(cell, host, store, version));
    Tally tally = compare(cell, jvm, true);
    add(
        new Row(
            cell,
            tally.wholes(),
            tally.matched(),
            tally.wrong().size() + tally.missing().size() + tally.extra().size(),
            0,
            0,
            0));
    tally.assertRight();
    assertThat(tally.wholes()).isEqualTo(EXCHANGES);
    assertThat(tally.matched()).isEqualTo(EXCHANGES);
    assertThat(jvm.lines("summary").get(0).has("faults")).isFalse();
  }

  /** What runs the other end and the JVM. */
  private interface Run {
    Jvm on(Namespaces.Host host, Object store, String version);
  }

  /** In a network of its own, while all its packets are captured. */
  private Jvm captured(Cell cell, Run run) {
    Keys keys = Keys.in(folder);
    String version = cell.tls() ? "1.3" : "plain";
    Object store = cell.tls() ? keys.store() : "plain";
    try (Namespaces network = new Namespaces()) {
      Namespaces.Host host = network.host();
      try (Tcpdump tcpdump = new Tcpdump(host, "lo", "tcp", folder.resolve("lo.pcap"))) {
        Jvm jvm = run.on(host, store, version);
        tcpdump.stop();
        return jvm;
      }
    }
  }

  private Jvm server(Cell cell, Namespaces.Host host, Object store, String version) {
    Jvm jvm = program(cell, "serve", store).in(host).start();
    try (jvm) {
      String port = jvm.awaitLine("port ");
      jvm.awaitAudit();
      PythonTls.client(host, version, port, EXCHANGES, folder, List.of()).await();
      jvm.closeInput();
      assertThat(jvm.await()).as(jvm.stderr()).isZero();
    }
    return jvm;
  }

  private Jvm client(Cell cell, Namespaces.Host host, Object store, String version) {
    try (PythonTls server = PythonTls.server(host, version, folder, List.of())) {
      Jvm jvm = program(cell, "ask", store, server.port(), EXCHANGES).in(host).run();
      server.end();
      return jvm;
    }
  }

  // ---- what goes otherwise than most

  /**
   * Each case on a connection of its own, between two ordinary exchanges, where it leaves the
   * connection open.
   */
  private static final List<String> ASKED =
      List.of(
          "404",
          "500",
          "302",
          "continue",
          "throws",
          "async",
          "slow",
          "slow-reset",
          "gone",
          "gone-reset");

  /** One after the other, by the same client. */
  private static final List<String> ANSWERED =
      List.of(
          "404",
          "500",
          "redirect",
          "continue",
          "cut",
          "cutchunks",
          "slow",
          "silent",
          "stale",
          "stalereset");

  static List<Cell> caseCells() {
    return capturedCells(2, 1, 3);
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("caseCells")
  void eachCaseIsToldAsItWas(Cell cell) {
    List<String> cases = new ArrayList<>(cell.isServer() ? ASKED : ANSWERED);
    if (cell.stack().roles().contains("upgrade")) {
      cases.add("upgrade");
    }
    String only = System.getProperty("stacks.cases", "");
    cases.removeIf(name -> !only.isEmpty() && !Set.of(only.split(",")).contains(name));
    Tally tally = told(cell, cases);
    long wrong = tally.wrong().size() + tally.missing().size() + tally.extra().size();
    add(new Row(cell, tally.lines(), tally.matched() + tally.cutsMatched(), wrong, 0, 0, 0));
    assertTold(tally, cases);
  }

  /**
   * What is written from a shared arena's memory, as Netty 4.2 keeps large buffers in on JDK 25, is
   * read as well: here the frames of a WebSocket.
   */
  @Test
  void memoryOfASharedArenaIsReadAsWell() {
    List<Stack> epoll =
        stacks().stream()
            .filter(s -> s.name().equals("armeria 1 epoll") && s.roles().contains("server"))
            .toList();
    assumeTrue(!epoll.isEmpty(), "Armeria is not among the modules that were asked for");
    List<String> cases = List.of("upgrade");
    assertTold(
        told(new Cell(epoll.get(0), Jdk.all().get(Jdk.all().size() - 1), false, "server"), cases),
        cases);
  }

  private static void assertTold(Tally tally, List<String> cases) {
    tally.assertRight();
    assertThat(tally.lines()).isGreaterThanOrEqualTo(2L * cases.size());
  }

  private Tally told(Cell cell, List<String> cases) {
    Jvm jvm =
        captured(
            cell,
            (host, store, version) ->
                cell.isServer()
                    ? serverOf(cases, cell, host, store, version)
                    : clientOf(cases, cell, host, store, version));
    Tally tally = compare(cell, jvm, false);
    assertThat(jvm.lines("summary").get(0).has("faults")).as(cell + ": faults").isFalse();
    return tally;
  }

  private Jvm serverOf(
      List<String> cases, Cell cell, Namespaces.Host host, Object store, String version) {
    Jvm jvm = program(cell, "serve", store).in(host).start();
    try (jvm) {
      String port = jvm.awaitLine("port ");
      jvm.awaitAudit();
      PythonTls.caseClient(host, version, port, folder, cases).await();
      awaitAll(jvm, cases);
      jvm.closeInput();
      assertThat(jvm.await()).as(jvm.stderr()).isZero();
    }
    return jvm;
  }

  private Jvm clientOf(
      List<String> cases, Cell cell, Namespaces.Host host, Object store, String version) {
    try (PythonTls server = PythonTls.caseServer(host, version, folder)) {
      List<Object> words = new ArrayList<>(List.of("cases", store, server.port()));
      words.addAll(cases);
      Jvm jvm = program(cell, words.toArray()).in(host).run();
      server.end();
      return jvm;
    }
  }

  /**
   * A server notices late that its client has gone, and an exit may come first. One that never does
   * is the oracle's to judge.
   */
  private static void awaitAll(Jvm jvm, List<String> cases) {
    long end = System.nanoTime() + 5_000_000_000L;
    while (System.nanoTime() < end && !areAllTold(jvm.lines(), cases)) {
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static boolean areAllTold(List<JsonNode> lines, List<String> cases) {
    for (String name : cases) {
      boolean told =
          lines.stream()
              .anyMatch(
                  line ->
                      name.equals("upgrade")
                          ? line.path("outcome").asText().equals("upgraded")
                          : line.path("url").asText().endsWith("/" + name));
      if (!told) {
        return false;
      }
    }
    return true;
  }

  /**
   * @param witnessed whether the other end gives an account of its own, under TLS
   */
  private Tally compare(Cell cell, Jvm jvm, boolean witnessed) {
    Path packets = folder.resolve("lo.pcap");
    Capture capture = Capture.of(packets);
    Set<Side> sides = EnumSet.of(cell.isServer() ? Side.SERVER : Side.CLIENT);
    String arm = cell.toString();
    if (!cell.tls()) {
      return Comparison.of(arm, capture, "lo", sides, jvm.lines());
    }
    Decryption decryption = Decryption.of(packets, folder.resolve("keys.txt"));
    if (!witnessed) {
      return Comparison.of(arm, capture, decryption, "lo", sides, jvm.lines());
    }
    Witness witness = new Witness(Jvm.lines(folder.resolve("messages.jsonl")));
    return Comparison.of(arm, capture, decryption, witness, "lo", sides, jvm.lines());
  }

  // ---- whose trace

  /** The number in {@code /x/NUMBER/…}. */
  private static int number(JsonNode line) {
    return Integer.parseInt(line.get("url").asText().split("/")[4]);
  }

  private static boolean isCustomers(JsonNode line) {
    return line.get("url").asText().endsWith("/20/length");
  }

  private static boolean isServers(JsonNode line) {
    return line.get("side").asText().equals("server");
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("contextCells")
  void whatIsAskedWithinARequestIsInItsTraceAndInNoOther(Cell cell) {
    inTraces(cell, cell.isServer() ? "serves" : "asks");
  }

  /** Of the servers that are to be linked; by default not of those in a jar, which start slowly. */
  static List<Cell> pipelinedCells() {
    return cells(2).stream()
        .filter(cell -> cell.isServer() && cell.stack().linked())
        .filter(cell -> ALL || AHEAD.contains(cell.stack().name()))
        .toList();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("pipelinedCells")
  void whatIsAskedWithinOneOfThosePipelinedIsInItsTraceAndInNoOther(Cell cell) {
    inTraces(cell, "pipelined");
  }

  /** By the cells of {@link #contextCells} and {@link #pipelinedCells} that its library has. */
  private static int inContexts(Cell cell) {
    if (!ALL) {
      return IN_CONTEXTS;
    }
    long jdks = Jdk.all().stream().filter(jdk -> jdk.feature() >= cell.stack().jdk()).count();
    long cells = jdks * (cell.isServer() && cell.stack().linked() ? 4 : 2);
    return (int) Math.max(IN_CONTEXTS, IN_CONTEXTS_OF_A_STACK / cells);
  }

  private void inTraces(Cell cell, String how) {
    int requests = inContexts(cell);
    Object store = cell.tls() ? Keystore.in(folder) : "plain";
    Jvm.Setup setup = program(cell, how, store, requests, AT_ONCE);
    if (cell.stack().isSprings()) {
      setup.variable("OTEL_TRACES_EXPORTER", "console");
    }
    Jvm jvm = setup.run();

    // Where a busy machine has the agent's time run out at the end, a parent's line is not there.
    assertThat(jvm.lines("summary")).as("the log, to its end").hasSize(1);
    Map<Integer, String> serverSpans = new HashMap<>();
    List<JsonNode> lines = jvm.lines("exchange");
    List<JsonNode> crossed = new ArrayList<>();
    for (JsonNode line : lines) {
      String trace = line.get("trace_id").asText();
      if (trace.startsWith("c0ffee") && !trace.equals(String.format(TRACE, number(line)))) {
        crossed.add(line);
      }
      if (isCustomers(line) && isServers(line)) {
        assertThat(serverSpans.put(number(line), line.get("span_id").asText())).isNull();
      }
    }
    long linked = 0;
    for (JsonNode line : lines) {
      if (!isCustomers(line) && !isServers(line) && line.has("parent_span_id")) {
        if (line.get("parent_span_id").asText().equals(serverSpans.get(number(line)))) {
          linked++;
        } else {
          crossed.add(line);
        }
      }
    }
    add(new Row(cell, 0, 0, 0, requests, linked, crossed.size()));
    assertThat(jvm.stdout()).as(jvm.stderr()).contains("done");
    assertThat(crossed).isEmpty();
    // Each request has its SERVER span, in the customer's trace.
    assertThat(serverSpans).hasSize(requests);
    if (cell.stack().linked()) {
      assertThat(linked).isEqualTo(requests);
    }
    assertThat(jvm.stderr().lines().filter(line -> line.startsWith("httpaudit"))).hasSize(2);
    if (cell.stack().isSprings() && cell.isServer()) {
      assertThat(customersSpans(jvm)).containsOnly(SPRINGS);
    }
  }

  /** The names of the SERVER spans, each behind its method. */
  private static Set<String> customersSpans(Jvm jvm) {
    Set<String> names = new TreeSet<>();
    for (JsonNode span : jvm.spans()) {
      if (span.get("kind").asText().equals("SERVER")
          && span.get("attributes").get("url.path").asText().endsWith("/20/length")) {
        String method = span.get("attributes").get("http.request.method").asText();
        names.add(span.get("span").asText().replaceFirst("^" + method + " ", ""));
      }
    }
    return names;
  }
}
