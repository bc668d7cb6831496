package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.lang.invoke.MethodHandle;
import java.nio.channels.SocketChannel;

/**
 * {@code com.sun.net.httpserver}: one run of an exchange reads a request's head, chooses the
 * context, once, and calls filters and handler, all on one thread. The next of that connection
 * comes when the response has been written, on whichever thread. The route is the context's path.
 */
final class JdkHttpServer implements Library {
  private final Observer observer;

  JdkHttpServer(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around("sun/net/httpserver/ServerImpl$Exchange", "run", "()V", new Bounds()),
      Point.around(
          "sun/net/httpserver/HttpConnection",
          "setContext",
          "(Lsun/net/httpserver/HttpContextImpl;)V",
          new Begins(observer),
          1)
    };
  }

  /** From a connection to its channel, and from a context to its path. */
  private static final class Path {
    static final MethodHandle CHANNEL;
    static final MethodHandle PATH;

    static {
      try {
        Class<?> connection = Class.forName("sun.net.httpserver.HttpConnection");
        Class<?> context = Class.forName("sun.net.httpserver.HttpContextImpl");
        CHANNEL = Access.method(connection, "getChannel", SocketChannel.class);
        PATH = Access.method(context, "getPath", String.class);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage());
      }
    }
  }

  /** The request's context holds until {@link Bounds} ends it. */
  private static final class Begins extends HttpAuditProbe {
    private final Observer observer;

    Begins(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object connection, Object context, Object two) {
      try {
        HttpAuditContext begun =
            observer.handled((SocketChannel) (Object) Path.CHANNEL.invokeExact(connection));
        HttpAudit.replace(begun);
        if (begun != null) {
          observer.route(begun, (String) (Object) Path.PATH.invokeExact(context));
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }
}
