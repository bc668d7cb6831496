package io.httpaudit.instrument;

import io.httpaudit.observe.ClientCall;
import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLEngine;

/**
 * {@code java.net.http}: a call starts in sendAsync, which send calls, too. Its attempts, redirects
 * and rounds of authentication are made on whatever threads; they have in common one MultiExchange,
 * which keeps the application's handler of the response. There lies ours, around it, with the call:
 * so no attempt is ever taken for another call's, and no thread's context matters to it.
 *
 * <p>A request over HTTP/2 has no exchange that is known yet, so there would be no span: the
 * context that the application calls in is passed on as it is. So is that of a request that is
 * hidden, in TLS of an engine that nobody reads, or of a WebSocket in a proxy's tunnel. Which it is
 * shows when its head is written, and not before. The proxy's CONNECT carries nothing.
 *
 * <p>What the client does in between has no context; the application's handler of a response has
 * the call's.
 */
final class JavaNetHttp implements Library {
  private static final String ROOM = "jdk/internal/net/http/";
  private static final String FUTURE = "Ljava/util/concurrent/CompletableFuture;";

  private final Observer observer;
  private final Propagation propagation;

  JavaNetHttp(Observer observer, Propagation propagation) {
    this.observer = observer;
    this.propagation = propagation;
  }

  @Override
  public Point[] points() {
    String handlers =
        "Ljava/net/http/HttpResponse$BodyHandler;Ljava/net/http/HttpResponse$PushPromiseHandler;";
    return new Point[] {
      Point.around(
          ROOM + "HttpClientImpl",
          "sendAsync",
          "(Ljava/net/http/HttpRequest;" + handlers + "Ljava/util/concurrent/Executor;)" + FUTURE,
          new Starts(observer),
          1),
      Point.around(
          ROOM + "MultiExchange",
          "responseAsync",
          "(Ljava/util/concurrent/Executor;)" + FUTURE,
          new Goes()),
      Point.around(
          ROOM + "ExchangeImpl",
          "createHttp1Exchange",
          "(L" + ROOM + "Exchange;L" + ROOM + "HttpConnection;)" + FUTURE,
          new Resolves(observer),
          0,
          1),
      Point.around(
          ROOM + "Http2Connection",
          "createAsync",
          "(L"
              + ROOM
              + "HttpRequestImpl;L"
              + ROOM
              + "Http2ClientImpl;L"
              + ROOM
              + "Exchange;)"
              + FUTURE,
          new Resolves(observer),
          2),
      Point.around(ROOM + "Http1Exchange", "sendHeadersAsync", "()" + FUTURE, new Takes(observer)),
      Point.around(
          ROOM + "PlainHttpConnection",
          "connectAsync",
          "(L" + ROOM + "Exchange;)" + FUTURE,
          new Connects(observer),
          1),
      Point.around(
          ROOM + "Http1Request",
          "headers",
          "()Ljava/util/List;",
          new Writes(observer, propagation)),
      Point.around(
          ROOM + "Stream", "sendHeadersAsync", "()" + FUTURE, new PassesOn(observer, propagation))
    };
  }

  /** Of the library's classes, once they are there. */
  private static final class Path {
    static final Class<?> TUNNEL;
    static final Class<?> TLS;
    static final MethodHandle HANDLER;
    static final MethodHandle SET_HANDLER;
    static final MethodHandle MULTI;
    static final MethodHandle EXCHANGE;
    static final MethodHandle EXCHANGE_REQUEST;
    static final MethodHandle CONNECTION;
    static final MethodHandle CONNECTED;
    static final MethodHandle ONE;
    static final MethodHandle REQUEST;
    static final MethodHandle ENGINE;
    static final MethodHandle BUILDER;
    static final MethodHandle FIELDS;

    static {
      try {
        Class<?> multi = Class.forName("jdk.internal.net.http.MultiExchange", false, platform());
        Class<?> exchange = Access.type(multi, "jdk.internal.net.http.Exchange");
        Class<?> impl = Access.type(multi, "jdk.internal.net.http.ExchangeImpl");
        Class<?> one = Access.type(multi, "jdk.internal.net.http.Http1Exchange");
        Class<?> connection = Access.type(multi, "jdk.internal.net.http.HttpConnection");
        Class<?> head = Access.type(multi, "jdk.internal.net.http.Http1Request");
        Class<?> request = Access.type(multi, "jdk.internal.net.http.HttpRequestImpl");
        Class<?> builder = Access.type(multi, "jdk.internal.net.http.common.HttpHeadersBuilder");
        TUNNEL = Access.type(multi, "jdk.internal.net.http.PlainTunnelingConnection");
        TLS = Access.type(multi, "jdk.internal.net.http.AbstractAsyncSSLConnection");
        HANDLER = Access.field(multi, "responseHandler", HttpResponse.BodyHandler.class);
        SET_HANDLER = setter(multi, "responseHandler");
        MULTI = Access.field(exchange, "multi", multi);
        EXCHANGE = Access.field(impl, "exchange", exchange);
        EXCHANGE_REQUEST = Access.field(exchange, "request", request);
        CONNECTION = Access.field(one, "connection", connection);
        CONNECTED = Access.method(connection, "connected", boolean.class);
        ONE = Access.field(head, "http1Exchange", one);
        REQUEST = Access.field(head, "request", request);
        ENGINE = Access.method(TLS, "getEngine", SSLEngine.class);
        BUILDER = Access.method(request, "getSystemHeadersBuilder", builder);
        FIELDS = Access.method(builder, "map", Map.class);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage());
      }
    }

