package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.observe.Observer;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URL;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is woven into clients, against the classes of each version: each point has its method, the
 * JVM verifies what came of it, the class has no other members than before, and what the hooks ask
 * its objects for is there.
 */
class ClientsWeavingTest {
  private static final String OK = "okhttp3.internal.";
  private static final String CORE4 = "org.apache.http.";
  private static final String CORE5 = "org.apache.hc.core5.";
  private static final String CLIENT5 = "org.apache.hc.client5.http.impl.";

  private static final String JETTY = "org.eclipse.jetty.client.";
  private static final String JETTY_IO = "org.eclipse.jetty.io.";
  private static final String REACTOR = "reactor.netty.http.client.";
  private static final String VERTX = "io.vertx.core.http.impl.";
  private static final String NETTY = "io.netty.";

  private static final Set<String> JETTY_9 =
      Set.of(
          "org/eclipse/jetty/client/HttpConnection",
          "org/eclipse/jetty/client/HttpDestination",
          "org/eclipse/jetty/client/http/HttpSenderOverHTTP");

  private static final Set<String> JETTY_12 =
      Set.of(
          "org/eclipse/jetty/client/transport/HttpConnection",
          "org/eclipse/jetty/client/transport/HttpDestination",
          "org/eclipse/jetty/client/transport/internal/HttpSenderOverHTTP");

  private static Library library(String version) {
    Observer observer = new Observer(null, null, null, null, null, () -> {});
    return switch (version) {
      case "okhttp-4", "okhttp-5.0", "okhttp-5.2", "okhttp-5" -> new OkHttp(observer, null);
      case "apache-5.0", "apache-5.3", "apache-5" -> Apache.of5(observer, null);
      case "reactor-netty" -> new ReactorNettyClient(observer, null);
      case "jetty-9", "jetty-12" -> new JettyClient(observer, null);
      case "vertx-4", "vertx-5" -> new VertxClient(observer, null);
      case "asynchttpclient-2", "asynchttpclient-3" -> new AsyncHttpClient(observer, null);
      case "armeria-1" -> new ArmeriaClient(observer, null);
      case "netty-4.1", "netty-4.2" -> new NettyClient(observer, null);
      default -> Apache.of4(observer, null);
    };
  }

  /** A version's, and what it has below. */
  private static URL[] jars(String version) throws IOException {
    return switch (version) {
      case "vertx-4" -> LibraryLoader.jars("nettys", version, "4.1");
      case "vertx-5" -> LibraryLoader.jars("nettys", version, "4.2");
      case "netty-4.1", "netty-4.2" -> LibraryLoader.jars("nettys", version.substring(6));
      case "okhttp-5.0", "okhttp-5.2", "okhttp-5" ->
          LibraryLoader.jars("clients", version, "kotlin");
      case "apache-5.0", "apache-5.3", "apache-5" ->
          LibraryLoader.jars("clients", version, "slf4j");
      default -> LibraryLoader.jars("clients", version, "netty");
    };
  }

