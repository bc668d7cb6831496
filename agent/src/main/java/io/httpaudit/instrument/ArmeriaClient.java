package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;

/**
 * Armeria's client over HTTP/1.1: a call starts when its first attempt is made, on the thread and
 * in the context that it is asked for. Each redirect and each retry has a request context of the
 * library's own, derived from that of the whole.
 *
 * <p>The library makes Netty's fields of the application's for each head, where ours are added.
 * Connections are opened by the pool, for whom is not known. What asks for an upgrade to HTTP/2 is
 * a request of the library's own.
 */
final class ArmeriaClient implements Library {
  private static final String ROOM = "com/linecorp/armeria/";

  private static final Property CONTEXT = new Property("ctx");
  private static final Property ENCODER = new Property("encoder");
  private static final Property CHANNEL = new Property("channel()");
  private static final Property HEADERS = new Property("headers()");

  private final Observer observer;
  private final NettyHeads heads;
  private final ByIdentity<OngoingCall> byContext = new ByIdentity<>();

  /** While a head is made, by the one thread that may. */
  private final ByIdentity<OngoingCall> byEncoder = new ByIdentity<>();

  ArmeriaClient(Observer observer, Propagation propagation) {
    this.observer = observer;
    heads = new NettyHeads(observer, propagation);
  }

  @Override
  public Point[] points() {
    String client = ROOM + "client/";
    String execute =
        "(Lcom/linecorp/armeria/client/ClientRequestContext;"
            + "Lcom/linecorp/armeria/common/HttpRequest;)Lcom/linecorp/armeria/common/HttpResponse;";
    return new Point[] {
      Point.around(ROOM + "internal/client/ClientUtil", "newDerivedContext", "", new Derives(), 0),
      Point.around(client + "HttpClientDelegate", "execute", execute, new Begins(), 1),
      Point.around(client + "AbstractHttpRequestHandler", "writeHeaders", "", new Writes()),
      Point.around(client + "ClientHttp1ObjectEncoder", "convertHeaders", "", new Made())
    };
  }

  /** The call of a request context; null: none is made. */
  private OngoingCall of(Object context) {
    OngoingCall known = byContext.of(context);
    if (known != null || context == null) {
      return known;
    }
    OngoingCall call = OngoingCall.start(observer);
    return call == null || byContext.add(context, call) ? call : byContext.of(context);
  }

  /** What is derived is for the same call. */
  private final class Derives extends HttpAuditProbe {
    @Override
    public Object enter(Object self, Object context, Object two) {
      return of(context);
    }

    @Override
    public void leave(Object call, Object self, Object context, Object derived, Throwable thrown) {
      if (call != null && derived != null) {
        byContext.add(derived, (OngoingCall) call);
      }
    }
  }

  /** An attempt begins. */
  private final class Begins extends HttpAuditProbe {
    @Override
    public Object enter(Object delegate, Object context, Object two) {
      OngoingCall call = of(context);
      if (call != null) {
        call.begins();
      }
      return null;
    }
  }

  /** An attempt has its channel, and its head is made and written. */
  private final class Writes extends HttpAuditProbe {
    @Override
    public Object enter(Object handler, Object one, Object two) {
      try {
        OngoingCall call = byContext.of(CONTEXT.of(handler));
        Object encoder = call == null ? null : ENCODER.of(handler);
        return encoder != null && byEncoder.add(encoder, call) ? encoder : null;
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }

    @Override
    public void leave(Object encoder, Object handler, Object one, Object result, Throwable thrown) {
      if (encoder != null) {
        byEncoder.remove(encoder);
      }
    }
  }

  /** A head of HTTP/1.1 is made. */
  private final class Made extends HttpAuditProbe {
    @Override
    public Object enter(Object encoder, Object one, Object two) {
      return null;
    }

    @Override
    public void leave(Object entered, Object encoder, Object one, Object head, Throwable thrown) {
      OngoingCall call = head == null ? null : byEncoder.of(encoder);
      if (call == null) {
        return;
      }
      try {
        Object channel = CHANNEL.of(encoder);
        heads.has(call, channel);
        heads.writes(call, channel, HEADERS.of(head));
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }
}
