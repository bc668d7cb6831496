package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is woven into Undertow, Jetty and Grizzly, against the classes of each version: whichever
 * place a version lacks, this says; the others are found, the JVM verifies what came of them, and
 * the ways from a request to its socket are there.
 */
class OtherServersWeavingTest {
  private static final String JETTY = "org/eclipse/jetty/";
  private static final String GRIZZLY = "org/glassfish/grizzly/";

  private static URL[] jars(String version) throws IOException {
    return LibraryLoader.jars("servers", version);
  }

  private static List<Library> libraries(String version) {
    return switch (version.substring(0, version.indexOf('-'))) {
      case "undertow" -> List.of(new Undertow(null), new JBossThreads());
      case "jetty" -> List.of(new Jetty(null));
      default -> List.of(new Grizzly(null));
    };
  }

  /** A version, and the classes that it doesn't have. */
  static Stream<Arguments> versions() {
    String invoker = JETTY + "server/internal/HttpChannelState$HandlerInvoker";
    String ee8 = JETTY + "ee8/nested/HttpChannel";
    String ee9 = JETTY + "ee9/nested/HttpChannel";
    String ee10 = JETTY + "ee10/servlet/ServletChannel";
    String ee11 = JETTY + "ee11/servlet/ServletChannel";
    return Stream.of(
        Arguments.of("undertow-2.2", Set.of("org/jboss/threads/EnhancedQueueExecutor$Task")),
        Arguments.of("undertow-2.3", Set.of()),
        Arguments.of("jetty-9", Set.of(invoker, ee8, ee9, ee10, ee11)),
        Arguments.of("jetty-11", Set.of(invoker, ee8, ee9, ee10, ee11)),
        Arguments.of("jetty-12.0", Set.of(ee8, ee11)),
        Arguments.of("jetty-12.1", Set.of(ee8, ee9)),
        Arguments.of("grizzly-2", Set.of()),
        Arguments.of("grizzly-4", Set.of()));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void eachIsVerifiedAndHasNothingMore(String version, Set<String> others) throws Exception {
    URL[] jars = jars(version);
    Map<String, byte[]> woven = new TreeMap<>();
    Set<String> absent = new TreeSet<>();
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of())) {
      for (Library library : libraries(version)) {
        LibraryWeaver weaver = new LibraryWeaver(library);
        for (String owner : ServersWeavingTest.owners(library)) {
          if (plain.getResource(owner + ".class") == null) {
            absent.add(owner);
            continue;
          }
          woven.put(owner, weaver.weave(owner, plain.bytes(owner)));
          assertThat(weaver.missing(owner)).as(owner).isEmpty();
        }
      }
      assertThat(absent).isEqualTo(others);
      try (LibraryLoader loader = new LibraryLoader(jars, woven)) {
        for (String owner : woven.keySet()) {
          assertThat(loader.members(owner)).isEqualTo(plain.members(owner));
        }
      }
    }
  }

  /** How often a method of a class calls ours. */
  private static Map<String, Integer> calls(byte[] bytes) {
    Map<String, Integer> calls = new TreeMap<>();
    new ClassReader(bytes)
        .accept(
            new ClassVisitor(Opcodes.ASM9) {
              @Override
              public MethodVisitor visitMethod(
                  int access, String name, String type, String signature, String[] exceptions) {
                return new MethodVisitor(Opcodes.ASM9) {
                  @Override
                  public void visitMethodInsn(
                      int opcode, String owner, String hook, String descriptor, boolean itf) {
                    if (owner.equals("java/lang/HttpAudit")) {
                      calls.merge(name, 1, Integer::sum);
                    }
                  }
                };
              }
            },
            0);
    return calls;
  }

  /** Places that other versions have elsewhere are there in those that have them. */
  @ParameterizedTest
  @ValueSource(strings = {"jetty-9", "jetty-11"})
  void whatHandlesRequestsBeforeJetty12IsWoven(String version) throws Exception {
    String owner = JETTY + "server/HttpChannel";
    try (LibraryLoader plain = new LibraryLoader(jars(version), Map.of())) {
      byte[] woven = new LibraryWeaver(new Jetty(null)).weave(owner, plain.bytes(owner));
      assertThat(calls(woven)).containsOnlyKeys("handle", "onRequest", "recycle");
    }
  }

  private static void assertHas(LibraryLoader loader, String type, Property property)
      throws Exception {
    Class<?> of = Class.forName(type, false, loader);
    assertThat(property.isOf(of)).as(type).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"undertow-2.2", "undertow-2.3"})
  void eachUndertowsConnectionLeadsToItsSocket(String version) throws Exception {
    try (LibraryLoader loader = new LibraryLoader(jars(version), Map.of())) {
      Undertow.Streams streams = new Undertow.Streams();
      assertHas(loader, "org.xnio.nio.NioSocketStreamConnection", streams.conduit);
      assertHas(loader, "org.xnio.nio.NioSocketConduit", streams.socket);
      assertHas(loader, "io.undertow.protocols.ssl.UndertowSslConnection", streams.wrapped);
      assertHas(loader, "org.xnio.ssl.JsseSslStreamConnection", streams.wrapped);
      assertHas(loader, "org.xnio.ssl.JsseSslConnection", streams.wrapped);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"undertow-2.2", "undertow-2.3"})
  void anExchangeKeepsItsContext(String version) throws Throwable {
    try (LibraryLoader loader = new LibraryLoader(jars(version), Map.of())) {
      Class<?> type = Class.forName("io.undertow.server.HttpServerExchange", false, loader);
      Class<?> connection = Class.forName("io.undertow.server.ServerConnection", false, loader);
      Object exchange = type.getConstructor(connection).newInstance((Object) null);
      Undertow.Attached attached = Undertow.Attached.of(exchange);
      assertThat(attached.kept(exchange)).isNull();
      HttpAuditContext context = new HttpAuditContext(1, 2, 3, true, null, null) {};
      attached.keep(exchange, context);
      assertThat(attached.kept(exchange)).isSameAs(context);
      // One that is not certain is no new one either.
      Object other = type.getConstructor(connection).newInstance((Object) null);
      attached.keep(other, null);
      assertThat(attached.kept(other)).isNotNull().isNotInstanceOf(HttpAuditContext.class);
      assertThat(attached.stream(exchange)).isNull();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "jetty-9, server.HttpConnection, io.ssl.SslConnection$DecryptedEndPoint",
    "jetty-11, server.HttpConnection, io.ssl.SslConnection$DecryptedEndPoint",
    "jetty-12.0, server.internal.HttpConnection, io.ssl.SslConnection$SslEndPoint",
    "jetty-12.1, server.internal.HttpConnection, io.ssl.SslConnection$SslEndPoint"
  })
  void eachJettysConnectionLeadsToItsSocket(String version, String connection, String decrypted)
      throws Exception {
    try (LibraryLoader loader = new LibraryLoader(jars(version), Map.of())) {
      String jetty = "org.eclipse.jetty.";
      Jetty.EndPoints endPoints = new Jetty.EndPoints();
      assertHas(loader, jetty + connection, endPoints.endPoint);
      assertHas(loader, jetty + "io.SocketChannelEndPoint", endPoints.channel);
      assertHas(loader, jetty + decrypted, endPoints.below);
      assertHas(loader, jetty + "io.ssl.SslConnection", endPoints.below);
      if (version.startsWith("jetty-12")) {
        Property data = new Property("_connectionMetaData");
        assertHas(loader, jetty + "server.internal.HttpChannelState", data);
        assertHas(
            loader,
            jetty + "server.internal.HttpChannelState$HandlerInvoker",
            new Property("this$0"));
        assertHas(loader, jetty + "ee10.servlet.ServletChannel", data);
        assertHas(
            loader,
            version.endsWith("0")
                ? jetty + "ee9.nested.HttpChannel"
                : jetty + "ee11.servlet.ServletChannel",
            data);
        assertHas(
            loader,
            jetty + "server.ConnectionMetaData$Wrapper",
            new Property("getWrapped()", "_wrapped"));
      } else {
        assertHas(loader, jetty + "server.HttpChannelOverHttp", new Property("_httpConnection"));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"jetty-12.0, ee10", "jetty-12.1, ee10", "jetty-12.1, ee11"})
  void eachJettysRequestLeadsToItsServletsPattern(String version, String ee) throws Exception {
    try (LibraryLoader loader = new LibraryLoader(jars(version), Map.of())) {
      JettyRoutes routes = new JettyRoutes();
      String servlet = "org.eclipse.jetty." + ee + ".servlet.";
      String paths = "org.eclipse.jetty.http.pathmap.";
      assertHas(loader, servlet + "ServletChannel", routes.request);
      assertHas(loader, servlet + "ServletContextRequest", routes.matched);
      assertHas(loader, servlet + "ServletContextRequest", routes.context);
      assertHas(loader, servlet + "ServletContextHandler$ServletScopedContext", routes.context);
      assertHas(loader, servlet + "ServletContextHandler$ServletContextApi", routes.contextPath);
      assertHas(loader, servlet + "ServletHandler$MappedServlet", routes.holder);
      assertHas(loader, servlet + "ServletHolder", routes.className);
      assertHas(loader, paths + "MatchedResource", routes.spec);
      assertHas(loader, paths + "MatchedResource", routes.servlet);
      assertHas(loader, paths + "ServletPathSpec", routes.declaration);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"grizzly-2", "grizzly-4"})
  void eachGrizzlysRequestLeadsToItsSocket(String version) throws Exception {
    try (LibraryLoader loader = new LibraryLoader(jars(version), Map.of())) {
      String grizzly = GRIZZLY.replace('/', '.');
      assertHas(
          loader, grizzly + "filterchain.FilterChainContext", new Property("getConnection()"));
      assertHas(loader, grizzly + "nio.transport.TCPNIOConnection", new Property("channel"));
    }
  }

  private static class Task implements Runnable {
    @Override
    public void run() {}
  }

  private static final class ServersReader extends Task {}

  private static final class ServersWrapper extends Task {}

  /** The context that a task has run in, that was submitted in {@code context}. */
  private static HttpAuditContext ranIn(Runnable task, HttpAuditContext context) {
    String own = OtherServersWeavingTest.class.getName() + "$Servers";
    Object replaced = HttpAudit.replace(context);
    new ServerTasks(own, own + "Wrapper").enter(null, task, null);
    HttpAudit.restore(replaced);
    Object running = HttpAudit.runs(task);
    HttpAuditContext in = HttpAudit.current();
    HttpAudit.restore(running);
    return in;
  }

  @Test
  void aServersOwnTasksAreNobodys() {
    HttpAuditContext context = new HttpAuditContext(1, 2, 3, true, null, null) {};
    assertThat(ranIn(new Task(), context)).isSameAs(context);
    assertThat(ranIn(new ServersWrapper(), context)).isSameAs(context);
    assertThat(ranIn(new ServersReader(), context)).isNull();
  }

  @Test
  void whatAConnectionIsAtIsForgottenWithIt() throws Exception {
    Serving serving = new Serving();
    Object connection = new Object();
    assertThat(serving.find(connection)).isNull();
    HttpAuditContext context = new HttpAuditContext(1, 2, 3, true, null, null) {};
    Serving.Request request = serving.at(connection);
    request.begins(context);
    assertThat(serving.at(connection)).isSameAs(request);
    assertThat(serving.find(new Object())).isNull();
    request.next();
    assertThat(request.begun).isFalse();
    assertThat(request.context).isNull();
    WeakReference<Serving.Request> gone = new WeakReference<>(request);
    request = null;
    connection = null;
    for (int i = 0; i < 50 && gone.get() != null; i++) {
      System.gc();
      serving.at(new Object());
      Thread.sleep(20);
    }
    assertThat(gone.get()).isNull();
  }
}
