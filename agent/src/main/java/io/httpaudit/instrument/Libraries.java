package io.httpaudit.instrument;

import io.httpaudit.enrich.Beside;
import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The libraries that are hooked for what bytes cannot know: which span a call is made in, the
 * fields that carry it on, the route. Each is looked at when a class of its packages loads, and
 * costs nothing before. Any thread; never throws: a class that can't be woven stays as it is, and
 * its exchanges are audited all the same.
 */
public final class Libraries implements ClassFileTransformer {
  /**
   * Beginnings of internal names of classes, a longer one before its own beginning; of which
   * library, {@link #library} says.
   */
  private static final String[] PACKAGES = {
    "java/util/concurrent/",
    "java/lang/VirtualThread",
    "sun/net/httpserver/",
    "sun/net/www/",
    "jdk/internal/net/http/",
    "java/net/InetAddress",
    "org/apache/catalina/",
    "org/apache/tomcat/util/",
    "io/opentelemetry/sdk/trace/Sdk",
    "okhttp3/internal/",
    "org/apache/http/",
    "org/apache/hc/",
    "io/undertow/server/",
    "org/jboss/threads/",
    "org/eclipse/jetty/client/",
    "org/eclipse/jetty/",
    "org/glassfish/grizzly/",
    "org/springframework/web/servlet/HandlerExecutionChain",
    "io/netty/handler/codec/ByteToMessageDecoder",
    "io/netty/handler/flow/FlowControlHandler",
    "io/netty/util/concurrent/",
    "io/netty/channel/AbstractChannelHandlerContext",
    "io/netty/handler/codec/http/Http",
    "reactor/netty/http/client/",
    "reactor/netty/",
    "io/vertx/core/",
    "org/asynchttpclient/netty/",
    "com/linecorp/armeria/",
    "io/helidon/webserver/http1/",
    "ch/qos/logback/classic/Logger",
    "reactor/core/publisher/",
    "reactor/core/scheduler/",
    "org/springframework/web/reactive/",
    "sun/security/ssl/",
    "io/netty/handler/ssl/",
    "org/conscrypt/",
  };

  /**
   * From this one on they are hooked for the bytes that TLS hides, whether there are contexts or
   * not.
   */
  private static final int TLS = 33;

  /** Of our own copy of a library there is nothing to hook. */
  private static final ClassLoader OWN = Libraries.class.getClassLoader();

  private final Observer observer;
  private final Propagation propagation;
  private final Beside beside;
  private final boolean contexts;
  private final Queue<String> missing = new ConcurrentLinkedQueue<>();
  private final AtomicReferenceArray<LibraryWeaver> weavers =
      new AtomicReferenceArray<>(PACKAGES.length);

  /**
   * @param propagation what is written into requests
   * @param beside the application's own OpenTelemetry
   * @param contexts whether there are any
   */
  public Libraries(Observer observer, Propagation propagation, Beside beside, boolean contexts) {
    this.beside = beside;
    this.contexts = contexts;
    this.observer = observer;
    this.propagation = propagation;
  }

  private Library library(int number) {
    return switch (number) {
      case 0 -> new Tasks();
      case 1 -> new VirtualThreads();
      case 2 -> new JdkHttpServer(observer);
      case 3 -> new HttpUrlConnection(observer, propagation);
      case 4 -> new JavaNetHttp(observer, propagation);
      case 5 -> new NameResolution(observer);
      case 6 -> new Tomcat(observer);
      case 7 -> new TomcatThreads();
      case 8 -> new OpenTelemetrySdk(beside, observer);
      case 9 -> new OkHttp(observer, propagation);
      case 10 -> Apache.of4(observer, propagation);
      case 11 -> Apache.of5(observer, propagation);
      case 12 -> new Undertow(observer);
      case 13 -> new JBossThreads();
      case 14 -> new JettyClient(observer, propagation);
      case 15 -> new Jetty(observer);
      case 16 -> new Grizzly(observer);
      case 17 -> new SpringMvc(observer);
      case 18 -> new Netty(observer);
      case 19 -> new NettyFlow();
      case 20 -> new NettyThreads();
      case 21 -> NettyClient.Given.ALL;
      case 22 -> new NettyClient(observer, propagation);
      case 23 -> new ReactorNettyClient(observer, propagation);
      case 24 -> new ReactorNetty(observer);
      case 25 -> new Vertx(observer, propagation);
      case 26 -> new AsyncHttpClient(observer, propagation);
      case 27 -> new ArmeriaClient(observer, propagation);
      case 28 -> new Helidon(observer);
      case 29 -> new Logback(beside);
      case 30 -> new ReactorCore();
      case 31 -> new ReactorThreads();
      case 32 -> new SpringWebFlux(observer);
      case 33 -> new JdkTls(observer.engines());
      case 34 -> new NettyTls(observer.engines());
      case 35 -> new ConscryptTls(observer.engines());
      default -> throw new IllegalArgumentException();
    };
  }

  /**
   * Weaves into classes as they load, from now on. Before the agent has threads of its own.
   *
   * <p>What carries tasks is made ready first: it needs nobody's objects, and must not be made
   * while one of its classes loads, perhaps one that the making needs.
   */
  public void weave(Instrumentation instrumentation) {
    if (contexts) {
      weaver(0);
      weaver(1);
    }
    instrumentation.addTransformer(this, true);
  }

  /** Those of {@code loaded} that something is to be woven into. */
  public List<Class<?>> among(Class<?>[] loaded) {
    List<Class<?>> wanted = new ArrayList<>();
    for (Class<?> type : loaded) {
      String name = type.getName().replace('.', '/');
      int number = type.getClassLoader() == OWN ? -1 : number(name);
      if (number >= 0 && weaver(number).owns(name)) {
        wanted.add(type);
      }
    }
    return wanted;
  }

  /** What a library that was loaded lacks, {@code Class.method}, once; null: nothing, any more. */
  public String takeMissing() {
    return missing.poll();
  }

  private int number(String name) {
    for (int i = contexts ? 0 : TLS; i < PACKAGES.length; i++) {
      if (name.startsWith(PACKAGES[i])) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Made without a lock, perhaps by two threads, of which one's is used: what is made loads
   * classes, and whoever loads one of these already comes here, too.
   */
  private LibraryWeaver weaver(int number) {
    LibraryWeaver weaver = weavers.get(number);
    if (weaver == null) {
      weavers.compareAndSet(number, null, new LibraryWeaver(library(number)));
      weaver = weavers.get(number);
    }
    return weaver;
  }

  @Override
  public byte[] transform(
      ClassLoader loader, String name, Class<?> type, ProtectionDomain domain, byte[] bytes) {
    int number = name == null || loader == OWN ? -1 : number(name);
    if (number < 0) {
      return null;
    }
    try {
      LibraryWeaver weaver = weaver(number);
      if (!weaver.owns(name)) {
        return null;
      }
      byte[] woven = weaver.weave(name, bytes);
      if (loader != null) {
        // What the JDK's versions have in place of each other, we know.
        missing.addAll(weaver.missing(name));
      }
      return woven;
    } catch (Throwable e) {
      HttpAudit.countFault();
      missing.add(name.concat(", which can't be hooked"));
      return null;
    }
  }
}
