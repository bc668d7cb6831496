package io.httpaudit.instrument;

import io.httpaudit.observe.ClientCall;
import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.List;
import javax.net.ssl.SSLSocket;

/**
 * OkHttp 4 and 5: a call starts in execute or enqueue, in the context of who calls that, and is
 * known by its RealCall, to which everything that is done for it leads, on whatever thread. An
 * enqueued one runs, with the application's interceptors and its callback, in that context, whoever
 * made room for it.
 *
 * <p>A head is given its fields in a copy of the request, when it is written: neither interceptors
 * nor listeners see them. Of HTTP/2, or of TLS that nobody reads, it carries the context that the
 * call was made in. A proxy's CONNECT carries nothing.
 */
final class OkHttp implements Library {
  private static final String ROOM = "okhttp3/internal/";
  private static final String CALL = ROOM + "connection/RealCall";
  private static final String REQUEST = "Lokhttp3/Request;";
  private static final String HTTP1 = "okhttp3.internal.http1.Http1ExchangeCodec";
  private static final String SYSTEM_DNS = "okhttp3.Dns$Companion$DnsSystem";

  private static final Property CALL_OF = new Property("call");

  /** Of 5.0 to 5.2: for whom a connection is opened, which is a call's, or the pool. */
  private static final Property USER = new Property("user", "connectionUser");

  private static final Property CALL_OF_TASK = new Property("this$0", "getCall()");
  private static final Property CODEC = new Property("codec");
  private static final Property CONNECTION = new Property("carrier", "connection");
  private static final Property CALLS = new Property("getCalls()");
  private static final Property SOCKET = new Property("socket()");
  private static final Property RAW_SOCKET = new Property("rawSocket");
  private static final Property CHAIN = new Property("chain");
  private static final Property ADDRESS = new Property("address");
  private static final Property DNS = new Property("dns()");

  private final Observer observer;
  private final Propagation propagation;
  private final ByIdentity<OngoingCall> calls = new ByIdentity<>();

