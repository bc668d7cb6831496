package io.httpaudit.instrument;

import io.httpaudit.observe.ClientCall;
import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.lang.ref.WeakReference;

/**
 * Vert.x 4's and 5's HttpClient over HTTP/1.1: a call starts when a request is asked for, in the
 * context of that thread. The pool hands connections from one waiter's thread to another's, so what
 * the library does then is known by the future that it was promised with, and no more by a thread.
 * A redirect is asked for while its response is handled.
 *
 * <p>The library copies the application's fields into each head, where ours are added. Connections
 * are opened by the pool, for whom is not known. The handshakes of WebSockets, what is asked on a
 * connection of the application's own, and an upgrade to HTTP/2 are no such calls.
 */
final class VertxClient implements Library {
  private static final String ROOM = "io/vertx/core/http/impl/";
  private static final String CLIENT = ROOM + "HttpClientImpl";
  private static final String CONNECTION = ROOM + "Http1xClientConnection";
  private static final String OPTIONS = "Lio/vertx/core/http/RequestOptions;";
  private static final String FUTURE = "io/vertx/core/impl/future/FutureImpl";

  private static final Property STREAM = new Property("stream");

  /** What v5 puts around a stream where a load is balanced. */
  private static final Property DELEGATE = new Property("delegate");

  private static final Property CONNECTION_OF = new Property("conn");
  private static final Property CHANNEL = new Property("channel()");
  private static final Property HEADERS = new Property("headers()");

  private static final ClassValue<Boolean> REQUESTS =
      Access.named("io.vertx.core.http.impl.HttpClientRequestImpl");
  private static final ClassValue<Boolean> STREAMS =
      Access.named("io.vertx.core.http.impl.Http1xClientConnection$StreamImpl");

  private final Observer observer;
  private final NettyHeads heads;

  /** The call, or the request where that came first: whoever comes second joins them. */
  private final ByIdentity<Object> byFuture = new ByIdentity<>();

  private final ByIdentity<OngoingCall> byStream = new ByIdentity<>();

  /** While a head is made, by the one thread that may. */
  private final ByIdentity<OngoingCall> byConnection = new ByIdentity<>();

  VertxClient(Observer observer, Propagation propagation) {
    this.observer = observer;
    heads = new NettyHeads(observer, propagation);
  }

  @Override
  public Point[] points() {
    Completes completes = new Completes();
    return new Point[] {
      // Vert.x 4 is given the promise, 5 returns the future.
      Point.around(
              CLIENT,
              "doRequest",
              "(" + OPTIONS + "Lio/vertx/core/impl/future/PromiseInternal;)V",
              new Starts(),
              2)
          .orElsewhere(),
      Point.around(
              CLIENT,
              "doRequest",
              "(Lio/vertx/core/net/Address;Ljava/lang/Integer;Ljava/lang/String;"
                  + OPTIONS
                  + ")Lio/vertx/core/Future;",
              new Starts())
          .orElsewhere(),
      Point.around(FUTURE, "tryComplete", "(Ljava/lang/Object;)Z", completes, 1),
      // Where there is this, what maps a future goes past the other.
      Point.around(
              FUTURE,
              "completeInternal",
              "(Ljava/lang/Object;Ljava/lang/Throwable;)Z",
              completes,
              1)
          .orElsewhere(),
      Point.around(CONNECTION, "beginRequest", "", new Begins(), 1),
      Point.around(CONNECTION, "createRequest", createRequest(), new Writes()),
      Point.around(ROOM + "HttpClientRequestImpl", "handleResponse", "", new Answered())
    };
  }

  /** Another one by that name is of the API. */
  private static String createRequest() {
    return "(Lio/vertx/core/http/HttpMethod;Ljava/lang/String;Lio/vertx/core/MultiMap;"
        + "Ljava/lang/String;ZLio/netty/buffer/ByteBuf;Z)Lio/netty/handler/codec/http/HttpRequest;";
  }

  private void joins(Object request, OngoingCall call) throws Throwable {
    Object stream = STREAM.of(request);
    Object within = DELEGATE.of(stream);
    stream = within == null ? stream : within;
    if (stream != null && STREAMS.get(stream.getClass()) && byStream.add(stream, call)) {
      heads.has(call, CHANNEL.of(CONNECTION_OF.of(stream)));
    }
  }

  private final class Starts extends HttpAuditProbe {
    @Override
    public Object enter(Object client, Object promise, Object two) {
      OngoingCall call = starts();
      if (call != null && promise != null) {
        byFuture.add(promise, call);
      }
      return call;
    }

    private OngoingCall starts() {
      if (HttpAudit.current() instanceof ClientCall before && observer.isSent(before)) {
        // Within what handles its response.
        OngoingCall call = new OngoingCall(observer, before);
        call.begins();
        return call;
      }
      return OngoingCall.start(observer);
    }

    @Override
    public void leave(Object call, Object client, Object promise, Object future, Throwable thrown) {
      try {
        if (call != null
            && future != null
            && !byFuture.add(future, call)
            && byFuture.of(future) instanceof WeakReference<?> made
            && made.get() != null) {
          joins(made.get(), (OngoingCall) call);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }

  /** A future has its value, before anybody is told of it: perhaps a request. */
  private final class Completes extends HttpAuditProbe {
    @Override
    public Object enter(Object future, Object value, Object two) {
      if (value == null || !REQUESTS.get(value.getClass())) {
        return null;
      }
      try {
        Object there = byFuture.of(future);
        if (there == null && !byFuture.add(future, new WeakReference<>(value))) {
          there = byFuture.of(future);
        }
        if (there instanceof OngoingCall call) {
          joins(value, call);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }

  /** The request of a stream is made and written. */
  private final class Begins extends HttpAuditProbe {
    @Override
    public Object enter(Object connection, Object stream, Object two) {
      OngoingCall call = byStream.of(stream);
      if (call != null) {
        byConnection.add(connection, call);
      }
      return call;
    }

    @Override
    public void leave(
        Object call, Object connection, Object stream, Object result, Throwable thrown) {
      if (call != null) {
        byConnection.remove(connection);
      }
    }
  }

  /** Its head is made. */
  private final class Writes extends HttpAuditProbe {
    @Override
    public Object enter(Object connection, Object one, Object two) {
      return null;
    }

    @Override
    public void leave(
        Object entered, Object connection, Object one, Object head, Throwable thrown) {
      OngoingCall call = head == null ? null : byConnection.of(connection);
      if (call == null) {
        return;
      }
      try {
        heads.writes(call, CHANNEL.of(connection), HEADERS.of(head));
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }

  /** What is asked for here and now is the same call; what waits for the response knows its own. */
  private final class Answered extends HttpAuditProbe {
    @Override
    public Object enter(Object request, Object one, Object two) {
      HttpAuditContext context = null;
      try {
        OngoingCall call = byStream.of(STREAM.of(request));
        context = call == null ? null : call.latest();
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return HttpAudit.replace(context);
    }
  }
}
