package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.nio.channels.Channel;

/**
 * Grizzly's HTTP server, 2.4 to 4. Its filter makes a request of what it reads, once, and hands it
 * to the handlers: on this thread, or by a task of its own on an executor. What is read later, of
 * the same request, comes by the filter, too. Its thread pools are executors of its own.
 */
final class Grizzly implements Library {
  private static final String SERVER = "org/glassfish/grizzly/http/server/";
  private static final String POOLS = "org/glassfish/grizzly/threadpool/";

  private final Observer observer;

  Grizzly(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    ServerTasks tasks =
        new ServerTasks("org.glassfish.grizzly.", "org.glassfish.grizzly.http.server.HttpHandler$");
    return new Point[] {
      Point.around(SERVER + "HttpServerFilter", "handleRead", "", new Bounds()),
      Point.around(SERVER + "FileCacheFilter", "handleRead", "", new Cached(observer), 1),
      Point.around(SERVER + "Request", "initialize", "", new Begins(observer), 2),
      Point.around(POOLS + "FixedThreadPool", "execute", "(Ljava/lang/Runnable;)V", tasks, 1),
      Point.around(POOLS + "SyncThreadPool", "execute", "(Ljava/lang/Runnable;)V", tasks, 1),
      Point.around(
          POOLS + "QueueLimitedThreadPool", "execute", "(Ljava/lang/Runnable;)V", tasks, 1),
      Point.runsAt(POOLS + "AbstractThreadPool$Worker", "doWork", "()V", "run")
    };
  }

  /** A context's channel. */
  private static final class Sockets {
    private final Property connection = new Property("getConnection()");
    private final Property channel = new Property("channel");

    /** Null: none of the JDK's. */
    Channel of(Object context) throws Throwable {
      return channel.of(connection.of(context)) instanceof Channel open ? open : null;
    }
  }

  /**
   * What the cache of files answers nobody handles: it is taken note of, so that it isn't taken for
   * the one that is handled next while it is still being written.
   */
  private static final class Cached extends HttpAuditProbe {
    private static final String GOES_ON = "InvokeAction";

    private final Observer observer;
    private final Sockets sockets = new Sockets();

    Cached(Observer observer) {
      this.observer = observer;
    }

    /** The channel: behind it, the context may be another one's. */
    @Override
    public Object enter(Object filter, Object context, Object two) {
      try {
        return sockets.of(context);
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }

    @Override
    public void leave(
        Object channel, Object filter, Object context, Object action, Throwable thrown) {
      if (channel != null
          && (action == null || !action.getClass().getSimpleName().equals(GOES_ON))) {
        observer.handled((Channel) channel);
      }
    }
  }

  /** The request's context holds until {@link Bounds} ends it. */
  private static final class Begins extends HttpAuditProbe {
    private final Observer observer;
    private final Sockets sockets = new Sockets();

    Begins(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object request, Object context, Object two) {
      try {
        Channel channel = sockets.of(context);
        HttpAudit.replace(channel == null ? null : observer.handled(channel));
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }
}
