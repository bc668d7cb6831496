package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.it.RecordingServer.Heard;
import io.httpaudit.load.ClientCalls;
import io.httpaudit.stacks.Keys;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the JDK's two clients send, as a server that takes down each head saw it, against the audit
 * log: whose child each exchange is, that no span's id is sent twice, and that what they send is
 * otherwise what they send without the agent.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientsIT {
  private static final List<String> URL = List.of("url");
  private static final List<String> NEW = List.of("http1", "http1-async", "http2", "http2-async");
  private static final List<String> ALL =
      List.of("url", "http1", "http1-async", "http2", "http2-async");

  private static final List<String> WRAPPED = List.of("http1-wrapped", "http1-wrapped");

  private static final Set<String> OURS = Set.of("traceparent", "tracestate", "baggage");
  private static final String OWN_TRACE = "0123456789abcdef0123456789abcdef";
  private static final String OWN_SPAN = "fedcba9876543210";
  private static final int CONCURRENT = 50;

  /** Asked for behind what the server closed its connection for. */
  private static final String AFTER_CLOSE = "/after";

  @TempDir static Path folder;

  private RecordingServer plain;
  private RecordingServer secure;
  private ServerSocket full;
  private ServerSocket closing;
  private final List<Socket> filling = new ArrayList<>();
  private int refused;
  private Tomcat tomcat;
  private Connector connector;
  private Connector secureConnector;
  private final List<String> heardByTomcat = Collections.synchronizedList(new ArrayList<>());
  private final Map<Jdk, Run> runs = new HashMap<>();

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  /** One call of the program's: where to, and what must come of it. */
  private record Case(String id, String client, String action, String to, String outcome) {}

  /** What came of one program's life. */
  private record Run(
      Map<Case, String> outcomes,
      List<Heard> heard,
      List<JsonNode> lines,
      Map<String, Integer> resends,
      String stderr) {
    List<JsonNode> exchanges(String side) {
      return lines.stream()
          .filter(line -> line.get("type").asText().equals("exchange"))
          .filter(line -> line.get("side").asText().equals(side))
          .toList();
    }

    List<JsonNode> connections(String outcome) {
      return lines.stream()
          .filter(line -> line.get("type").asText().equals("connection"))
          .filter(line -> line.get("outcome").asText().equals(outcome))
          .toList();
    }

    /** The SERVER span in which a case's call was made. */
    JsonNode server(Case of) {
      List<JsonNode> found =
          exchanges("server").stream()
              .filter(line -> line.get("url").asText().contains("/" + of.id() + "/"))
              .toList();
      assertThat(found).describedAs("server's exchange of %s", of).hasSize(1);
      return found.get(0);
    }

    /** The exchanges of that method which are the case's server's children. */
    List<JsonNode> childrenOf(Case of, String method) {
      JsonNode server = server(of);
      return exchanges("client").stream()
          .filter(line -> line.get("trace_id").equals(server.get("trace_id")))
          .filter(line -> line.get("method").asText().equals(method))
          .filter(line -> server.get("span_id").equals(line.get("parent_span_id")))
          .toList();
    }

    /** The heads that were sent for a case. */
    List<Heard> heard(Case of) {
      return heard.stream().filter(head -> head.target().endsWith("/" + of.id())).toList();
    }

    /** The exchange whose ids a head carries. */
    JsonNode of(Heard head) {
      String[] ids = head.field("traceparent").get(0).split("-");
      List<JsonNode> found =
          exchanges("client").stream()
              .filter(
                  line ->
                      line.get("trace_id").asText().equals(ids[1])
                          && line.get("span_id").asText().equals(ids[2]))
              .toList();
      assertThat(found).describedAs("client's exchanges of %s", head).hasSize(1);
      return found.get(0);
    }
  }

  // ---- the other end

  @BeforeAll
  void start() throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    plain = new RecordingServer(new ServerSocket(0, 100, loopback));
    Path keystore = Keystore.in(folder);
    secure =
        new RecordingServer(
            Keys.context(keystore).getServerSocketFactory().createServerSocket(0, 100, loopback));
    full = new ServerSocket(0, 1, loopback);
    // Of a full queue the kernel answers no SYN.
    for (int i = 0; i < 2; i++) {
      filling.add(new Socket(loopback, full.getLocalPort()));
    }
    try (ServerSocket gone = new ServerSocket(0, 1, loopback)) {
      refused = gone.getLocalPort();
    }
    startTomcat(keystore);
    plain.redirect("secured", "https://localhost:" + secure.port() + "/plain/");
    secure.redirect("to-h2", "https://localhost:" + secureConnector.getLocalPort() + "/h2/");
    closing = new ServerSocket(0, 100, loopback);
    Thread closes = new Thread(this::closeEach, "closes");
    closes.setDaemon(true);
    closes.start();
  }

  /** Reads a little of what it is sent, and has nothing to say. */
  private void closeEach() {
    try {
      while (true) {
        try (Socket socket = closing.accept()) {
          socket.getInputStream().read(new byte[4096]);
        }
      }
    } catch (IOException e) {
      // It is over.
    }
  }

  /** A server that grants the upgrade to HTTP/2 which java.net.http asks for, and ALPN's h2. */
  private void startTomcat(Path keystore) throws Exception {
    Logger.getLogger("org.apache").setLevel(Level.SEVERE);
    tomcat = new Tomcat();
    Path base = Files.createDirectory(folder.resolve("tomcat"));
    tomcat.setBaseDir(base.toString());
    connector = connector();
    tomcat.setConnector(connector);
    secureConnector = connector();
    secureConnector.setScheme("https");
    secureConnector.setSecure(true);
    secureConnector.setProperty("SSLEnabled", "true");
    SSLHostConfig host = new SSLHostConfig();
    SSLHostConfigCertificate certificate =
        new SSLHostConfigCertificate(host, SSLHostConfigCertificate.Type.EC);
    certificate.setCertificateKeystoreFile(keystore.toString());
    certificate.setCertificateKeystorePassword(Keys.PASSWORD);
    host.addCertificate(certificate);
    secureConnector.addSslHostConfig(host);
    tomcat.getService().addConnector(secureConnector);
    Context context = tomcat.addContext("", base.toString());
    Tomcat.addServlet(context, "recording", new Recording());
    context.addServletMapping("/*", "recording");
    tomcat.start();
  }

  private static Connector connector() {
    Connector connector = new Connector();
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    connector.addUpgradeProtocol(new Http2Protocol());
    return connector;
  }

  private final class Recording extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      heardByTomcat.add(
          request.getRequestURI()
              + " "
              + request.getProtocol()
              + " "
              + request.getHeader("traceparent"));
      if (request.getRequestURI().startsWith("/away/")) {
        String id = request.getRequestURI().substring("/away/".length());
        response.sendRedirect("https://localhost:" + secure.port() + "/plain/" + id);
        return;
      }
      response.setContentLength(2);
      response.getOutputStream().print("ok");
    }
  }

  @AfterAll
  void stop() throws Exception {
    plain.close();
    secure.close();
    for (Socket socket : filling) {
      socket.close();
    }
    full.close();
    closing.close();
    tomcat.stop();
    tomcat.destroy();
  }

  // ---- the calls

  /** With ids that begin so. */
  private List<Case> cases(String prefix) {
    List<Case> cases = new ArrayList<>();
    addTo(cases, prefix, "http://localhost:" + plain.port(), List.of("proxied"));
    add(cases, prefix, ALL, "get", "http://nowhere.invalid:80/plain", "*");
    List<String> tunnels = List.of("tunnel-" + plain.port(), "auth-" + plain.port());
    addTo(cases, prefix, "https://localhost:" + secure.port(), tunnels);
    add(cases, prefix, NEW, "get", "http://localhost:" + plain.port() + "/secured", "200 2");
    return cases;
  }

  /** Of either server. */
  private static void addTo(List<Case> cases, String prefix, String at, List<String> proxied) {
    add(cases, prefix, URL, "get", at + "/plain", "200 2");
    for (String path : List.of("/plain", "/redirect", "/elsewhere", "/auth", "/drop", "/close")) {
      add(cases, prefix, ALL, "get", at + path, "200 2");
    }
    add(cases, prefix, ALL, "get", at + AFTER_CLOSE, "200 2");
    for (String action : List.of("post", "large", "signed", "own")) {
      add(cases, prefix, ALL, action, at + "/plain", "200 2");
    }
    for (String action : proxied) {
      add(cases, prefix, ALL, action, at + "/plain", "200 2");
    }
    add(cases, prefix, URL, "connect", at + "/plain", "200 2");
    add(cases, prefix, URL, "again", at + "/plain", "200 2");
    add(cases, prefix, URL, "fixed", at + "/plain", "200 2");
    add(cases, prefix, URL, "properties", at + "/empty", "*");
    add(cases, prefix, NEW, "busy", at + "/plain", "200 2");
  }

  private static void add(
      List<Case> cases,
      String prefix,
      List<String> clients,
      String action,
      String to,
      String outcome) {
    for (String client : clients) {
      String id = prefix + cases.size();
      cases.add(new Case(id, client, action, to + "/" + id, outcome));
    }
  }

  /** With the agent only, since HTTP/2 and failures have no heads to compare. */
  private List<Case> further() {
    List<Case> cases = new ArrayList<>();
    add(cases, "t", ALL, "get", "http://127.0.0.1:" + refused + "/refused", "ConnectException");
    add(cases, "t", ALL, "impatient", "http://127.0.0.1:" + full.getLocalPort() + "/timeout", "*");
    String granting = "http://127.0.0.1:" + connector.getLocalPort();
    add(cases, "t", List.of("http2", "http2-async", "http2"), "get", granting + "/h2", "200 2");
    String negotiating = "https://localhost:" + secureConnector.getLocalPort();
    List<String> both = List.of("http2", "http2-async", "http2", "http1", "url");
    add(cases, "s", both, "get", negotiating + "/h2", "200 2");
    add(cases, "s", both, "get", negotiating + "/away", "200 2");
    add(cases, "s", both, "get", "https://localhost:" + secure.port() + "/to-h2", "200 2");
    add(cases, "w", WRAPPED, "get", "https://localhost:" + secure.port() + "/plain", "200 2");
    String deaf = "https://localhost:" + closing.getLocalPort();
    add(cases, "t", ALL, "get", deaf + "/deaf", "*");
    add(cases, "t", ALL, "tunnel-" + plain.port(), deaf + "/deaf", "*");
    add(cases, "t", ALL, "get", "https://127.0.0.1:" + refused + "/refused", "ConnectException");
    return cases;
  }

  private Run run(Jdk jdk) {
    return runs.computeIfAbsent(jdk, this::runOnce);
  }

  private Run runOnce(Jdk jdk) {
    String prefix = "a" + jdk.feature() + "x";
    int before = plain.heard().size();
    int beforeSecure = secure.heard().size();
    Path log = folder.resolve("audit-" + jdk.feature() + ".jsonl");
    try (Jvm jvm = program(jdk).variable("OTEL_TRACES_EXPORTER", "console").log(log).start()) {
      int port = Integer.parseInt(jvm.awaitLine("port "));
      jvm.awaitAudit();
      Map<Case, String> outcomes = new LinkedHashMap<>();
      List<Case> cases = cases(prefix);
      cases.addAll(further());
      for (Case c : cases) {
        outcomes.put(c, ask(port, c));
      }
      concurrently(port, outcomes, prefix);
      for (String client : ALL) {
        String id = "r" + jdk.feature() + client;
        Case root =
            new Case(
                id, client, "get", "http://localhost:" + plain.port() + "/plain/" + id, "200 2");
        jvm.say(client + " get " + root.to());
      }
      Jvm.await(
          () ->
              jvm.stdoutSoFar().lines().filter(line -> line.startsWith("done ")).count()
                  == ALL.size(),
          60);
      jvm.closeInput();
      assertThat(jvm.await()).describedAs(jvm.stderr()).isZero();
      return new Run(
          outcomes, heard(before, beforeSecure), jvm.lines(), resends(jvm), jvm.stderr());
    }
  }

  /** Of each span's id, how often its request had been sent before. */
  private static Map<String, Integer> resends(Jvm jvm) {
    Map<String, Integer> resends = new HashMap<>();
    for (JsonNode span : jvm.spans()) {
      resends.put(
          span.get("span_id").asText(),
          span.get("attributes").path("http.request.resend_count").asInt());
    }
    return resends;
  }

  private static Jvm.Setup program(Jdk jdk) {
    // Else no tunnel is asked for with a password.
    return Jvm.of(ClientCalls.class).jdk(jdk).options("-Djdk.http.auth.tunneling.disabledSchemes=");
  }

  private List<Heard> heard(int before, int beforeSecure) {
    List<Heard> heard = new ArrayList<>(plain.heard());
    heard.subList(0, before).clear();
    List<Heard> heardSecure = secure.heard();
    heard.addAll(heardSecure.subList(beforeSecure, heardSecure.size()));
    return heard;
  }

  private void concurrently(int port, Map<Case, String> outcomes, String prefix) {
    ExecutorService threads = Executors.newFixedThreadPool(CONCURRENT);
    try {
      Map<Case, Future<String>> answers = new LinkedHashMap<>();
      for (int i = 0; i < CONCURRENT * 10; i++) {
        String id = prefix + "c" + i;
        String way = i % 7 == 0 ? "/redirect/" : i % 11 == 0 ? "/drop/" : "/plain/";
        Case c =
            new Case(
                id,
                ALL.get(i % ALL.size()),
                "get",
                (i % 2 == 0
                        ? "http://localhost:" + plain.port()
                        : "https://localhost:" + secure.port())
                    + way
                    + id,
                "200 2");
        answers.put(c, threads.submit(() -> ask(port, c)));
      }
      for (Map.Entry<Case, Future<String>> answer : answers.entrySet()) {
        outcomes.put(answer.getKey(), answer.getValue().get());
      }
    } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      threads.shutdownNow();
    }
  }

  /** By a socket of this JVM, which no agent knows. */
  private static String ask(int port, Case c) {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      String request =
          "GET /%s/%s/%s HTTP/1.1\r\nHost: t\r\nTo: %s\r\nConnection: close\r\n\r\n"
              .formatted(c.id(), c.client(), c.action(), c.to());
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return all.substring(all.indexOf("\r\n\r\n") + 4);
    } catch (IOException e) {
      throw new IllegalStateException(c.toString(), e);
    }
  }

  // ---- what must hold

  @ParameterizedTest
  @MethodSource("jdks")
  void whatIsSentIsWhatIsSentWithoutTheAgent(Jdk jdk) {
    Run audited = run(jdk);
    String prefix = "b" + jdk.feature() + "x";
    int before = plain.heard().size();
    int beforeSecure = secure.heard().size();
    List<Case> cases = cases(prefix);
    Map<Case, String> outcomes = new LinkedHashMap<>();
    try (Jvm bare = program(jdk).withoutAgent().start()) {
      int port = Integer.parseInt(bare.awaitLine("port "));
      cases.forEach(c -> outcomes.put(c, ask(port, c)));
      bare.closeInput();
      assertThat(bare.await()).isZero();
    }
    List<Heard> heard = heard(before, beforeSecure);
    for (Case c : cases) {
      Case same = same(audited, c);
      assertThat(audited.outcomes().get(same)).describedAs("%s", same).isEqualTo(outcomes.get(c));
      List<List<String>> with =
          audited.heard(same).stream()
              .map(head -> without(head, c.action().equals("own")))
              .map(lines -> lines.stream().map(line -> line.replace(same.id(), c.id())).toList())
              .toList();
      List<List<String>> expected =
          heard.stream()
              .filter(head -> head.target().endsWith("/" + c.id()))
              .map(Heard::lines)
              .toList();
      assertThat(with).describedAs("%s", same).isEqualTo(expected);
    }
  }

  private static Case same(Run run, Case bare) {
    String id = "a" + bare.id().substring(1);
    return run.outcomes().keySet().stream()
        .filter(c -> c.id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> without(Heard head, boolean own) {
    return head.lines().stream()
        .filter(
            line -> own || !OURS.contains(line.split(":")[0].toLowerCase(java.util.Locale.ROOT)))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void eachCallEndsAsItShould(Jdk jdk) {
    Run run = run(jdk);
    run.outcomes()
        .forEach(
            (c, outcome) -> {
              if (!c.outcome().equals("*")) {
                assertThat(outcome).describedAs("%s", c).isEqualTo(c.outcome());
              }
              if (c.action().equals("properties")) {
                assertThat(outcome).isEqualTo("204 {} true true");
              }
            });
    assertThat(run.stderr().lines().toList()).describedAs(run.stderr()).hasSize(2);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void eachHeadCarriesTheSpanOfItsExchangeAndTheExchangeIsTheCallersChild(Jdk jdk) {
    Run run = run(jdk);
    int joined = 0;
    for (Case c : run.outcomes().keySet()) {
      JsonNode server = run.server(c);
      for (Heard head : run.heard(c)) {
        assertThat(head.field("traceparent")).describedAs("%s: %s", c, head).hasSize(1);
        if (WRAPPED.contains(c.client())) {
          continue;
        }
        if (c.action().equals("own")) {
          assertThat(head.field("traceparent"))
              .containsExactly("00-" + OWN_TRACE + "-" + OWN_SPAN + "-01");
          continue;
        }
        JsonNode client = run.of(head);
        assertThat(client.get("url").asText()).endsWith("/" + c.id());
        assertThat(client.get("method").asText()).isEqualTo(head.method());
        if (!isTunnelled(c)) {
          assertThat(client.get("local").asText()).endsWith(":" + head.clientPort());
        }
        assertThat(client.get("trace_id")).describedAs("%s", c).isEqualTo(server.get("trace_id"));
        assertThat(client.get("parent_span_id"))
            .describedAs("%s", c)
            .isEqualTo(server.get("span_id"));
        assertThat(client.get("verdict").asText()).isEqualTo("matched");
        joined++;
      }
    }
    assertThat(joined).isGreaterThan(700);
  }

  /** Whether its heads carry no span of ours. */
  private static boolean carriesAnother(Case c) {
    return c.action().equals("own") || WRAPPED.contains(c.client());
  }

  private static boolean isTunnelled(Case c) {
    return c.action().indexOf('-') > 0;
  }

  /** What opens a tunnel carries nothing, and is beside what is sent through it. */
  @ParameterizedTest
  @MethodSource("jdks")
  void aTunnelIsTheCallersChildAndItsConnectionIsConnectedForIt(Jdk jdk) {
    Run run = run(jdk);
    assertThat(run.heard().stream().filter(head -> head.method().equals("CONNECT")))
        .allSatisfy(head -> assertThat(head.field("traceparent")).isEmpty());
    int asked = 0;
    for (Case c : run.outcomes().keySet()) {
      if (!isTunnelled(c) || c.to().contains("/deaf/")) {
        continue;
      }
      List<JsonNode> connects = run.childrenOf(c, "CONNECT");
      assertThat(connects).describedAs("%s", c).hasSize(c.action().startsWith("auth") ? 2 : 1);
      for (JsonNode connect : connects) {
        assertThat(connect.get("timings").has("connect"))
            .describedAs("%s %s", c, connect)
            .isEqualTo(connect.get("sequence").asLong() == 0);
        assertThat(connect.get("timings").has("ssl")).isFalse();
        assertThat(connect.get("verdict").asText()).isEqualTo("matched");
        asked++;
      }
      JsonNode last = connects.get(connects.size() - 1);
      List<JsonNode> within = run.childrenOf(c, "GET");
      assertThat(within).describedAs("%s", c).hasSize(1);
      assertThat(within.get(0).get("connection")).isEqualTo(last.get("connection"));
    }
    assertThat(asked).isEqualTo(3 * ALL.size());
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void aCallOutsideOfARequestIsARoot(Jdk jdk) {
    Run run = run(jdk);
    List<Heard> heads =
        run.heard().stream().filter(head -> head.target().contains("/plain/r")).toList();
    assertThat(heads).hasSize(ALL.size());
    assertThat(heads)
        .allSatisfy(
            head -> {
              assertThat(run.of(head).has("parent_span_id")).isFalse();
              assertThat(run.of(head).get("url").asText()).endsWith(head.target());
            });
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void eachCallSaysHowOftenItWasSentBefore(Jdk jdk) {
    Run run = run(jdk);
    for (Case c : run.outcomes().keySet()) {
      if (carriesAnother(c)) {
        continue;
      }
      List<Integer> resends =
          run.exchanges("client").stream()
              .filter(line -> line.get("url").asText().endsWith("/" + c.id()))
              .sorted(Comparator.comparing(line -> line.get("time").asText()))
              .map(line -> run.resends().get(line.get("span_id").asText()))
              .toList();
      boolean overHttp2First = c.to().contains("/away/") && c.client().startsWith("http2");
      // A library may give a head to a connection that turns out to be closed, by which nothing of
      // it was sent, and then send it again.
      int unsent = mayMeetAClosedConnection(c) && !resends.contains(0) ? 1 : 0;
      int first = overHttp2First ? 1 : unsent;
      assertThat(resends)
          .describedAs("%s", c)
          .isEqualTo(IntStream.range(first, first + resends.size()).boxed().toList());
    }
  }

  private static boolean mayMeetAClosedConnection(Case c) {
    return c.to().contains("/close/")
        || c.to().contains(AFTER_CLOSE + "/")
        || c.id().matches("a\\d+xc.*");
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void noSpanIsTwoThings(Jdk jdk) {
    Run run = run(jdk);
    Set<String> spans = new HashSet<>();
    for (JsonNode line : run.lines()) {
      if (line.has("span_id")) {
        assertThat(spans.add(line.get("span_id").asText())).describedAs("%s", line).isTrue();
      }
    }
    Set<String> sent = new HashSet<>();
    for (Heard head : run.heard()) {
      for (String value : head.field("traceparent")) {
        if (!value.contains(OWN_SPAN)) {
          assertThat(sent.add(value)).describedAs("%s", head).isTrue();
        }
      }
    }
    // What went to a connection that its server had closed was heard by nobody.
    Set<String> peers = Set.of("127.0.0.1:" + plain.port(), "127.0.0.1:" + secure.port());
    List<String> targets =
        run.exchanges("client").stream()
            .filter(line -> peers.contains(line.get("peer").asText()))
            .filter(line -> line.has("status") || line.get("url").asText().contains("/drop/"))
            .map(
                line ->
                    line.get("method").asText() + line.get("url").asText().replaceAll(".*/", "/"))
            .sorted()
            .toList();
    assertThat(targets)
        .isEqualTo(
            run.heard().stream()
                .map(head -> head.method() + head.target().replaceAll(".*/", "/"))
                .sorted()
                .toList());
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void anApplicationsOwnContextIsTheParent(Jdk jdk) {
    Run run = run(jdk);
    List<JsonNode> own =
        run.exchanges("client").stream()
            .filter(line -> line.get("trace_id").asText().equals(OWN_TRACE))
            .toList();
    assertThat(own).hasSize(2 * ALL.size());
    assertThat(own)
        .allSatisfy(line -> assertThat(line.get("parent_span_id").asText()).isEqualTo(OWN_SPAN));
  }

  /** Where no exchange can be told of, what is sent is the caller's own span. */
  @ParameterizedTest
  @MethodSource("jdks")
  void whichProtocolWasNegotiatedDecidesWhoseSpanIsSent(Jdk jdk) {
    Run run = run(jdk);
    int passedOn = 0;
    for (Case c : run.outcomes().keySet().stream().filter(k -> k.id().startsWith("s")).toList()) {
      JsonNode server = run.server(c);
      List<String> heard =
          List.copyOf(heardByTomcat).stream()
              .filter(line -> line.contains("/" + c.id() + " "))
              .filter(line -> line.contains(server.get("trace_id").asText()))
              .toList();
      assertThat(heard).describedAs("%s", c).hasSize(1);
      List<JsonNode> children = run.childrenOf(c, "GET");
      int ofOurs = run.heard(c).size();
      if (c.client().startsWith("http2")) {
        assertThat(heard.get(0)).contains("HTTP/2.0").endsWith(parent(server));
        passedOn++;
      } else {
        ofOurs++;
        assertThat(heard.get(0)).contains("HTTP/1.1");
        assertThat(children).anySatisfy(child -> assertThat(heard.get(0)).endsWith(parent(child)));
      }
      assertThat(children).describedAs("%s", c).hasSize(ofOurs);
    }
    assertThat(passedOn).isEqualTo(9);
  }

  /**
   * Whose engine the client uses is not known to us, though we read what it sends: that is the
   * caller's child, and whoever is asked is so, too.
   */
  @ParameterizedTest
  @MethodSource("jdks")
  void whereAnEngineIsTheApplicationsOwnTheCallersSpanIsPassedOn(Jdk jdk) {
    Run run = run(jdk);
    for (Case c : run.outcomes().keySet()) {
      if (WRAPPED.contains(c.client())) {
        JsonNode server = run.server(c);
        assertThat(run.heard(c)).hasSize(1);
        assertThat(run.heard(c).get(0).field("traceparent")).containsExactly(parent(server));
        assertThat(run.childrenOf(c, "GET")).describedAs("%s", c).hasSize(1);
      }
    }
  }

  private static String parent(JsonNode server) {
    return "00-" + server.get("trace_id").asText() + "-" + server.get("span_id").asText() + "-01";
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void anUpgradeToHttp2IsJoinedByItsFirstRequest(Jdk jdk) {
    Run run = run(jdk);
    List<Case> cases =
        run.outcomes().keySet().stream()
            .filter(c -> c.to().startsWith("http:") && c.to().contains("/h2/"))
            .toList();
    List<String> heard = List.copyOf(heardByTomcat);
    List<String> own =
        heard.stream()
            .filter(
                line ->
                    cases.stream()
                        .anyMatch(c -> line.contains(run.server(c).get("trace_id").asText())))
            .toList();
    assertThat(own).hasSize(cases.size());
    JsonNode first =
        run.exchanges("client").stream()
            .filter(line -> line.get("url").asText().contains("/h2/"))
            .findFirst()
            .orElseThrow();
    assertThat(first.get("parent_span_id")).isEqualTo(run.server(cases.get(0)).get("span_id"));
    assertThat(own.get(0))
        .endsWith(
            "00-" + first.get("trace_id").asText() + "-" + first.get("span_id").asText() + "-01");
    for (int i = 1; i < cases.size(); i++) {
      assertThat(own.get(i)).contains("HTTP/2.0").endsWith(parent(run.server(cases.get(i))));
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void aConnectionThatFailsIsTheCallersChild(Jdk jdk) {
    Run run = run(jdk);
    assertFailures(run, "/refused/", run.connections("refused"));
    assertFailures(run, "/timeout/", run.connections("timeout"));
    assertFailures(run, "/deaf/", run.connections("tls_failed"));
  }

  private static void assertFailures(Run run, String way, List<JsonNode> lines) {
    List<Case> cases = run.outcomes().keySet().stream().filter(c -> c.to().contains(way)).toList();
    int told = 0;
    for (Case c : cases) {
      JsonNode server = run.server(c);
      List<JsonNode> of =
          lines.stream()
              .filter(line -> line.get("trace_id").equals(server.get("trace_id")))
              .toList();
      assertThat(of).describedAs("%s", c).isNotEmpty();
      assertThat(of)
          .allSatisfy(
              line -> assertThat(line.get("parent_span_id")).isEqualTo(server.get("span_id")));
      told += of.size();
    }
    assertThat(told).isEqualTo(lines.size());
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void thePhasesBeforeTheRequestAreKnown(Jdk jdk) {
    Run run = run(jdk);
    List<JsonNode> first = new ArrayList<>();
    for (Case c : run.outcomes().keySet()) {
      for (Heard head : run.heard(c)) {
        if (carriesAnother(c)) {
          continue;
        }
        JsonNode line = run.of(head);
        JsonNode timings = line.get("timings");
        assertThat(timings.has("blocked")).describedAs("%s: %s", c, line).isTrue();
        assertThat(timings.has("connect"))
            .describedAs("%s: %s", c, line)
            .isEqualTo(line.get("sequence").asLong() == 0);
        if (line.get("url").asText().contains(":" + secure.port() + "/")) {
          assertThat(timings.has("ssl"))
              .describedAs("%s: %s", c, line)
              .isEqualTo(isFirst(line, run));
        } else {
          assertThat(timings.has("ssl")).isFalse();
        }
        timings.forEach(value -> assertThat(value.asDouble()).isGreaterThanOrEqualTo(0));
        if (c.action().equals("busy") && c.client().endsWith("-async")) {
          // The one thread of its executor works for 200 ms.
          assertThat(timings.get("blocked").asDouble())
              .describedAs("%s", line)
              .isBetween(190.0, 300.0);
        } else if (c.action().equals("connect")) {
          // The application waited, not the library.
          assertThat(timings.get("blocked").asDouble()).isLessThan(100);
        }
        if (timings.has("dns")) {
          first.add(line);
        }
      }
    }
    assertThat(first).isNotEmpty();
  }

  /** Whether no other exchange in the same TLS came before. */
  private static boolean isFirst(JsonNode line, Run run) {
    return run.exchanges("client").stream()
        .filter(other -> other.get("connection").equals(line.get("connection")))
        .filter(other -> !other.get("method").asText().equals("CONNECT"))
        .noneMatch(other -> other.get("sequence").asLong() < line.get("sequence").asLong());
  }
}