    private static ClassLoader platform() {
      return HttpResponse.class.getClassLoader();
    }

    /** Of a final field, set before anybody but the constructor has seen it. */
    private static MethodHandle setter(Class<?> owner, String name)
        throws ReflectiveOperationException {
      Field field = owner.getDeclaredField(name);
      field.setAccessible(true);
      MethodHandle set = MethodHandles.lookup().unreflectSetter(field);
      return set.asType(set.type().generic().changeReturnType(void.class));
    }
  }

  /** The application's handler of a response, and the call that it is of. */
  private static final class Handler<T> implements HttpResponse.BodyHandler<T> {
    private final HttpResponse.BodyHandler<T> of;

    /** Its latest attempt. Attempts follow one another. */
    private volatile ClientCall call;

    /** The context that its latest head carried; null: none. */
    private volatile HttpAuditContext sent;

    Handler(HttpResponse.BodyHandler<T> of, ClientCall call) {
      this.of = of;
      this.call = call;
    }

    @Override
    public HttpResponse.BodySubscriber<T> apply(HttpResponse.ResponseInfo response) {
      Object replaced = HttpAudit.replace(sent);
      try {
        return of.apply(response);
      } finally {
        HttpAudit.restore(replaced);
      }
    }
  }

  /** Of an Exchange; null: the client's own, for a tunnel. */
  private static Handler<?> handler(Object exchange) throws Throwable {
    return exchange == null
        ? null
        : (Object) Path.HANDLER.invokeExact((Object) Path.MULTI.invokeExact(exchange))
                instanceof Handler<?> handler
            ? handler
            : null;
  }

  /** The application sends a request: the call is the context until the client has it. */
  private static final class Starts extends HttpAuditProbe {
    private final Observer observer;

    Starts(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object client, Object request, Object two) {
      return HttpAudit.replace(observer.call());
    }
  }

  /** The client begins, within the method before; it ends when that returns. */
  private static final class Goes extends HttpAuditProbe {
    @Override
    public Object enter(Object multi, Object executor, Object two) {
      try {
        if (HttpAudit.current() instanceof ClientCall call) {
          Object of = (Object) Path.HANDLER.invokeExact(multi);
          Object handler = new Handler<>((HttpResponse.BodyHandler<?>) of, call);
          Path.SET_HANDLER.invokeExact(multi, handler);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      HttpAudit.replace(null);
      return null;
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {}
  }

  /**
   * An attempt begins: its peer's name is resolved, a connection looked for. Of HTTP/1.1 on a
   * connection that was opened to find out which protocol it is, it has begun already.
   */
  private static final class Resolves extends HttpAuditProbe {
    private final Observer observer;

    Resolves(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object self, Object exchange, Object connection) {
      try {
        Handler<?> handler = handler(exchange);
        if (handler == null || connection != null) {
          return null;
        }
        handler.call = observer.resolves(handler.call);
        return HttpAudit.replace(handler.call);
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }
  }

  /** It has a connection, which may be open already. */
  private static final class Takes extends HttpAuditProbe {
    private final Observer observer;

    Takes(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object impl, Object one, Object two) {
      try {
        if ((boolean) Path.CONNECTED.invokeExact((Object) Path.CONNECTION.invokeExact(impl))) {
          Handler<?> handler = handler((Object) Path.EXCHANGE.invokeExact(impl));
          if (handler != null && !observer.isConnecting(handler.call)) {
            handler.call = observer.takes(handler.call);
          }
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {}
  }

  /** It connects, perhaps once more. */
  private static final class Connects extends HttpAuditProbe {
    private final Observer observer;

    Connects(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object connection, Object exchange, Object two) {
      try {
        Handler<?> handler = handler(exchange);
        if (handler == null) {
          return null;
        }
        handler.call = observer.connects(handler.call);
        return HttpAudit.replace(handler.call);
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }
  }

  /** Returns what is to be cleared; null: nothing. */
  private static Object write(
      Observer observer, Propagation propagation, Handler<?> handler, Object request) {
    HttpAuditContext context = handler.sent;
    if (context == null) {
      return null;
    }
    if (propagation.inject(context, request, Fields.ALL, null) == null
        && context instanceof ClientCall call) {
      // It carries the application's own: what comes to the wire has not the call's ids.
      handler.sent = observer.parent(call);
    }
    return request;
  }

  /** A head of HTTP/1.1 is made. What it has of ours, it has only meanwhile. */
  private static final class Writes extends HttpAuditProbe {
    private final Observer observer;
    private final Propagation propagation;
    private final TlsOwners owners;

    Writes(Observer observer, Propagation propagation) {
      this.observer = observer;
      this.propagation = propagation;
      owners = new TlsOwners(observer.engines());
    }

    @Override
    public Object enter(Object head, Object one, Object two) {
      try {
        Object impl = (Object) Path.ONE.invokeExact(head);
        Object exchange = (Object) Path.EXCHANGE.invokeExact(impl);
        Handler<?> handler = handler(exchange);
        if (handler == null) {
          return null;
        }
        ClientCall call = handler.call;
        if (isHidden((Object) Path.CONNECTION.invokeExact(impl))) {
          handler.sent = observer.passes(call);
        } else {
          handler.call = observer.writes(call);
          handler.sent = observer.sends(handler.call) ? handler.call : observer.parent(call);
        }
        return write(observer, propagation, handler, (Object) Path.REQUEST.invokeExact(head));
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }

    /** Whether nobody reads what the connection sends. */
    private boolean isHidden(Object connection) throws Throwable {
      return Path.TLS.isInstance(connection)
          ? !owners.reads((Object) Path.ENGINE.invokeExact(connection))
          : Path.TUNNEL.isInstance(connection);
    }

    @Override
    public void leave(Object written, Object self, Object one, Object result, Throwable thrown) {
      Fields.clear(written);
    }
  }

  /** A head of HTTP/2 is made. */
  private static final class PassesOn extends HttpAuditProbe {
    private final Observer observer;
    private final Propagation propagation;

    PassesOn(Observer observer, Propagation propagation) {
      this.observer = observer;
      this.propagation = propagation;
    }

    @Override
    public Object enter(Object stream, Object one, Object two) {
      try {
        Object exchange = (Object) Path.EXCHANGE.invokeExact(stream);
        Handler<?> handler = handler(exchange);
        if (handler == null) {
          return null;
        }
        handler.sent = observer.passes(handler.call);
        Object request = (Object) Path.EXCHANGE_REQUEST.invokeExact(exchange);
        return write(observer, propagation, handler, request);
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }

    @Override
    public void leave(Object written, Object self, Object one, Object result, Throwable thrown) {
      Fields.clear(written);
    }
  }

  /**
   * Of an HttpRequestImpl: the application's own, and those that the client adds, among which ours
   * are written.
   */
  private static final class Fields implements Propagation.Fields<Object> {
    private static final Fields ALL = new Fields();

    /** All that we ever set. Copied to be changed. */
    private static volatile String[] names = {};

    private static synchronized void know(String name) {
      if (!List.of(names).contains(name)) {
        String[] all = Arrays.copyOf(names, names.length + 1);
        all[all.length - 1] = name;
        names = all;
      }
    }

    private static boolean isKnown(String name) {
      for (String known : names) {
        if (known.equals(name)) {
          return true;
        }
      }
      return false;
    }

    static void clear(Object written) {
      if (written != null) {
        try {
          Map<String, List<String>> added = added(written);
          for (String name : names) {
            if (added.get(name) instanceof Ours) {
              added.remove(name);
            }
          }
        } catch (Throwable e) {
          HttpAudit.countFault();
        }
      }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, List<String>> added(Object request) throws Throwable {
      return (Map<String, List<String>>)
          (Object) Path.FIELDS.invokeExact((Object) Path.BUILDER.invokeExact(request));
    }

    @Override
    public String get(Object request, String name) {
      List<String> own = ((HttpRequest) request).headers().map().get(name);
      return own == null || own.isEmpty() ? null : own.get(0);
    }

    @Override
    public void set(Object request, String name, String value) {
      try {
        if (!isKnown(name)) {
          know(name);
        }
        added(request).putIfAbsent(name, new Ours(value));
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }

  /** A field's value that we have set. */
  private static final class Ours extends AbstractList<String> {
    private final String value;

    Ours(String value) {
      this.value = value;
    }

    @Override
    public String get(int index) {
      return value;
    }

    @Override
    public int size() {
      return 1;
    }
  }
}
