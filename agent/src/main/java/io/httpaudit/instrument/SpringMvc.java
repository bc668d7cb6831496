package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.lang.invoke.MethodHandle;

/**
 * Spring's dispatcher servlet, in whichever servlet container: once a handler is found, the request
 * says by which pattern, and that is a better route than the servlet's own. It is told of what was
 * asked from outside, not of what the application forwards to, error pages among them.
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

    final MethodHandle attribute;
    final Property dispatcher = new Property("getDispatcherType()");

    /** The container's own: of the request itself, a wrapper may tell what a header says. */
    final Property context = new Property("getServletContext()");

    final Property servletPath = new Property("getServletPath()");

    /** Since Servlet 4.0. */
    final Property mapping = new Property("getHttpServletMapping()");

    private Request(Class<?> of) throws ReflectiveOperationException {
      attribute = Access.method(of, "getAttribute", Object.class, String.class);
    }

    /** Null: none. */
    String pattern(Object request) throws Throwable {
      return (Object) attribute.invokeExact(request, (Object) PATTERN) instanceof String pattern
          ? pattern
          : null;
    }
  }

  private static final class Mapped extends HttpAuditProbe {
    /** What files are looked for by. */
    private static final String ALL = "/**";

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
            && pattern.startsWith("/")
            && !pattern.equals(ALL)
            && isNamed(of.dispatcher.of(request), "REQUEST")
            && isWhole(of, request)
            && contextPath.of(of.context.of(request)) instanceof String prefix) {
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