  OkHttp(Observer observer, Propagation propagation) {
    this.observer = observer;
    this.propagation = propagation;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(CALL, "execute", "()Lokhttp3/Response;", new Executes()),
      Point.around(CALL, "enqueue", "(Lokhttp3/Callback;)V", new Enqueues()),
      Point.around(CALL + "$AsyncCall", "run", "()V", new Runs()),
      Point.around(
          CALL,
          "initExchange$okhttp",
          "(L" + ROOM + "http/RealInterceptorChain;)L" + ROOM + "connection/Exchange;",
          new Takes()),
      // Shrunk copies, as in OpenTelemetry's agent, lack it: their names' resolution is not told.
      Point.around(
              ROOM + "connection/RouteSelector",
              "resetNextInetSocketAddress",
              "(Ljava/net/Proxy;)V",
              new Resolves())
          .orElsewhere(),
      // Of 5, and of 4.
      Point.around(ROOM + "connection/ConnectPlan", "connectSocket", "()V", new Connects()),
      Point.around(
              ROOM + "connection/RealConnection",
              "connectSocket",
              "(IILokhttp3/Call;Lokhttp3/EventListener;)V",
              new Connects(),
              3)
          .orElsewhere(),
      Point.replaces(
          ROOM + "http1/Http1ExchangeCodec",
          "writeRequestHeaders",
          "(" + REQUEST + ")V",
          new Writes(),
          1),
      Point.replaces(
          ROOM + "http2/Http2ExchangeCodec",
          "writeRequestHeaders",
          "(" + REQUEST + ")V",
          new PassesOn(),
          1)
    };
  }

  /** The call that a connection is sought for; null: it is none, or not known. */
  private OngoingCall sought(Object by) throws Throwable {
    Object user = USER.of(by);
    return calls.of(CALL_OF.of(user == null ? by : user));
  }

  /** Whether it is the first that is begun with this object. */
  private boolean begin(Object realCall) {
    OngoingCall call = OngoingCall.start(observer);
    return call != null && calls.add(realCall, call);
  }

  private final class Executes extends HttpAuditProbe {
    @Override
    public Object enter(Object realCall, Object one, Object two) {
      return begin(realCall) ? this : null;
    }

    @Override
    public void leave(Object begun, Object realCall, Object one, Object result, Throwable thrown) {
      if (begun != null) {
        calls.remove(realCall);
      }
    }
  }

  private final class Enqueues extends HttpAuditProbe {
    @Override
    public Object enter(Object realCall, Object callback, Object two) {
      if (!begin(realCall)) {
        return null;
      }
      HttpAudit.registered(realCall);
      return this;
    }

    @Override
    public void leave(Object begun, Object realCall, Object one, Object result, Throwable thrown) {
      if (begun != null && thrown != null) {
        calls.remove(realCall);
      }
    }
  }

  private final class Runs extends HttpAuditProbe {
    @Override
    public Object enter(Object task, Object one, Object two) {
      try {
        return HttpAudit.runs(CALL_OF_TASK.of(task));
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }

    @Override
    public void leave(Object replaced, Object task, Object one, Object result, Throwable thrown) {
      HttpAudit.restore(replaced);
      try {
        calls.remove(CALL_OF_TASK.of(task));
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }

  /** An attempt begins: a connection is found in the pool, or opened. */
  private final class Takes extends HttpAuditProbe {
    @Override
    public Object enter(Object realCall, Object one, Object two) {
      OngoingCall call = calls.of(realCall);
      if (call != null) {
        call.begins();
      }
      return call;
    }

    @Override
    public void leave(Object call, Object self, Object one, Object exchange, Throwable thrown) {
      try {
        Object codec = call == null ? null : CODEC.of(exchange);
        if (codec != null && codec.getClass().getName().equals(HTTP1)) {
          ((OngoingCall) call).takes();
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }

  /** A name is resolved: of the application's own ways to do it we know nothing. */
  private final class Resolves extends HttpAuditProbe {
    @Override
    public Object enter(Object selector, Object one, Object two) {
      try {
        OngoingCall call = sought(selector);
        Object dns = DNS.of(ADDRESS.of(selector));
        return call == null || dns == null || !dns.getClass().getName().equals(SYSTEM_DNS)
            ? null
            : call.resolves();
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }
  }

  /** A socket is connected. 5 has threads for that, each perhaps in some other call's context. */
  private final class Connects extends HttpAuditProbe {
    private final class Entered {
      final Object replaced;
      final OngoingCall call;
      final ClientCall attempt;

      Entered(Object replaced, OngoingCall call, ClientCall attempt) {
        this.replaced = replaced;
        this.call = call;
        this.attempt = attempt;
      }
    }

    @Override
    public Object enter(Object by, Object realCall, Object two) {
      try {
        OngoingCall call = realCall == null ? sought(by) : calls.of(realCall);
        ClientCall attempt = call == null ? null : call.opens();
        return new Entered(HttpAudit.replace(attempt), call, attempt);
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }

    @Override
    public void leave(Object entered, Object by, Object one, Object result, Throwable thrown) {
      if (entered instanceof Entered connects) {
        HttpAudit.restore(connects.replaced);
        if (connects.attempt != null) {
          Object socket = null;
          try {
            socket = thrown == null ? RAW_SOCKET.of(by) : null;
          } catch (Throwable e) {
            HttpAudit.countFault();
          }
          connects.call.opened(connects.attempt, socket);
        }
      }
    }
  }

  /** The request with what {@code context} is carried by; itself, if that is nothing. */
  private Object with(HttpAuditContext context, Object request) {
    if (context == null) {
      return request;
    }
    Sent sent = new Sent(request);
    propagation.inject(context, sent, Fields.ALL, null);
    return sent.request;
  }

  /** A head of HTTP/1.1 is written. */
  private final class Writes extends HttpAuditProbe {
    private final TlsOwners owners = new TlsOwners(observer.engines());

    @Override
    public Object enter(Object codec, Object request, Object two) {
      try {
        Object connection = CONNECTION.of(codec);
        OngoingCall call = calls.of(only((List<?>) CALLS.of(connection)));
        if (call == null) {
          return request;
        }
        Object socket = SOCKET.of(connection);
        return with(
            socket instanceof SSLSocket && !owners.reads(socket)
                ? call.passes()
                : call.writes(RAW_SOCKET.of(connection)),
            request);
      } catch (Throwable e) {
        HttpAudit.countFault();
        return request;
      }
    }

    /** Who has a connection; null: nobody, or not one alone. */
    private Object only(List<?> users) {
      return users != null && users.size() == 1 ? ((Reference<?>) users.get(0)).get() : null;
    }
  }

  /** A head of HTTP/2 is written. */
  private final class PassesOn extends HttpAuditProbe {
    @Override
    public Object enter(Object codec, Object request, Object two) {
      try {
        OngoingCall call = calls.of(CALL_OF.of(CHAIN.of(codec)));
        return call == null ? request : with(call.passes(), request);
      } catch (Throwable e) {
        HttpAudit.countFault();
        return request;
      }
    }
  }

  /** A request about to be sent, whose copies have more fields. */
  private static final class Sent {
    Object request;

    Sent(Object request) {
      this.request = request;
    }
  }

  /** Of an okhttp3.Request. */
  private static final class Path {
    final MethodHandle get;
    final MethodHandle copied;
    final MethodHandle set;
    final MethodHandle built;

    Path(Class<?> request) throws ReflectiveOperationException {
      Class<?> builder = Access.type(request, "okhttp3.Request$Builder");
      get = Access.method(request, "header", String.class, String.class);
      copied = Access.method(request, "newBuilder", builder);
      set = Access.method(builder, "header", builder, String.class, String.class);
      built = Access.method(builder, "build", request);
    }
  }

  private static final class Fields implements Propagation.Fields<Sent> {
    static final Fields ALL = new Fields();

    private static final ClassValue<Path> PATHS =
        new ClassValue<>() {
          @Override
          protected Path computeValue(Class<?> request) {
            try {
              return new Path(request);
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.getMessage());
            }
          }
        };

    @Override
    public String get(Sent sent, String name) {
      try {
        Path path = PATHS.get(sent.request.getClass());
        return (String) (Object) path.get.invokeExact(sent.request, (Object) name);
      } catch (Throwable e) {
        HttpAudit.countFault();
        // As if the application had set it: nothing is written then.
        return "";
      }
    }

    @Override
    public void set(Sent sent, String name, String value) {
      try {
        Path path = PATHS.get(sent.request.getClass());
        Object builder = (Object) path.copied.invokeExact(sent.request);
        builder = (Object) path.set.invokeExact(builder, (Object) name, (Object) value);
        sent.request = (Object) path.built.invokeExact(builder);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }
}