  /** Of each version, the classes that it has not, since it has others for it. */
  static Stream<Arguments> versions() {
    return Stream.of(
        Arguments.of("okhttp-4", Set.of("okhttp3/internal/connection/ConnectPlan")),
        Arguments.of("okhttp-5.0", Set.of()),
        Arguments.of("okhttp-5.2", Set.of()),
        Arguments.of("okhttp-5", Set.of()),
        Arguments.of("apache-4", Set.of()),
        Arguments.of("apache-5.0", Set.of()),
        Arguments.of("apache-5.3", Set.of()),
        Arguments.of("apache-5", Set.of()),
        Arguments.of("reactor-netty", Set.of()),
        Arguments.of("jetty-9", JETTY_12),
        Arguments.of("jetty-12", JETTY_9),
        Arguments.of("vertx-4", Set.of()),
        Arguments.of("vertx-5", Set.of()),
        Arguments.of("asynchttpclient-2", Set.of()),
        Arguments.of("asynchttpclient-3", Set.of()),
        Arguments.of("armeria-1", Set.of()),
        Arguments.of("netty-4.1", Set.of()),
        Arguments.of("netty-4.2", Set.of()));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void eachIsVerifiedAndHasNothingMore(String version, Set<String> others) throws Exception {
    URL[] jars = jars(version);
    LibraryWeaver weaver = new LibraryWeaver(library(version));
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of())) {
      Map<String, byte[]> woven = new TreeMap<>();
      Set<String> absent = new TreeSet<>();
      for (String owner : ServersWeavingTest.owners(library(version))) {
        if (plain.getResource(owner + ".class") == null) {
          absent.add(owner);
          continue;
        }
        byte[] bytes = plain.bytes(owner);
        woven.put(owner, weaver.weave(owner, bytes));
        assertThat(weaver.missing(owner)).as(owner).isEmpty();
      }
      assertThat(absent).isEqualTo(others);
      try (LibraryLoader loader = new LibraryLoader(jars, woven)) {
        for (String owner : woven.keySet()) {
          assertThat(loader.members(owner)).isEqualTo(plain.members(owner));
        }
      }
    }
  }

  /** Its classes are of Java 5, without the frames that weaving needs: that is said of it. */
  @Test
  void whatCannotBeWovenIsMissed() throws Exception {
    LibraryWeaver weaver = new LibraryWeaver(library("apache-4.3"));
    String owner = "org/apache/http/impl/client/InternalHttpClient";
    try (LibraryLoader plain = new LibraryLoader(jars("apache-4.3"), Map.of())) {
      assertThat(weaver.weave(owner, plain.bytes(owner))).isNull();
    }
    assertThat(weaver.missing(owner)).containsExactly("InternalHttpClient.doExecute");
  }

  private static Map<String, List<String>> askedOfNetty() {
    String nio = NETTY + "channel.socket.nio.NioSocketChannel";
    return Map.of(
        "NettyHeads.PARENT",
        List.of(nio),
        "NettyHeads.PIPELINE",
        List.of(nio),
        "NettyHeads.ENGINE",
        List.of(NETTY + "handler.ssl.SslHandler"));
  }

  /** Of each hooks' class, whose objects are asked for a property, by its name there. */
  private static Map<String, List<String>> asked(String version) {
    boolean of5 = version.contains("-5");
    String connection = OK + "connection.RealConnection";
    String codec = OK + "http1.Http1ExchangeCodec";
    Map<String, List<String>> asked = new HashMap<>();
    switch (version) {
      case "okhttp-4", "okhttp-5.0", "okhttp-5.2", "okhttp-5" -> {
        List<String> seeking = new ArrayList<>(List.of(OK + "connection.RouteSelector"));
        if (of5) {
          seeking.add(OK + "connection.ConnectPlan");
        }
        List<String> ofCalls = new ArrayList<>(List.of(OK + "http.RealInterceptorChain"));
        if (version.contains(".")) {
          asked.put("OkHttp.USER", seeking);
          ofCalls.add(OK + "connection.CallConnectionUser");
        } else {
          ofCalls.addAll(seeking);
        }
        asked.put("OkHttp.CALL_OF", ofCalls);
        asked.put("OkHttp.CALL_OF_TASK", List.of(OK + "connection.RealCall$AsyncCall"));
        asked.put("OkHttp.CODEC", List.of(OK + "connection.Exchange"));
        asked.put("OkHttp.CONNECTION", List.of(codec));
        asked.put("OkHttp.CALLS", List.of(connection));
        asked.put("OkHttp.SOCKET", List.of(connection));
        asked.put(
            "OkHttp.RAW_SOCKET",
            of5 ? List.of(connection, OK + "connection.ConnectPlan") : List.of(connection));
        asked.put("OkHttp.CHAIN", List.of(OK + "http2.Http2ExchangeCodec"));
        asked.put("OkHttp.ADDRESS", List.of(OK + "connection.RouteSelector"));
        asked.put("OkHttp.DNS", List.of("okhttp3.Address"));
      }
      case "reactor-netty" -> {
        asked.put("ReactorNettyClient.CHANNEL", List.of(REACTOR + "HttpClientOperations"));
        asked.put("ReactorNettyClient.REQUEST", List.of(REACTOR + "HttpClientOperations"));
        asked.put(
            "ReactorNettyClient.HEADERS", List.of(NETTY + "handler.codec.http.DefaultHttpRequest"));
        asked.putAll(askedOfNetty());
      }
      case "vertx-4", "vertx-5" -> {
        asked.put("VertxClient.STREAM", List.of(VERTX + "HttpClientRequestImpl"));
        asked.put(
            "VertxClient.CONNECTION_OF", List.of(VERTX + "Http1xClientConnection$StreamImpl"));
        asked.put("VertxClient.CHANNEL", List.of(VERTX + "Http1xClientConnection"));
        asked.put(
            "VertxClient.HEADERS",
            List.of(
                NETTY + "handler.codec.http.DefaultHttpRequest",
                VERTX + (of5 ? "VertxAssembled" : "Assembled") + "HttpRequest",
                VERTX + (of5 ? "Vertx" : "Assembled") + "FullHttpRequest"));
        if (of5) {
          asked.put("VertxClient.DELEGATE", List.of(VERTX + "StatisticsGatheringHttpClientStream"));
        }
        asked.putAll(askedOfNetty());
      }
      case "asynchttpclient-2", "asynchttpclient-3" -> {
        String sends = "org.asynchttpclient.netty.";
        List<String> heads =
            List.of(
                NETTY + "handler.codec.http.DefaultHttpRequest",
                NETTY + "handler.codec.http.DefaultFullHttpRequest");
        asked.put("AsyncHttpClient.NETTY_REQUEST", List.of(sends + "NettyResponseFuture"));
        asked.put("AsyncHttpClient.IS_WRITTEN", List.of(sends + "NettyResponseFuture"));
        asked.put("AsyncHttpClient.REQUEST", List.of(sends + "request.NettyRequest"));
        asked.put("AsyncHttpClient.METHOD", heads);
        asked.put("AsyncHttpClient.HEADERS", heads);
        asked.put(
            "AsyncHttpClient.IS_ACTIVE", List.of(NETTY + "channel.socket.nio.NioSocketChannel"));
        asked.putAll(askedOfNetty());
      }
      case "armeria-1" -> {
        String room = "com.linecorp.armeria.client.";
        asked.put("ArmeriaClient.CONTEXT", List.of(room + "HttpRequestSubscriber"));
        asked.put("ArmeriaClient.ENCODER", List.of(room + "AggregatedHttpRequestHandler"));
        asked.put("ArmeriaClient.CHANNEL", List.of(room + "ClientHttp1ObjectEncoder"));
        asked.put(
            "ArmeriaClient.HEADERS", List.of(NETTY + "handler.codec.http.DefaultHttpRequest"));
        asked.putAll(askedOfNetty());
      }
      case "netty-4.1", "netty-4.2" -> {
        List<String> heads =
            List.of(
                NETTY + "handler.codec.http.DefaultHttpRequest",
                NETTY + "handler.codec.http.DefaultFullHttpRequest");
        asked.put("NettyClient.METHOD", heads);
        asked.put("NettyClient.HEADERS", heads);
        asked.put("NettyClient.CHANNEL", List.of(NETTY + "channel.DefaultChannelHandlerContext"));
        asked.put("NettyClient.HANDLERS", List.of(NETTY + "channel.DefaultChannelPipeline"));
        asked.put("NettyClient.PIPELINE", askedOfNetty().get("NettyHeads.PIPELINE"));
        asked.putAll(askedOfNetty());
      }
      case "jetty-9", "jetty-12" -> {
        boolean of9 = version.equals("jetty-9");
        String room = JETTY + (of9 ? "" : "transport.");
        String http = JETTY + (of9 ? "http." : "transport.internal.");
        asked.put("JettyClient.REQUEST", List.of(room + "HttpExchange"));
        asked.put("JettyClient.CONVERSATION", List.of(room + "HttpRequest"));
        asked.put("JettyClient.HEADERS", List.of(room + "HttpRequest"));
        asked.put("JettyClient.CHANNEL", List.of(http + "HttpSenderOverHTTP"));
        asked.put("JettyClient.CONNECTION", List.of(http + "HttpChannelOverHTTP"));
        asked.put("JettyClient.END_POINT", List.of(http + "HttpConnectionOverHTTP"));
        asked.put("JettyClient.TRANSPORT", List.of(JETTY_IO + "SocketChannelEndPoint"));
        asked.put(
            "JettyClient.TLS",
            List.of(JETTY_IO + "ssl.SslConnection$" + (of9 ? "Decrypted" : "Ssl") + "EndPoint"));
        asked.put("JettyClient.ENGINE", List.of(JETTY_IO + "ssl.SslConnection"));
      }
      case "apache-4" -> {
        asked.put("ApacheRequest.REQUEST_LINE", List.of(CORE4 + "message.BasicHttpRequest"));
        asked.put("ApacheRequest.METHOD", List.of(CORE4 + "message.BasicRequestLine"));
        asked.put("ApacheClassic.SOCKET", List.of(CORE4 + "impl.DefaultBHttpClientConnection"));
        asked.put("ApacheClassic.IS_OPEN", List.of(CORE4 + "impl.conn.CPoolProxy"));
        asked.put("Apache4Async.RESULT", List.of(CORE4 + "nio.pool.LeaseRequest"));
        asked.put(
            "Apache4Async.SESSION",
            List.of(
                CORE4 + "impl.nio.conn.ManagedNHttpClientConnectionImpl",
                CORE4 + "impl.nio.DefaultNHttpClientConnection"));
        asked.put("Apache4Async.ENGINE", List.of(CORE4 + "nio.reactor.ssl.SSLIOSession"));
      }
      default -> {
        asked.put("ApacheRequest.METHOD", List.of(CORE5 + "http.message.BasicClassicHttpRequest"));
        asked.put(
            "ApacheClassic.SOCKET_HOLDER",
            List.of(CORE5 + "http.impl.io.DefaultBHttpClientConnection"));
        if (version.equals("apache-5")) {
          // Before, a holder has but one.
          asked.put("ApacheClassic.SSL_SOCKET", List.of(CORE5 + "http.impl.io.SocketHolder"));
        }
        asked.put("ApacheClassic.SOCKET", List.of(CORE5 + "http.impl.io.SocketHolder"));
        asked.put("ApacheClassic.IS_CONNECTED", List.of(CLIENT5 + "classic.InternalExecRuntime"));
        asked.put(
            "ApacheAsync.IS_CONNECTED", List.of(CLIENT5 + "async.InternalHttpAsyncExecRuntime"));
        asked.put(
            "ApacheAsync.HANDLER",
            List.of(
                CORE5 + "http.impl.nio.ClientHttp1StreamHandler",
                CORE5 + "http2.impl.nio.ClientH2StreamHandler"));
        asked.put(
            "ApacheAsync.LOGGED", List.of(CLIENT5 + "async.LoggingAsyncClientExchangeHandler"));
        asked.put("ApacheAsync.OUTPUT", List.of(CORE5 + "http.impl.nio.ClientHttp1StreamHandler"));
        asked.put(
            "ApacheAsync.OUTER", List.of(CORE5 + "http.impl.nio.ClientHttp1StreamDuplexer$1"));
        asked.put(
            "ApacheAsync.SESSION", List.of(CORE5 + "http.impl.nio.ClientHttp1StreamDuplexer"));
        asked.put("ApacheAsync.TLS", List.of(CORE5 + "reactor.InternalDataChannel"));
        asked.put("ApacheAsync.ENGINE", List.of(CORE5 + "reactor.ssl.SSLIOSession"));
      }
    }
    return asked;
  }

  @ParameterizedTest
  @MethodSource("versions")
  void whatIsAskedOfItsObjectsIsThere(String version, Set<String> others) throws Exception {
    try (LibraryLoader loader = new LibraryLoader(jars(version), Map.of())) {
      for (Map.Entry<String, List<String>> asked : asked(version).entrySet()) {
        String[] names = asked.getKey().split("\\.");
        Field field =
            Class.forName("io.httpaudit.instrument." + names[0]).getDeclaredField(names[1]);
        field.setAccessible(true);
        Property property = (Property) field.get(null);
        for (String type : asked.getValue()) {
          assertThat(property.isOf(Class.forName(type, false, loader)))
              .as("%s of %s", asked.getKey(), type)
              .isTrue();
        }
      }
    }
  }
}
