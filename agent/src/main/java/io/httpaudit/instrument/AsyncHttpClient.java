package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;

/**
 * AsyncHttpClient 2 and 3: a call starts when its future is made, on the thread and in the context
 * that it is asked for. Redirects, authentication and retries go on with that future; each has a
 * head of its own, which it gives to its channel.
 *
 * <p>What asks a proxy for a tunnel carries nothing. Connections are opened by the library's event
 * loops, for whom is not known.
 */
final class AsyncHttpClient implements Library {
  private static final String ROOM = "org/asynchttpclient/netty/";
  private static final String FUTURE = ROOM + "NettyResponseFuture";
  private static final String SENDER = ROOM + "request/NettyRequestSender";

  private static final Property NETTY_REQUEST = new Property("getNettyRequest()");
  private static final Property REQUEST = new Property("getHttpRequest()");
  private static final Property METHOD = new Property("method()");
  private static final Property HEADERS = new Property("headers()");
  private static final Property IS_ACTIVE = new Property("isActive()");

  /** Its server has told it to continue: what it writes now is the body. */
  private static final Property IS_WRITTEN = new Property("isHeadersAlreadyWrittenOnContinue()");

  private final Observer observer;
  private final NettyHeads heads;
  private final ByIdentity<OngoingCall> byFuture = new ByIdentity<>();

  AsyncHttpClient(Observer observer, Propagation propagation) {
    this.observer = observer;
    heads = new NettyHeads(observer, propagation);
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.makes(FUTURE, new CallStarts(observer, byFuture)),
      Point.around(SENDER, "sendRequest", "", new Begins(), 3),
      Point.around(SENDER, "writeRequest", "", new Writes(), 1, 2)
    };
  }

  /** An attempt begins: the first has no future yet. */
  private final class Begins extends HttpAuditProbe {
    @Override
    public Object enter(Object sender, Object future, Object two) {
      OngoingCall call = byFuture.of(future);
      if (call != null) {
        call.begins();
      }
      return null;
    }
  }

  /** An attempt has its channel, and writes its head. */
  private final class Writes extends HttpAuditProbe {
    @Override
    public Object enter(Object sender, Object future, Object channel) {
      try {
        OngoingCall call = byFuture.of(future);
        if (call == null
            || !Boolean.FALSE.equals(IS_WRITTEN.of(future))
            || !Boolean.TRUE.equals(IS_ACTIVE.of(channel))) {
          return null;
        }
        Object head = REQUEST.of(NETTY_REQUEST.of(future));
        Object method = METHOD.of(head);
        if (method != null && !method.toString().equals("CONNECT")) {
          heads.has(call, channel);
          heads.writes(call, channel, HEADERS.of(head));
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }
}
