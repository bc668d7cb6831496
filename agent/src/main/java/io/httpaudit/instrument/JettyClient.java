package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.lang.invoke.MethodHandle;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Jetty's HttpClient, 9 to 12: a call starts when its first exchange is given to its destination,
 * in the context of the thread that sends it. Redirects and what authentication repeats have
 * exchanges of their own, in the same conversation; a connection is told which exchange it sends.
 *
 * <p>A head has our fields while it is generated, and not when the application looks again. Of TLS
 * that nobody reads it carries the context that the call was made in; a proxy's CONNECT, which is
 * no destination's exchange, nothing. Connections are opened by the pool, for whom is not known.
 */
final class JettyClient implements Library {
  private static final String CLIENT = "org/eclipse/jetty/client/";

  private static final Property REQUEST = new Property("getRequest()");
  private static final Property CONVERSATION = new Property("getConversation()");
  private static final Property HEADERS = new Property("getHeaders()");
  private static final Property CHANNEL = new Property("getHttpChannel()");
  private static final Property CONNECTION = new Property("getHttpConnection()");
  private static final Property END_POINT = new Property("getEndPoint()");
  private static final Property TLS = new Property("getSslConnection()");
  private static final Property ENGINE = new Property("getSSLEngine()");
  private static final Property TRANSPORT = new Property("getTransport()", "getChannel()");

  private final Observer observer;
  private final Propagation propagation;
  private final ByIdentity<OngoingCall> byConversation = new ByIdentity<>();
  private final ByIdentity<OngoingCall> byExchange = new ByIdentity<>();

  private final UsedConnections connections = new UsedConnections();

  JettyClient(Observer observer, Propagation propagation) {
    this.observer = observer;
    this.propagation = propagation;
  }

  @Override
  public Point[] points() {
    List<Point> points = new ArrayList<>();
    // Of 9 to 11, and of 12.
    add(points, CLIENT, CLIENT + "http/");
    add(points, CLIENT + "transport/", CLIENT + "transport/internal/");
    return points.toArray(new Point[0]);
  }

  private void add(List<Point> points, String room, String sender) {
    String exchange = "L" + room + "HttpExchange;";
    points.add(
        Point.around(room + "HttpDestination", "send", "(" + exchange + ")V", new Begins(), 1));
    points.add(
        Point.around(
            room + "HttpConnection",
            "send",
            "(L" + room + "HttpChannel;" + exchange + ")L" + room + "SendFailure;",
            new Has(),
            2));
    points.add(Point.around(sender + "HttpSenderOverHTTP", "sendHeaders", "", new Writes(), 1));
  }

  /** An attempt begins: the call's first, the next of its conversation, or the same once more. */
  private final class Begins extends HttpAuditProbe {
    @Override
    public Object enter(Object destination, Object exchange, Object two) {
      try {
        Object conversation = CONVERSATION.of(REQUEST.of(exchange));
        OngoingCall call = byConversation.of(conversation);
        if (call != null) {
          byExchange.add(exchange, call);
          call.begins();
          return null;
        }
        call = conversation == null ? null : OngoingCall.start(observer);
        if (call != null && byConversation.add(conversation, call)) {
          byExchange.add(exchange, call);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }

  /** An attempt has its connection. */
  private final class Has extends HttpAuditProbe {
    @Override
    public Object enter(Object connection, Object exchange, Object two) {
      OngoingCall call = byExchange.of(exchange);
      if (call != null) {
        connections.has(call, connection);
      }
      return null;
    }
  }

  /** A head of HTTP/1.1 is generated and written. */
  private final class Writes extends HttpAuditProbe {
    private final TlsOwners owners = new TlsOwners(observer.engines());

    @Override
    public Object enter(Object sender, Object exchange, Object two) {
      try {
        OngoingCall call = byExchange.of(exchange);
        if (call == null) {
          return null;
        }
        HttpAuditContext context =
            isRead(END_POINT.of(CONNECTION.of(CHANNEL.of(sender))))
                ? call.writes(null)
                : call.passes();
        if (context != null) {
          // They stay: once they are written the answer may be there, and a redirect's request is
          // copied from this one by another thread. So that may have them, too.
          Object headers = HEADERS.of(REQUEST.of(exchange));
          call.carried = propagation.inject(context, headers, Fields.ALL, call.carried);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }

    private boolean isRead(Object endPoint) throws Throwable {
      Object tls = TLS.of(endPoint);
      if (tls == null) {
        return TRANSPORT.of(endPoint) instanceof SocketChannel channel
            && observer.knows(HttpAudit.descriptor(channel));
      }
      Object engine = ENGINE.of(tls);
      return engine != null && owners.reads(engine);
    }
  }

  /** Of HttpFields, a class until 9, and an interface with one that can be changed since 10. */
  private static final class Path {
    static final ClassValue<Path> ALL =
        new ClassValue<>() {
          @Override
          protected Path computeValue(Class<?> headers) {
            try {
              return new Path(headers);
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.getMessage());
            }
          }
        };

    final MethodHandle get;
    final MethodHandle put;

    Path(Class<?> headers) throws ReflectiveOperationException {
      Class<?> fields = Access.type(headers, "org.eclipse.jetty.http.HttpFields");
      Class<?> mutable =
          fields.isInterface()
              ? Access.type(headers, "org.eclipse.jetty.http.HttpFields$Mutable")
              : fields;
      get = Access.method(fields, "get", String.class, String.class);
      put = changing(mutable, "put", String.class, String.class);
    }

    /** Whatever it returns, it gives nothing. */
    private static MethodHandle changing(Class<?> owner, String name, Class<?>... parameters)
        throws ReflectiveOperationException {
      Class<?> result = owner.getMethod(name, parameters).getReturnType();
      MethodHandle method = Access.method(owner, name, result, parameters);
      return method.asType(method.type().changeReturnType(void.class));
    }
  }

  private static final class Fields implements Propagation.Fields<Object> {
    static final Fields ALL = new Fields();

    @Override
    public String get(Object headers, String name) {
      try {
        Path path = Path.ALL.get(headers.getClass());
        return (String) (Object) path.get.invokeExact(headers, (Object) name);
      } catch (Throwable e) {
        HttpAudit.countFault();
        // As if the application had set it: nothing is written then.
        return "";
      }
    }

    @Override
    public void set(Object headers, String name, String value) {
      try {
        Path path = Path.ALL.get(headers.getClass());
        path.put.invokeExact(headers, (Object) name, (Object) value);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }
}
