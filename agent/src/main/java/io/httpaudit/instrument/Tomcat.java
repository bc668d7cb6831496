package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;

/**
 * Tomcat 9, 10.1 and 11: its connector's adapter is where a thread begins to handle a request, and
 * where one goes on with it, for an event of an asynchronous one: there can be many, on any of the
 * pool's threads, and the last when all has been answered. So the context stays with the request
 * object, which Tomcat uses for one request at a time.
 */
final class Tomcat implements Library {
  private static final String ADAPTER = "org/apache/catalina/connector/CoyoteAdapter";
  private static final String ASYNC = "org/apache/catalina/core/AsyncContextImpl";

  private final Observer observer;
  private final TomcatRequests requests = new TomcatRequests();

  Tomcat(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(
          ADAPTER,
          "service",
          "(Lorg/apache/coyote/Request;Lorg/apache/coyote/Response;)V",
          new Begins(observer, requests),
          1),
      Point.around(
          ADAPTER,
          "asyncDispatch",
          "(Lorg/apache/coyote/Request;Lorg/apache/coyote/Response;"
              + "Lorg/apache/tomcat/util/net/SocketEvent;)Z",
          new GoesOn(requests),
          1),
      Point.around(ASYNC, "fireOnComplete", "()V", new Completes(requests)),
      // AsyncContext.start, on whichever executor.
      Point.submits(ASYNC + "$RunnableWrapper", "<init>", "", 0),
      Point.runs(ASYNC + "$RunnableWrapper", "run", "()V", 0),
      Point.around(ADAPTER, "postParseRequest", "", new Mapped(observer, requests), 1, 2)
    };
  }

  private static final class Begins extends HttpAuditProbe {
    private final Observer observer;
    private final TomcatRequests requests;

    Begins(Observer observer, TomcatRequests requests) {
      this.observer = observer;
      this.requests = requests;
    }

    @Override
    public Object enter(Object self, Object request, Object two) {
      HttpAuditContext begun = null;
      try {
        begun = observer.handled(requests.channel(request));
        requests.keep(request, begun);
      } catch (Throwable e) {
        HttpAudit.countFault();
        begun = null;
      }
      return HttpAudit.replace(begun);
    }
  }

  private static final class GoesOn extends HttpAuditProbe {
    private final TomcatRequests requests;

    GoesOn(TomcatRequests requests) {
      this.requests = requests;
    }

    @Override
    public Object enter(Object self, Object request, Object two) {
      HttpAuditContext kept = null;
      try {
        kept = requests.kept(request);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return HttpAudit.replace(kept);
    }
  }

  /** The application's listeners are told that all is done, outside of the adapter. */
  private static final class Completes extends HttpAuditProbe {
    private final TomcatRequests requests;

    Completes(TomcatRequests requests) {
      this.requests = requests;
    }

    @Override
    public Object enter(Object asyncContext, Object one, Object two) {
      HttpAuditContext kept = null;
      try {
        kept = requests.keptOf(asyncContext);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return HttpAudit.replace(kept);
    }
  }

  /** Told when its context and servlet have been found, and before it is answered. */
  private static final class Mapped extends HttpAuditProbe {
    private final Observer observer;
    private final TomcatRequests requests;

    Mapped(Observer observer, TomcatRequests requests) {
      this.observer = observer;
      this.requests = requests;
    }

    @Override
    public Object enter(Object self, Object request, Object mapped) {
      return mapped;
    }

    @Override
    public void leave(Object mapped, Object self, Object request, Object result, Throwable thrown) {
      HttpAuditContext context = HttpAudit.current();
      if (context == null || mapped == null) {
        return;
      }
      try {
        String route = requests.route(request, mapped);
        if (!route.isEmpty()) {
          observer.route(context, route);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }
}
