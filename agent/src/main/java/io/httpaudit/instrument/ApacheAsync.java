package io.httpaudit.instrument;

import io.httpaudit.observe.ClientCall;
import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The asynchronous client of Apache HttpClient 5: a call starts in doExecute, where the library
 * makes one runtime for it, which each of its attempts goes through, on whatever thread; and each
 * has a handler of its own, by which the connection's thread knows whose head it writes. A request
 * that the application's producer gives later, on another thread, is of no call that is known.
 *
 * <p>Of HTTP/2, or of TLS that nobody reads, a head carries the context that the call was made in.
 * Its connections are opened by the library's threads, for whom is not known.
 */
final class ApacheAsync implements Library {
  private static final String CLIENT = "org/apache/hc/client5/http/";
  private static final String CORE = "org/apache/hc/core5/";
  private static final String IMPL = CLIENT + "impl/async/";

  private static final Property HANDLER = new Property("exchangeHandler");
  private static final Property LOGGED = new Property("handler");
  private static final Property IS_CONNECTED = new Property("isEndpointConnected()");
  private static final Property OUTPUT = new Property("outputChannel");
  private static final Property OUTER = new Property("this$0");
  private static final Property SESSION = new Property("ioSession");
  private static final Property TLS = new Property("tlsSessionRef");
  private static final Property ENGINE = new Property("sslEngine");

  private final Observer observer;
  private final Propagation propagation;

  /** That this thread is about to make a runtime for; null: none. */
  private final ThreadLocal<OngoingCall> starting = new ThreadLocal<>();

  private final ByIdentity<OngoingCall> byRuntime = new ByIdentity<>();
  private final ByIdentity<OngoingCall> byHandler = new ByIdentity<>();

  ApacheAsync(Observer observer, Propagation propagation) {
    this.observer = observer;
    this.propagation = propagation;
  }

  @Override
  public Point[] points() {
    String context = "L" + CLIENT + "protocol/HttpClientContext;";
    String callback = "L" + CORE + "concurrent/FutureCallback;";
    String cancellable = "L" + CORE + "concurrent/Cancellable;";
    String pushes = "L" + CORE + "http/nio/HandlerFactory;";
    String makes = "(" + pushes + ")L" + CLIENT + "async/AsyncExecRuntime;";
    String runtime = IMPL + "InternalHttpAsyncExecRuntime";
    String head = "(L" + CORE + "http/HttpRequest;L" + CORE + "http/EntityDetails;)V";
    return new Point[] {
      Point.around(
          IMPL + "InternalAbstractHttpAsyncClient",
          "doExecute",
          "(L"
              + CORE
              + "http/HttpHost;L"
              + CORE
              + "http/nio/AsyncRequestProducer;L"
              + CORE
              + "http/nio/AsyncResponseConsumer;"
              + pushes
              + "L"
              + CORE
              + "http/protocol/HttpContext;"
              + callback
              + ")Ljava/util/concurrent/Future;",
          new Starts()),
      Point.around(IMPL + "InternalHttpAsyncClient", "createAsyncExecRuntime", makes, new Makes()),
      Point.around(
          runtime,
          "acquireEndpoint",
          "(Ljava/lang/String;L"
              + CLIENT
              + "HttpRoute;Ljava/lang/Object;"
              + context
              + callback
              + ")"
              + cancellable,
          new Acquires()),
      Point.around(
          runtime, "connectEndpoint", "(" + context + callback + ")" + cancellable, new Connects()),
      Point.around(
          runtime,
          "execute",
          "(Ljava/lang/String;L"
              + CORE
              + "http/nio/AsyncClientExchangeHandler;"
              + context
              + ")"
              + cancellable,
          new Takes(),
          2),
      Point.around(
          CORE + "http/impl/nio/ClientHttp1StreamHandler", "commitRequest", head, new Writes(), 1),
      Point.around(
          CORE + "http2/impl/nio/ClientH2StreamHandler", "commitRequest", head, new PassesOn(), 1)
    };
  }

