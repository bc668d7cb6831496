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
      Point.around(SERVER + "Request", "initialize", "", new Begins(observer), 2),
      Point.around(POOLS + "FixedThreadPool", "execute", "(Ljava/lang/Runnable;)V", tasks, 1),
      Point.around(POOLS + "SyncThreadPool", "execute", "(Ljava/lang/Runnable;)V", tasks, 1),
      Point.around(
          POOLS + "QueueLimitedThreadPool", "execute", "(Ljava/lang/Runnable;)V", tasks, 1),
      Point.runsAt(POOLS + "AbstractThreadPool$Worker", "doWork", "()V", "run")
    };
  }

  /** No context before a request has been made, nor behind it. */
  private static final class Bounds extends HttpAuditProbe {
    @Override
    public Object enter(Object self, Object one, Object two) {
      return HttpAudit.replace(null);
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
      if (entered == null) {
        // There was none: what came since is over.
        HttpAudit.replace(null);
      } else {
        HttpAudit.restore(entered);
      }
    }
  }

  /** The request's context holds until {@link Bounds} ends it. */
  private static final class Begins extends HttpAuditProbe {
    private final Observer observer;
    private final Property connection = new Property("getConnection()");
    private final Property channel = new Property("channel");

    Begins(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object request, Object context, Object two) {
      try {
        Object socket = channel.of(connection.of(context));
        HttpAudit.replace(socket instanceof Channel open ? observer.handled(open) : null);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }
}
