package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.observe.Observer;
import io.httpaudit.observe.Silent;
import io.httpaudit.observe.Sockets;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is woven into each Netty, against its classes: each point has its method, the JVM verifies
 * what came of it, and the class has no other members than before.
 */
class NettyWeavingTest {
  private static URL[] jars(String... of) throws IOException {
    return LibraryLoader.jars("nettys", of);
  }

  private static Map<String, byte[]> woven(LibraryLoader of, Library... libraries)
      throws IOException {
    Map<String, byte[]> woven = new TreeMap<>();
    for (Library library : libraries) {
      LibraryWeaver weaver = new LibraryWeaver(library);
      for (String owner : ServersWeavingTest.owners(library)) {
        byte[] bytes = of.bytes(owner);
        woven.put(owner, weaver.weave(owner, bytes));
        assertThat(woven.get(owner)).isNotEqualTo(bytes);
        assertThat(weaver.missing(owner)).isEmpty();
      }
    }
    return woven;
  }

  private static void verify(URL[] jars, Library... libraries) throws Exception {
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of())) {
      Map<String, byte[]> woven = woven(plain, libraries);
      try (LibraryLoader loader = new LibraryLoader(jars, woven)) {
        for (String owner : woven.keySet()) {
          assertThat(loader.members(owner)).isEqualTo(plain.members(owner));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"4.1.76", "4.1", "4.2"})
  void eachNettyIsVerifiedAndHasNothingMore(String version) throws Exception {
    verify(
        jars(version), new Netty(null), new NettyFlow(), new NettyThreads(), NettyClient.Given.ALL);
  }

  @Test
  void reactorNettyIsVerifiedAndHasNothingMore() throws Exception {
    verify(jars("reactor-1", "4.2"), new ReactorNetty(null));
  }

  private static Library vertx() {
    return new Vertx(new Observer(null, null, null, null, null, () -> {}), null);
  }

  @Test
  void vertx4IsVerifiedAndHasNothingMore() throws Exception {
    verify(jars("vertx-4", "4.1"), vertx());
  }

  @Test
  void vertx5IsVerifiedAndHasNothingMore() throws Exception {
    verify(jars("vertx-5", "4.2"), vertx());
  }

  /** All ways are found, from the server's own objects to the decoded message. */
  @ParameterizedTest
  @CsvSource({
    "reactor-1, 4.2, reactor.netty.http.server.HttpServerOperations",
    "vertx-4, 4.1, io.vertx.core.http.impl.Http1xServerRequest",
    "vertx-5, 4.2, io.vertx.core.http.impl.Http1xServerRequest"
  })
  void eachRequestLeadsToItsMessage(String library, String netty, String type) throws Exception {
    try (LibraryLoader loader = new LibraryLoader(jars(library, netty), Map.of())) {
      Class<?> request = Class.forName(type, false, loader);
      Object ways =
          library.startsWith("vertx") ? Vertx.Ways.of(request) : ReactorNetty.Ways.of(request);
      assertThat(ways).isNotNull();
    }
  }

  /** By which it is known whether a WebFlux's exchange is of the request in hand. */
  @Test
  void reactorNettysRequestTellsItsTarget() throws Exception {
    try (LibraryLoader loader = new LibraryLoader(jars("reactor-1", "4.2"), Map.of())) {
      String type = "reactor.netty.http.server.HttpServerOperations";
      assertThat(new SpringWebFlux.Exchange().target.isOf(Class.forName(type, false, loader)))
          .isTrue();
    }
  }

  /** In which context an executor, and a listener, of this Netty's run what they are given. */
  @ParameterizedTest
  @ValueSource(strings = {"4.1", "4.2"})
  void eachRunsInTheContextInWhichItWasGiven(String version) throws Exception {
    URL[] jars = jars(version);
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of());
        LibraryLoader loader = new LibraryLoader(jars, woven(plain, new NettyThreads()))) {
      String concurrent = "io.netty.util.concurrent.";
      Class<?> type = Class.forName(concurrent + "DefaultEventExecutor", true, loader);
      Class<?> promiseType = Class.forName(concurrent + "DefaultPromise", true, loader);
      Class<?> listenerType = Class.forName(concurrent + "GenericFutureListener", true, loader);
      ExecutorService executor = (ExecutorService) type.getConstructor().newInstance();
      HttpAuditContext one = new HttpAuditContext(1, 1, 1, true, null, null) {};
      HttpAuditContext other = new HttpAuditContext(2, 2, 2, true, null, null) {};
      BlockingQueue<Optional<HttpAuditContext>> seen = new LinkedBlockingQueue<>();
      Runnable look = () -> seen.add(Optional.ofNullable(HttpAudit.current()));
      try {
        HttpAudit.replace(one);
        executor.execute(() -> look.run());
        assertThat(seen.take()).contains(one);
        executor.submit(() -> look.run());
        assertThat(seen.take()).contains(one);
        HttpAudit.replace(null);
        executor.execute(look);
        assertThat(seen.take()).isEmpty();

        HttpAudit.replace(one);
        Object promise =
            promiseType
                .getConstructor(Class.forName(concurrent + "EventExecutor", true, loader))
                .newInstance(executor);
        Method add = promiseType.getMethod("addListener", listenerType);
        add.invoke(promise, listener(listenerType, look));
        HttpAudit.replace(null);
        add.invoke(promise, listener(listenerType, look));
        // Whoever completes it.
        HttpAudit.replace(other);
        promiseType.getMethod("setSuccess", Object.class).invoke(promise, "done");
        assertThat(seen.take()).contains(one);
        assertThat(seen.take()).isEmpty();
        add.invoke(promise, listener(listenerType, look));
        assertThat(seen.take()).contains(other);
      } finally {
        HttpAudit.replace(null);
        executor.shutdownNow();
      }
    }
  }

  /** Up to 4.1.76, what runs a task also catches what that throws. */
  @ParameterizedTest
  @ValueSource(strings = {"4.1.76", "4.1", "4.2"})
  void aTaskThatThrowsLeavesNothingOnItsEventLoop(String version) throws Exception {
    URL[] jars = jars(version);
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of());
        LibraryLoader loader = new LibraryLoader(jars, woven(plain, new NettyThreads()))) {
      HttpAuditContext one = new Context(1);
      BlockingQueue<Optional<HttpAuditContext>> seen = new LinkedBlockingQueue<>();
      Runnable look = () -> seen.add(Optional.ofNullable(HttpAudit.current()));
      // Its thread is ours: what is left on it is seen when the loop has ended.
      Executor threads = loop -> new Thread(() -> inTurn(loop, look)).start();
      ExecutorService group =
          (ExecutorService)
              Class.forName("io.netty.channel.nio.NioEventLoopGroup", true, loader)
                  .getConstructor(int.class, Executor.class)
                  .newInstance(1, threads);
      try {
        HttpAudit.replace(one);
        group.execute(() -> inTurn(look, NettyWeavingTest::fail));
        assertThat(seen.take()).contains(one);
      } finally {
        HttpAudit.replace(null);
        group.shutdown();
      }
      assertThat(seen.take()).isEmpty();
    }
  }

  /** It runs one after the other in a loop, and catches what one throws. */
  @ParameterizedTest
  @CsvSource({"vertx-4, 4.1", "vertx-5, 4.2"})
  void aTaskThatThrowsLeavesNothingToTheNextOfItsQueue(String vertx, String netty)
      throws Exception {
    URL[] jars = jars(vertx, netty);
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of());
        LibraryLoader loader = new LibraryLoader(jars, woven(plain, vertx()))) {
      Class<?> type = Class.forName("io.vertx.core.impl.TaskQueue", true, loader);
      Object queue = type.getConstructor().newInstance();
      Method execute = type.getMethod("execute", Runnable.class, Executor.class);
      List<Runnable> runners = new ArrayList<>();
      Executor worker = runners::add;
      List<HttpAuditContext> seen = new ArrayList<>();
      Runnable look = () -> seen.add(HttpAudit.current());
      HttpAuditContext one = new Context(1);
      HttpAuditContext other = new Context(2);
      try {
        HttpAudit.replace(one);
        execute.invoke(queue, (Runnable) () -> inTurn(look, NettyWeavingTest::fail), worker);
        HttpAudit.replace(other);
        execute.invoke(queue, (Runnable) () -> look.run(), worker);
        HttpAudit.replace(null);
        execute.invoke(queue, (Runnable) () -> look.run(), worker);
        assertThat(runners).hasSize(1);
        runners.get(0).run();
        look.run();
      } finally {
        HttpAudit.replace(null);
      }
      assertThat(seen).containsExactly(one, other, null, null);
    }
  }

  private static void inTurn(Runnable first, Runnable second) {
    first.run();
    second.run();
  }

  private static void fail() {
    throw new IllegalStateException("as it is meant to be");
  }

  /** What waits is another request's, or a part of it, and perhaps the same object as in others. */
  @ParameterizedTest
  @ValueSource(strings = {"4.1.76", "4.1", "4.2"})
  void whatWaitsToBeReadKeepsTheContextInWhichItCame(String version) throws Exception {
    URL[] jars = jars(version);
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of());
        LibraryLoader loader = new LibraryLoader(jars, woven(plain, new NettyFlow()))) {
      List<Object> seen = new ArrayList<>();
      Object channel = flowing(loader, seen);
      Class<?> type = Class.forName("io.netty.channel.Channel", true, loader);
      Object config = type.getMethod("config").invoke(channel);
      Method auto =
          Class.forName("io.netty.channel.ChannelConfig", true, loader)
              .getMethod("setAutoRead", boolean.class);
      Method read = type.getMethod("read");
      Context one = new Context(1);
      Context other = new Context(2);

      HttpAudit.connect(new Silent());
      comes(channel, one, "first");
      auto.invoke(config, false);
      comes(channel, one, "end");
      comes(channel, other, "second");
      comes(channel, other, "end");
      comes(channel, null, "of nobody");
      // Whoever is done with the first one asks for the next.
      HttpAudit.replace(one);
      read.invoke(channel);
      read.invoke(channel);
      auto.invoke(config, true);
      assertThat(HttpAudit.current()).isSameAs(one);
      HttpAudit.replace(null);
      comes(channel, other, "third");
      assertThat(seen)
          .containsExactly(
              "first",
              one,
              "end",
              one,
              "second",
              other,
              "end",
              other,
              "of nobody",
              "none",
              "third",
              other);
    }
  }

  private static void comes(Object channel, Context context, Object message) throws Exception {
    HttpAudit.replace(context);
    channel
        .getClass()
        .getMethod("writeInbound", Object[].class)
        .invoke(channel, (Object) new Object[] {message});
    assertThat(HttpAudit.current()).isSameAs(context);
    HttpAudit.replace(null);
  }

  /** A channel that lets through what is read, and notes it, and the context that it is read in. */
  private static Object flowing(LibraryLoader loader, List<Object> seen) throws Exception {
    Class<?> handler = Class.forName("io.netty.channel.ChannelHandler", true, loader);
    Object handlers = Array.newInstance(handler, 2);
    Array.set(
        handlers,
        0,
        Class.forName("io.netty.handler.flow.FlowControlHandler", true, loader)
            .getConstructor()
            .newInstance());
    Class<?> inbound = Class.forName("io.netty.channel.ChannelInboundHandler", true, loader);
    Array.set(
        handlers,
        1,
        Proxy.newProxyInstance(
            loader,
            new Class<?>[] {inbound},
            (proxy, method, arguments) -> {
              HttpAuditContext context = HttpAudit.current();
              if (method.getName().equals("channelRead")) {
                seen.add(arguments[1]);
                seen.add(context == null ? "none" : context);
              } else if (method.getName().equals("channelReadComplete")) {
                assertThat(context).isNull();
              }
              return null;
            }));
    return Class.forName("io.netty.channel.embedded.EmbeddedChannel", true, loader)
        .getConstructor(handlers.getClass())
        .newInstance(handlers);
  }

  /** A head that two channels have is nobody's; handlers of one may give it to one another. */
  @Test
  void aHeadIsOfTheContextInWhichItWasFirstGiven() {
    HttpAuditContext one = new HttpAuditContext(1, 1, 1, true, null, null) {};
    HttpAuditContext other = new HttpAuditContext(2, 2, 2, true, null, null) {};
    NettyClient.Given given = new NettyClient.Given();
    Object channel = new Object();
    Object head = new Object();
    given.give(head, channel, one);
    given.give(head, channel, other);
    given.give(head, channel, null);
    assertThat(given.take(head).context()).usingRecursiveComparison().isEqualTo(one);
    assertThat(given.take(head)).isNull();

    given.give(head, channel, null);
    given.give(head, channel, other);
    assertThat(given.take(head).context()).isNull();

    given.give(head, channel, one);
    given.give(head, new Object(), other);
    assertThat(given.take(head).context()).isNull();
  }

  private static boolean isGone(WeakReference<?> reference) throws InterruptedException {
    for (int i = 0; i < 50 && reference.get() != null; i++) {
      System.gc();
      Thread.sleep(20);
    }
    return reference.get() == null;
  }

  @Test
  void ofTheContextAHeadKeepsTheIdsAlone() throws InterruptedException {
    NettyClient.Given given = new NettyClient.Given();
    Object head = new Object();
    WeakReference<HttpAuditContext> context =
        new WeakReference<>(new HttpAuditContext(1, 2, 3, true, "state", "baggage") {});
    given.give(head, new Object(), context.get());
    assertThat(isGone(context)).isTrue();
    assertThat(given.take(head).context())
        .usingRecursiveComparison()
        .isEqualTo(new HttpAuditContext(1, 2, 3, true, "state", "baggage") {});
  }

  /** A proxy writes what it was asked to a backend's channel that is just closed. */
  @ParameterizedTest
  @ValueSource(strings = {"4.1", "4.2"})
  void aHeadThatIsNeverEncodedIsNotKept(String version) throws Exception {
    URL[] jars = jars(version);
    NettyClient.Given given = new NettyClient.Given();
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of());
        LibraryLoader loader = new LibraryLoader(jars, woven(plain, given))) {
      Sockets sockets = new Sockets();
      sockets.accept(5, 40_000);
      sockets.read(5, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      Object head = request(loader);
      Object kept = request(loader);
      HttpAuditContext context = sockets.observer.decoded(5, head, "/a");
      HttpAudit.connect(sockets.observer);
      HttpAudit.replace(context);
      try {
        writeToClosed(loader, head);
        writeToClosed(loader, kept);
      } finally {
        HttpAudit.replace(null);
        HttpAudit.connect(null);
      }
      // Whoever asked is gone, unanswered.
      sockets.observer.closing(5);
      WeakReference<Object> gone = new WeakReference<>(head);
      head = null;
      context = null;
      assertThat(isGone(gone)).isTrue();
      assertThat(given.take(kept).context()).isNotNull();
    }
  }

  private static void writeToClosed(LibraryLoader loader, Object head)
      throws ReflectiveOperationException {
    Class<?> type = Class.forName("io.netty.channel.embedded.EmbeddedChannel", true, loader);
    Object backend = type.getConstructor().newInstance();
    type.getMethod("close").invoke(backend);
    Object written = type.getMethod("writeAndFlush", Object.class).invoke(backend, head);
    Class<?> future = Class.forName("io.netty.util.concurrent.Future", true, loader);
    assertThat(future.getMethod("cause").invoke(written))
        .isInstanceOf(ClosedChannelException.class);
  }

  private static Object request(LibraryLoader loader) throws ReflectiveOperationException {
    String http = "io.netty.handler.codec.http.";
    Class<?> protocol = Class.forName(http + "HttpVersion", true, loader);
    Class<?> method = Class.forName(http + "HttpMethod", true, loader);
    return Class.forName(http + "DefaultHttpRequest", true, loader)
        .getConstructor(protocol, method, String.class)
        .newInstance(
            protocol.getField("HTTP_1_1").get(null), method.getField("GET").get(null), "/a");
  }

  private static Object listener(Class<?> type, Runnable does) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, arguments) -> {
          does.run();
          return null;
        });
  }

  /** What is made of no socket has no descriptor, and its target is what was asked for. */
  @ParameterizedTest
  @ValueSource(strings = {"4.1", "4.2"})
  void eachMessageIsKnownForWhatItIs(String version) throws Throwable {
    try (LibraryLoader loader = new LibraryLoader(jars(version), Map.of())) {
      String http = "io.netty.handler.codec.http.";
      Object request = request(loader);
      Object last =
          Class.forName(http + "LastHttpContent", true, loader)
              .getField("EMPTY_LAST_CONTENT")
              .get(null);
      NettyClasses classes = NettyClasses.ofMessage(request);
      assertThat(NettyClasses.ofMessage(last)).isSameAs(classes);
      assertThat(NettyClasses.ofMessage("bytes")).isNull();
      assertThat(classes.target(request)).isEqualTo("/a");
      assertThat(classes.isRequest(request)).isTrue();
      assertThat(classes.isContent(request)).isFalse();
      assertThat(classes.isRequest(last)).isFalse();
      assertThat(classes.isContent(last) && classes.isLast(last)).isTrue();
      Object channel =
          Class.forName("io.netty.channel.embedded.EmbeddedChannel", true, loader)
              .getConstructor()
              .newInstance();
      assertThat(classes.descriptor(channel)).isEqualTo(-1);
      Object socket =
          Class.forName("io.netty.channel.socket.nio.NioSocketChannel", true, loader)
              .getConstructor()
              .newInstance();
      assertThat(classes.descriptor(socket)).isPositive();
    }
  }
}