  private final class Starts extends HttpAuditProbe {
    private final class Entered {
      final OngoingCall before;

      Entered(OngoingCall before) {
        this.before = before;
      }
    }

    @Override
    public Object enter(Object client, Object one, Object two) {
      Entered entered = new Entered(starting.get());
      OngoingCall call = OngoingCall.start(observer);
      if (call != null) {
        starting.set(call);
      }
      return entered;
    }

    @Override
    public void leave(Object entered, Object client, Object one, Object result, Throwable thrown) {
      if (entered instanceof Entered of && of.before != null) {
        starting.set(of.before);
      } else {
        starting.remove();
      }
    }
  }

  /** The runtime of the call that this thread starts. */
  private final class Makes extends HttpAuditProbe {
    @Override
    public Object enter(Object client, Object one, Object two) {
      return null;
    }

    @Override
    public void leave(Object entered, Object client, Object one, Object runtime, Throwable thrown) {
      OngoingCall call = starting.get();
      if (call != null && runtime != null) {
        starting.remove();
        byRuntime.add(runtime, call);
      }
    }
  }

  /** An attempt begins. */
  private final class Acquires extends HttpAuditProbe {
    @Override
    public Object enter(Object runtime, Object one, Object two) {
      OngoingCall call = byRuntime.of(runtime);
      if (call != null) {
        call.begins();
      }
      return null;
    }
  }

  /** A name is resolved, by this thread; a connection is then opened by another one. */
  private final class Connects extends HttpAuditProbe {
    @Override
    public Object enter(Object runtime, Object one, Object two) {
      OngoingCall call = byRuntime.of(runtime);
      ClientCall attempt = call == null ? null : call.opens();
      if (attempt == null) {
        return null;
      }
      call.opened(attempt, null);
      return HttpAudit.replace(attempt);
    }
  }

  /** An attempt has a connection, or opens one now, and what it sends has a handler. */
  private final class Takes extends HttpAuditProbe {
    @Override
    public Object enter(Object runtime, Object handler, Object two) {
      try {
        OngoingCall call = byRuntime.of(runtime);
        if (call != null && handler != null) {
          if (Boolean.TRUE.equals(IS_CONNECTED.of(runtime))) {
            call.takes();
          }
          byHandler.add(handler, call);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }

  /** Of which a stream writes the head, once; null: it is not known. */
  private OngoingCall writing(Object stream) throws Throwable {
    Object handler = HANDLER.of(stream);
    OngoingCall call = byHandler.of(handler);
    if (call == null) {
      handler = LOGGED.of(handler);
      call = byHandler.of(handler);
    }
    if (call != null) {
      byHandler.remove(handler);
    }
    return call;
  }

  private abstract class Heads extends ApacheHeads {
    Heads() {
      super(propagation);
    }

    /** What the head of a call carries; null: nothing. */
    abstract HttpAuditContext carries(OngoingCall call, Object stream) throws Throwable;

    @Override
    final HttpAuditContext context(Object stream, Object request) throws Throwable {
      OngoingCall call = writing(stream);
      return call == null ? null : carries(call, stream);
    }
  }

  /** A head of HTTP/1.1 is written. */
  private final class Writes extends Heads {
    private final TlsOwners owners = new TlsOwners(observer.engines());

    @Override
    HttpAuditContext carries(OngoingCall call, Object stream) throws Throwable {
      Object tls = TLS.of(SESSION.of(OUTER.of(OUTPUT.of(stream))));
      if (!(tls instanceof AtomicReference<?> of)) {
        return call.passes();
      }
      Object engine = ENGINE.of(of.get());
      boolean isHidden = of.get() != null && (engine == null || !owners.reads(engine));
      return isHidden ? call.passes() : call.writes(null);
    }
  }

  /** A head of HTTP/2 is written. */
  private final class PassesOn extends Heads {
    @Override
    HttpAuditContext carries(OngoingCall call, Object stream) {
      return call.passes();
    }
  }
}
