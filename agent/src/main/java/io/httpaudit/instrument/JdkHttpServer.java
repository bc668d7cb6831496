package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.lang.invoke.MethodHandle;

/**
 * {@code com.sun.net.httpserver}: its handlers run on the thread that has read the request's head,
 * below the first of its chains of filters. It handles the requests of a connection one after the
 * other, each when the response before has been written. The route is the path of the context.
 */
final class JdkHttpServer implements Library {
  private final Observer observer;

  JdkHttpServer(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(
          "com/sun/net/httpserver/Filter$Chain",
          "doFilter",
          "(Lcom/sun/net/httpserver/HttpExchange;)V",
          new Handles(observer),
          1)
    };
  }

  /** Of the classes that carry an exchange to its channel, once they are there. */
  private static final class Path {
    static final Class<?> EXCHANGE;
    static final MethodHandle IMPL;
    static final MethodHandle CONNECTION;
    static final MethodHandle CHANNEL;
    static final MethodHandle CONTEXT;
    static final MethodHandle PATH;

    static {
      try {
        EXCHANGE = Class.forName("sun.net.httpserver.HttpExchangeImpl");
        Class<?> impl = Access.type(EXCHANGE, "sun.net.httpserver.ExchangeImpl");
        Class<?> connection = Access.type(EXCHANGE, "sun.net.httpserver.HttpConnection");
        Class<?> context = Access.type(EXCHANGE, "sun.net.httpserver.HttpContextImpl");
        IMPL = Access.field(EXCHANGE, "impl", impl);
        CONNECTION = Access.method(impl, "getConnection", connection);
        CHANNEL = Access.method(connection, "getChannel", java.nio.channels.SocketChannel.class);
        CONTEXT = Access.method(impl, "getHttpContext", context);
        PATH = Access.method(context, "getPath", String.class);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage());
      }
    }
  }

  private static final class Handles extends HttpAuditProbe {
    private final Observer observer;

    Handles(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object self, Object exchange, Object two) {
      if (!Path.EXCHANGE.isInstance(exchange)) {
        return null;
      }
      try {
        Object impl = (Object) Path.IMPL.invokeExact(exchange);
        int fd =
            HttpAudit.descriptor(
                (Object) Path.CHANNEL.invokeExact((Object) Path.CONNECTION.invokeExact(impl)));
        HttpAuditContext begun = observer.handled(fd, true);
        if (begun != null) {
          Object context = (Object) Path.CONTEXT.invokeExact(impl);
          observer.route(begun, (String) (Object) Path.PATH.invokeExact(context));
          return HttpAudit.replace(begun);
        }
        // A chain within the first one, or one that can't be told.
        return HttpAudit.replace(observer.handled(fd, false));
      } catch (Throwable e) {
        HttpAudit.countFault();
        return HttpAudit.replace(null);
      }
    }
  }
}
