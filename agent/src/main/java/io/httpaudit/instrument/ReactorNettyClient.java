package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;

/**
 * reactor-netty's HttpClient, and with it Spring's WebClient: a call starts when somebody
 * subscribes, in the context of that thread, whoever assembled it and when. The library then makes
 * one handler for it, which each of its attempts goes through, on whatever thread; and each attempt
 * has operations of its own on its channel, which write the head.
 *
 * <p>A head is given its fields behind all that the application does to it. Of HTTP/2, or of TLS
 * that nobody reads, it carries the context that the call was made in.
 */
final class ReactorNettyClient implements Library {
  private static final String ROOM = "reactor/netty/http/client/";
  private static final String HANDLER = ROOM + "HttpClientConnect$HttpClientHandler";
  private static final String OPERATIONS = ROOM + "HttpClientOperations";

  private static final Property CHANNEL = new Property("channel()");
  private static final Property REQUEST = new Property("nettyRequest");
  private static final Property HEADERS = new Property("headers()");

  private final Observer observer;
  private final NettyHeads heads;
  private final ByIdentity<OngoingCall> byHandler = new ByIdentity<>();
  private final ByIdentity<OngoingCall> byOperations = new ByIdentity<>();

  ReactorNettyClient(Observer observer, Propagation propagation) {
    this.observer = observer;
    heads = new NettyHeads(observer, propagation);
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.makes(HANDLER, new CallStarts(observer, byHandler)),
      Point.around(HANDLER, "get", "()Ljava/net/SocketAddress;", new Begins()),
      Point.around(
          HANDLER,
          "requestWithBody",
          "(L" + OPERATIONS + ";)Lorg/reactivestreams/Publisher;",
          new Has(),
          1),
      Point.around(OPERATIONS, "beforeMarkSentHeaders", "()V", new Writes())
    };
  }

  /** An attempt begins: the pool asks whom to connect to. */
  private final class Begins extends HttpAuditProbe {
    @Override
    public Object enter(Object handler, Object one, Object two) {
      OngoingCall call = byHandler.of(handler);
      if (call != null) {
        call.begins();
      }
      return null;
    }
  }

  /** An attempt has its channel. */
  private final class Has extends HttpAuditProbe {
    @Override
    public Object enter(Object handler, Object operations, Object two) {
      try {
        OngoingCall call = byHandler.of(handler);
        Object channel = call == null ? null : CHANNEL.of(operations);
        if (channel != null && byOperations.add(operations, call)) {
          heads.has(call, channel);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }

  /** Nobody changes the head any more once that has returned. */
  private final class Writes extends HttpAuditProbe {
    @Override
    public Object enter(Object operations, Object one, Object two) {
      return null;
    }

    @Override
    public void leave(
        Object entered, Object operations, Object one, Object result, Throwable thrown) {
      OngoingCall call = thrown == null ? byOperations.of(operations) : null;
      if (call == null) {
        return;
      }
      byOperations.remove(operations);
      try {
        heads.writes(call, CHANNEL.of(operations), HEADERS.of(REQUEST.of(operations)));
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }
}
