package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.lang.invoke.MethodHandle;
import java.nio.channels.Channel;

/**
 * Undertow 2: the root handler is where a thread of the connection's begins to handle an exchange,
 * and where others go on with it, each time it is dispatched. So the context stays with the
 * exchange, an object that is made for each request. What is dispatched as a mere task goes by its
 * executor: {@link JBossThreads}.
 */
final class Undertow implements Library {
  private static final String EXCHANGE = "io.undertow.server.HttpServerExchange";

  /** HTTP/1.1: of others one connection has many exchanges. */
  private static final String CONNECTION = "io.undertow.server.protocol.http.HttpServerConnection";

  /** Of one that is not certain: kept, too, so that nobody asks again. */
  private static final Object UNKNOWN = new Object();

  /** TLS is at the most two of them. */
  private static final int MOST_WRAPPED = 4;

  private final Observer observer;

  Undertow(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(
          "io/undertow/server/Connectors",
          "executeRootHandler",
          "(Lio/undertow/server/HttpHandler;Lio/undertow/server/HttpServerExchange;)V",
          new Handles(observer),
          1)
    };
  }

  /** An exchange's attachments, in one Undertow of this JVM. */
  static final class Attached {
    private static final ClassValue<Attached> ALL =
        new ClassValue<>() {
          @Override
          protected Attached computeValue(Class<?> of) {
            try {
              return new Attached(of);
            } catch (Throwable e) {
              throw new LinkageError(e.toString());
            }
          }
        };

    private final Class<?> http1;
    private final MethodHandle connection;
    private final MethodHandle channel;
    private final MethodHandle get;
    private final MethodHandle put;
    private final Object key;

    private Attached(Class<?> of) throws Throwable {
      Class<?> exchange = Access.type(of, EXCHANGE);
      Class<?> attachmentKey = Access.type(exchange, "io.undertow.util.AttachmentKey");
      http1 = Access.type(exchange, CONNECTION);
      connection =
          Access.method(
              exchange,
              "getConnection",
              Access.type(exchange, "io.undertow.server.ServerConnection"));
      channel =
          Access.method(
              Access.type(exchange, "io.undertow.server.AbstractServerConnection"),
              "getChannel",
              Access.type(exchange, "org.xnio.StreamConnection"));
      get = Access.method(exchange, "getAttachment", Object.class, attachmentKey);
      put = Access.method(exchange, "putAttachment", Object.class, attachmentKey, Object.class);
      key = (Object) Access.maker(attachmentKey, "create", Class.class).invoke(Object.class);
    }

    static Attached of(Object exchange) {
      return ALL.get(exchange.getClass());
    }

    /** Null: nothing was kept. */
    Object kept(Object exchange) throws Throwable {
      return (Object) get.invokeExact(exchange, key);
    }

    void keep(Object exchange, HttpAuditContext context) throws Throwable {
      Object kept = context == null ? UNKNOWN : context;
      Object before = (Object) put.invokeExact(exchange, key, kept);
      assert before == null;
    }

    /** The stream that HTTP/1.1 is read from; null: it is another protocol's exchange. */
    Object stream(Object exchange) throws Throwable {
      Object on = (Object) connection.invokeExact(exchange);
      return http1.isInstance(on) ? (Object) channel.invokeExact(on) : null;
    }
  }

  /** XNIO's streams, down to the socket. */
  static final class Streams {
    final Property conduit = new Property("conduit");
    final Property socket = new Property("socketChannel");

    /** What TLS is put on: Undertow's own, and XNIO's two. */
    final Property wrapped = new Property("delegate", "connection", "streamConnection");

    /** Null: none of the JDK's. */
    Channel channel(Object stream) throws Throwable {
      Object at = stream;
      for (int i = 0; i < MOST_WRAPPED && at != null; i++) {
        if (socket.of(conduit.of(at)) instanceof Channel channel) {
          return channel;
        }
        at = wrapped.of(at);
      }
      return null;
    }
  }

  private static final class Handles extends HttpAuditProbe {
    private final Observer observer;
    private final Streams streams = new Streams();

    Handles(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object self, Object exchange, Object two) {
      HttpAuditContext context = null;
      try {
        Attached attached = Attached.of(exchange);
        Object kept = attached.kept(exchange);
        if (kept == null) {
          context = observer.handled(streams.channel(attached.stream(exchange)));
          attached.keep(exchange, context);
        } else if (kept != UNKNOWN) {
          context = (HttpAuditContext) kept;
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
        context = null;
      }
      return HttpAudit.replace(context);
    }
  }
}
