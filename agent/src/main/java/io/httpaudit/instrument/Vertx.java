package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * Vert.x 4 and 5: {@link VertxClient}, and as a server of HTTP/1.x. A request that is pipelined
 * waits until the one before it is answered, by whoever does that: so a handler, and what is given
 * parts of a body, is called in the context of the request that it is for, or in none.
 *
 * <p>A future's listener runs in the context in which it was added, or in none: who completes a
 * future may have waited for something quite different. What a worker does has the context in which
 * it was put into that one's queue.
 */
final class Vertx implements Library {
  private static final String HTTP = "io/vertx/core/http/impl/Http1xServer";
  private static final String FUTURES = "io/vertx/core/impl/future/";

  private final Observer observer;
  private final Library client;

  Vertx(Observer observer, Propagation propagation) {
    this.observer = observer;
    client = new VertxClient(observer, propagation);
  }

  @Override
  public Point[] points() {
    HttpAuditProbe argument = new OfRequest(observer, true);
    HttpAuditProbe itself = new OfRequest(observer, false);
    List<Point> points = new ArrayList<>(List.of(client.points()));
    points.add(Point.around(HTTP + "Connection", "handleNext", "", argument, 1));
    // Perhaps on a worker.
    points.add(
        Point.around(
            HTTP + "RequestHandler",
            "handle",
            "(Lio/vertx/core/http/HttpServerRequest;)V",
            argument,
            1));
    points.add(
        Point.around(HTTP + "Request", "onData", "(Lio/vertx/core/buffer/Buffer;)V", itself));
    points.add(Point.around(HTTP + "Request", "onEnd", "()V", itself));
    points.add(Point.around(HTTP + "Request", "handleEnd", "()V", itself));
    for (String future : new String[] {"FutureImpl", "SucceededFuture", "FailedFuture"}) {
      points.add(Point.submits(FUTURES + future, "addListener", "", 1));
    }
    points.add(Point.submits("io/vertx/core/impl/TaskQueue", "execute", "", 1));
    points.add(Point.runsAt("io/vertx/core/impl/TaskQueue", "run", "()V", "run"));
    // Vert.x 4 has the first two, 5 the third.
    points.add(Point.runs(FUTURES + "FutureBase", "emitSuccess", "", 2).orElsewhere());
    points.add(Point.runs(FUTURES + "FutureBase", "emitFailure", "", 2).orElsewhere());
    points.add(Point.runs(FUTURES + "FutureBase", "emitResult", "", 3).orElsewhere());
    return points.toArray(new Point[0]);
  }

  /** The ways from one Vert.x's request to the message that it is of, and to its connection. */
  static final class Ways {
    private static final ClassValue<Ways> ALL =
        new ClassValue<>() {
          @Override
          protected Ways computeValue(Class<?> request) {
            try {
              return request.getName().equals("io.vertx.core.http.impl.Http1xServerRequest")
                  ? new Ways(request)
                  : null;
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.toString());
            }
          }
        };

    private final MethodHandle message;
    private final MethodHandle connection;
    private final MethodHandle handlerContext;

    private Ways(Class<?> request) throws ReflectiveOperationException {
      message = Access.field(request, "request");
      connection = Access.field(request, "conn");
      handlerContext =
          Access.method(
              Access.type(request, "io.vertx.core.net.impl.ConnectionBase"),
              "channelHandlerContext",
              Access.type(request, "io.netty.channel.ChannelHandlerContext"));
    }

    /** Null: a request of another kind. */
    static Ways of(Class<?> request) {
      return ALL.get(request);
    }

    HttpAuditContext context(Object request, Observer observer) throws Throwable {
      Object decoded = (Object) message.invokeExact(request);
      NettyClasses netty = decoded == null ? null : NettyClasses.ofMessage(decoded);
      if (netty == null) {
        return null;
      }
      Object of = (Object) connection.invokeExact(request);
      return observer.decodedInto(
          netty.descriptor((Object) handlerContext.invokeExact(of)), decoded);
    }
  }

  private static final class OfRequest extends HttpAuditProbe {
    private final Observer observer;

    /** Whether the request is the method's argument, not the receiver. */
    private final boolean argument;

    OfRequest(Observer observer, boolean argument) {
      this.observer = observer;
      this.argument = argument;
    }

    @Override
    public Object enter(Object self, Object one, Object two) {
      HttpAuditContext context = null;
      try {
        Object request = argument ? one : self;
        Ways ways = Ways.of(request.getClass());
        context = ways == null ? null : ways.context(request, observer);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return HttpAudit.replace(context);
    }
  }
}
