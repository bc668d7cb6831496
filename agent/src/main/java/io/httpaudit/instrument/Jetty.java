package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.nio.channels.Channel;

/**
 * Jetty 9 to 12, as a server of HTTP/1.1. Each of its connections has one request at a time.
 *
 * <p>Until Jetty 11, one object of a connection handles what comes of each, and goes on with it
 * whenever something happens to an asynchronous one; in between it is told to forget it. Jetty 12
 * begins at one place, and leaves the rest to the servlet container above.
 *
 * <p>Its thread pool is an executor of its own.
 */
final class Jetty implements Library {
  private static final String SERVER = "org/eclipse/jetty/server/";
  private static final String CHANNEL = SERVER + "HttpChannel";
  private static final String POOL = "org/eclipse/jetty/util/thread/QueuedThreadPool";

  private final Observer observer;
  private final Serving serving = new Serving();
  private final EndPoints endPoints = new EndPoints();

  Jetty(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    Next next = new Next(serving);
    GoesOn goesOn = new GoesOn(observer, serving);
    return new Point[] {
      // Of Jetty 12, which has an interface of this name, only the others are there.
      Point.around(CHANNEL, "onRequest", "", next).orElsewhere(),
      Point.around(CHANNEL, "recycle", "()V", next).orElsewhere(),
      Point.around(CHANNEL, "handle", "()Z", new Handles(observer, serving, endPoints))
          .orElsewhere(),
      Point.around(
          SERVER + "internal/HttpChannelState$HandlerInvoker",
          "run",
          "()V",
          new Invokes(observer, serving, endPoints)),
      Point.around("org/eclipse/jetty/ee10/servlet/ServletChannel", "handle", "()V", goesOn),
      Point.around("org/eclipse/jetty/ee11/servlet/ServletChannel", "handle", "()V", goesOn),
      Point.around("org/eclipse/jetty/ee9/nested/HttpChannel", "handle", "()Z", goesOn),
      Point.around("org/eclipse/jetty/ee8/nested/HttpChannel", "handle", "()Z", goesOn),
      Point.around(
          POOL,
          "execute",
          "(Ljava/lang/Runnable;)V",
          new ServerTasks(
              "org.eclipse.jetty.",
              "org.eclipse.jetty.server.AsyncContextState",
              "org.eclipse.jetty.server.handler.ContextHandler$",
              "org.eclipse.jetty.ee"),
          1),
      Point.runsAt(POOL, "runJob", "", "run")
    };
  }

  /** From what Jetty reads HTTP/1.1 from to the socket. */
  static final class EndPoints {
    /** TLS, and what a proxy says before it. */
    private static final int MOST_WRAPPED = 8;

    final Property endPoint = new Property("_endPoint");
    final Property channel = new Property("_channel");

    /** What an end point is on top of; one of TLS in Jetty 9 belongs to the connection that is. */
    final Property below = new Property("unwrap()", "this$0", "_endPoint");

    /** Null: none of the JDK's. */
    Channel channel(Object connection) throws Throwable {
      Object at = endPoint.of(connection);
      for (int i = 0; i < MOST_WRAPPED && at != null; i++) {
        if (channel.of(at) instanceof Channel found) {
          return found;
        }
        at = below.of(at);
      }
      return null;
    }
  }

  /** Jetty 9 to 11: what it handles from now on is another request. */
  private static final class Next extends HttpAuditProbe {
    private final Serving serving;

    Next(Serving serving) {
      this.serving = serving;
    }

    @Override
    public Object enter(Object channel, Object one, Object two) {
      Serving.Request request = serving.find(channel);
      if (request != null) {
        request.next();
      }
      return null;
    }
  }

  /** Jetty 9 to 11. */
  private static final class Handles extends HttpAuditProbe {
    private final Observer observer;
    private final Serving serving;
    private final EndPoints endPoints;

    /** Of HTTP/1.1's alone. */
    private final Property connection = new Property("_httpConnection");

    Handles(Observer observer, Serving serving, EndPoints endPoints) {
      this.observer = observer;
      this.serving = serving;
      this.endPoints = endPoints;
    }

    @Override
    public Object enter(Object channel, Object one, Object two) {
      HttpAuditContext context = null;
      try {
        Object on = connection.of(channel);
        if (on != null) {
          Serving.Request request = serving.at(channel);
          if (!request.begun) {
            request.begins(observer.handled(endPoints.channel(on)));
          }
          context = request.context;
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
        context = null;
      }
      return HttpAudit.replace(context);
    }
  }

  /** Jetty 12's connections: of HTTP/1.1, or others. */
  private static final class Http1 extends ClassValue<Boolean> {
    private static final String NAME = "org.eclipse.jetty.server.internal.HttpConnection";

    /** Customizers put something around what they change. */
    private static final int MOST_WRAPPED = 8;

    private final Property wrapped = new Property("getWrapped()", "_wrapped");

    @Override
    protected Boolean computeValue(Class<?> type) {
      return Access.extended(type, NAME) != null;
    }

    /** The connection that {@code data} describes; null: none of HTTP/1.1. */
    Object connection(Object data) throws Throwable {
      Object at = data;
      for (int i = 0; i < MOST_WRAPPED && at != null; i++) {
        if (get(at.getClass())) {
          return at;
        }
        at = wrapped.of(at);
      }
      return null;
    }
  }

  /** Jetty 12: a request is handed to the server's handler. */
  private static final class Invokes extends HttpAuditProbe {
    private final Observer observer;
    private final Serving serving;
    private final EndPoints endPoints;
    private final Http1 http1 = new Http1();
    private final Property channel = new Property("this$0");
    private final Property data = new Property("_connectionMetaData");

    Invokes(Observer observer, Serving serving, EndPoints endPoints) {
      this.observer = observer;
      this.serving = serving;
      this.endPoints = endPoints;
    }

    @Override
    public Object enter(Object invoker, Object one, Object two) {
      HttpAuditContext context = null;
      try {
        Object connection = http1.connection(data.of(channel.of(invoker)));
        if (connection != null) {
          Serving.Request request = serving.at(connection);
          request.next();
          context = observer.handled(endPoints.channel(connection));
          request.begins(context);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
        context = null;
      }
      return HttpAudit.replace(context);
    }
  }

  /**
   * Jetty 12's servlets: the first time within {@link Invokes}, then whenever something happens.
   */
  private static final class GoesOn extends HttpAuditProbe {
    private final Observer observer;
    private final Serving serving;
    private final JettyRoutes routes = new JettyRoutes();
    private final Http1 http1 = new Http1();
    private final Property data = new Property("_connectionMetaData");

    GoesOn(Observer observer, Serving serving) {
      this.observer = observer;
      this.serving = serving;
    }

    @Override
    public Object enter(Object channel, Object one, Object two) {
      HttpAuditContext context = null;
      try {
        Object connection = http1.connection(data.of(channel));
        Serving.Request request = connection == null ? null : serving.find(connection);
        context = request == null ? null : request.context;
        if (context != null && !request.routed) {
          request.routed = true;
          String route = routes.route(channel);
          if (!route.isEmpty()) {
            observer.route(context, route);
          }
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return HttpAudit.replace(context);
    }
  }
}
