package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.lang.invoke.MethodHandle;

/**
 * reactor-netty as a server, and so Spring WebFlux. A request that is pipelined waits, with what
 * was decoded of its body, until those before it are answered: so what is passed to its operations,
 * and what its body's subscriber is given, is in the context of the request that they were made
 * for, whichever thread or request it was that had it done.
 */
final class ReactorNetty implements Library {
  private static final String SERVER = "reactor/netty/http/server/HttpServerOperations";
  private static final String BODY = "reactor/netty/channel/FluxReceive";

  private final Observer observer;

  ReactorNetty(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(
          SERVER,
          "onInboundNext",
          "(Lio/netty/channel/ChannelHandlerContext;Ljava/lang/Object;)V",
          new OfOperations(observer)),
      // The next of those that wait.
      Point.outside("reactor/netty/http/server/HttpTrafficHandler", "run", "()V"),
      Point.around(BODY, "startReceiver", "", new OfBody(observer)),
      Point.around(BODY, "drainReceiver", "()V", new OfBody(observer))
    };
  }

  /** The ways from one reactor-netty's server's operations to their request and its channel. */
  static final class Ways {
    private static final ClassValue<Ways> ALL =
        new ClassValue<>() {
          @Override
          protected Ways computeValue(Class<?> operations) {
            try {
              Class<?> servers = Access.extended(operations, SERVER.replace('/', '.'));
              return servers == null ? null : new Ways(servers);
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.toString());
            }
          }
        };

    private final MethodHandle request;
    private final MethodHandle channel;

    private Ways(Class<?> of) throws ReflectiveOperationException {
      request = Access.field(of, "nettyRequest");
      channel =
          Access.method(
              Access.type(of, "reactor.netty.channel.ChannelOperations"),
              "channel",
              Access.type(of, "io.netty.channel.Channel"));
    }

    /** Null: a client's. */
    static Ways of(Class<?> operations) {
      return ALL.get(operations);
    }

    HttpAuditContext context(Object operations, Observer observer) throws Throwable {
      Object message = (Object) request.invokeExact(operations);
      NettyClasses netty = message == null ? null : NettyClasses.ofMessage(message);
      return netty == null
          ? null
          : observer.decodedInto(
              netty.descriptor((Object) channel.invokeExact(operations)), message);
    }
  }

  private static final class OfOperations extends HttpAuditProbe {
    private final Observer observer;

    OfOperations(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object operations, Object one, Object two) {
      HttpAuditContext context = null;
      try {
        context = Ways.of(operations.getClass()).context(operations, observer);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return HttpAudit.replace(context);
    }
  }

  private static final class OfBody extends HttpAuditProbe {
    /** From a body to the operations that it is received by. */
    private static final ClassValue<MethodHandle> OPERATIONS =
        new ClassValue<>() {
          @Override
          protected MethodHandle computeValue(Class<?> body) {
            try {
              return Access.field(body, "parent");
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.toString());
            }
          }
        };

    private final Observer observer;

    OfBody(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object body, Object one, Object two) {
      HttpAuditContext context = null;
      try {
        Object operations = (Object) OPERATIONS.get(body.getClass()).invokeExact(body);
        Ways ways = Ways.of(operations.getClass());
        if (ways == null) {
          return null;
        }
        context = ways.context(operations, observer);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return HttpAudit.replace(context);
    }
  }
}
