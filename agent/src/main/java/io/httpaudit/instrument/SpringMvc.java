package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.lang.invoke.MethodHandle;

/**
 * Spring's dispatcher servlet, in whichever servlet container: once a handler is found, the request
 * says by which pattern, and that is a better route than the servlet's own. It is told of what was
 * asked from outside, not of what the application forwards to, error pages among them, or makes up
 * for itself, or has on another request's thread.
 */
final class SpringMvc implements Library {
  private final Observer observer;

  SpringMvc(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(
          "org/springframework/web/servlet/HandlerExecutionChain",
          "applyPreHandle",
          "",
          new Mapped(observer),
          1)
    };
  }

  /** What a class of servlet requests tells; a wrapper's is of what it wraps. */
  static final class Request {
    static final ClassValue<Request> ALL =
        new ClassValue<>() {
          @Override
          protected Request computeValue(Class<?> of) {
            try {
              return new Request(of);
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.toString());
            }
          }
        };

    private static final String PATTERN =
        "org.springframework.web.servlet.HandlerMapping.bestMatchingPattern";

    /** Filters put one request around another. */
    private static final int MOST_WRAPPED = 32;

    final MethodHandle attribute;
    final Property dispatcher = new Property("getDispatcherType()");

    /** The container's own: of the request itself, a wrapper may tell what a header says. */
    final Property context = new Property("getServletContext()");

    final Property servletPath = new Property("getServletPath()");

    final Property uri = new Property("getRequestURI()");
    final Property query = new Property("getQueryString()");

    /** A wrapper's; Jetty's own requests have one of its own by this name. */
    final Property wrapped = new Property("getRequest()");

    /** Since Servlet 4.0. */
    final Property mapping = new Property("getHttpServletMapping()");

    private Request(Class<?> of) throws ReflectiveOperationException {
      attribute = Access.method(of, "getAttribute", Object.class, String.class);
    }

    /** Whether the container made it of the request whose context this is. */
    static boolean isOf(HttpAuditContext context, Object request, Observer observer)
        throws Throwable {
      Object at = request;
      for (int i = 0; i < MOST_WRAPPED; i++) {
        Request of = ALL.get(at.getClass());
        Object within = of.wrapped.of(at);
        if (within == null || !of.uri.isOf(within.getClass())) {
          return of.uri.of(at) instanceof String path
              && observer.isFor(context, path, (String) of.query.of(at));
        }
        at = within;
      }
      return false;
    }

    /** Null: none. */
    String pattern(Object request) throws Throwable {
      return (Object) attribute.invokeExact(request, (Object) PATTERN) instanceof String pattern
          ? pattern
          : null;
    }
  }

  private static final class Mapped extends HttpAuditProbe {
    private final Observer observer;
    private final Routes routes = new Routes();
    private final Property contextPath = new Property("getContextPath()");
    private final Property match = new Property("getMappingMatch()");

    Mapped(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object chain, Object request, Object two) {
      HttpAuditContext context = HttpAudit.current();
      if (context == null || request == null) {
        return null;
      }
      try {
        Request of = Request.ALL.get(request.getClass());
        String pattern = of.pattern(request);
        if (pattern != null
            && Routes.isTold(pattern)
            && isNamed(of.dispatcher.of(request), "REQUEST")
            && isWhole(of, request)
            && contextPath.of(of.context.of(request)) instanceof String prefix
            && Request.isOf(context, request, observer)) {
          observer.route(context, routes.of(prefix, pattern, ""));
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }

    private static boolean isNamed(Object constant, String name) {
      return constant instanceof Enum<?> one && one.name().equals(name);
    }

    /** Whether the servlet is for all of the context: what pattern stands for is else a part. */
    private boolean isWhole(Request of, Object request) throws Throwable {
      Object mapping = of.mapping.of(request);
      Object kind = match.of(mapping);
      return kind != null && (!isNamed(kind, "PATH") || "".equals(of.servletPath.of(request)));
    }
  }
}
