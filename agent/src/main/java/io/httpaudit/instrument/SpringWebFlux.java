package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.net.URI;
import java.util.Map;

/**
 * Spring WebFlux, on whichever server: the exchange says by which pattern its handler was found
 * when it is handed to the adapter of such handlers. It is told of the path that was asked for, not
 * of one that the application has put in its place, and of the request in hand only if that is the
 * exchange's: what an application keeps in lists of its own may go on in another request's context.
 */
final class SpringWebFlux implements Library {
  private static final String REACTIVE = "org/springframework/web/reactive/";

  /** Functions; what has no result; annotated methods; WebSockets. */
  private static final String[] ADAPTERS = {
    "function/server/support/HandlerFunctionAdapter",
    "result/SimpleHandlerAdapter",
    "result/method/annotation/RequestMappingHandlerAdapter",
    "socket/server/support/WebSocketHandlerAdapter"
  };

  private final Observer observer;

  SpringWebFlux(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    Mapped mapped = new Mapped(observer);
    Point[] points = new Point[ADAPTERS.length];
    for (int i = 0; i < points.length; i++) {
      points[i] = Point.around(REACTIVE + ADAPTERS[i], "handle", "", mapped, 1);
    }
    return points;
  }

  /** What an exchange tells. */
  static final class Exchange {
    private static final String PATTERN =
        "org.springframework.web.reactive.HandlerMapping.bestMatchingPattern";

    /** Filters put one request around another. */
    private static final int MOST_WRAPPED = 32;

    final Property attributes = new Property("getAttributes()");
    final Property text = new Property("getPatternString()");
    final Property request = new Property("getRequest()");

    /** What was changed into this request, or is within it. */
    final Property original = new Property("originalRequest", "getDelegate()");

    final Property path = new Property("getPath()");
    final Property contextPath = new Property("contextPath()");
    final Property value = new Property("value()");
    final Property uri = new Property("getURI()");

    /** The server's own. */
    final Property served = new Property("getNativeRequest()");

    /** Reactor-netty's: the target, in whichever form, and without what a proxy has cut off. */
    final Property target = new Property("uri()");

    private final Routes routes = new Routes();

    /**
     * Empty: not known.
     *
     * @param received what {@link #received} found
     */
    String route(Object exchange, Object received) throws Throwable {
      Object requestPath = path.of(request.of(exchange));
      return attributes.of(exchange) instanceof Map<?, ?> map
              && text.of(map.get(PATTERN)) instanceof String pattern
              && Routes.isTold(pattern)
              && value.of(contextPath.of(requestPath)) instanceof String prefix
              && value.of(requestPath) instanceof String asked
              && asked.equals(value.of(path.of(received)))
          ? routes.of(prefix, pattern, "")
          : "";
    }

    /** Whether that was made of the request whose context this is. */
    boolean isOf(HttpAuditContext context, Object received, Observer observer) throws Throwable {
      return target.of(served.of(received)) instanceof String whole
          ? observer.isFor(context, whole, "")
          : uri.of(received) instanceof URI asked
              && observer.isFor(context, asked.getRawPath(), asked.getRawQuery());
    }

    /** What the server made of the bytes; null: something is around it that is not known. */
    Object received(Object exchange) throws Throwable {
      Object at = request.of(exchange);
      for (int i = 0; i < MOST_WRAPPED; i++) {
        Object within = original.of(at);
        if (within == null) {
          return at;
        }
        at = within;
      }
      return null;
    }
  }

  private static final class Mapped extends HttpAuditProbe {
    private final Observer observer;
    private final Exchange exchanges = new Exchange();

    Mapped(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object adapter, Object exchange, Object two) {
      HttpAuditContext context = HttpAudit.current();
      if (context == null) {
        return null;
      }
      try {
        Object received = exchanges.received(exchange);
        String route = exchanges.route(exchange, received);
        if (!route.isEmpty() && exchanges.isOf(context, received, observer)) {
          observer.route(context, route);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }
}
