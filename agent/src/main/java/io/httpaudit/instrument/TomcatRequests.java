package io.httpaudit.instrument;

import java.nio.channels.Channel;

/**
 * What Tomcat's own request objects tell, of whichever Tomcat in this JVM they are. Any thread;
 * without allocation.
 */
final class TomcatRequests {
  /** Tomcat has 32 places for notes on a request, and uses the lowest. */
  private static final int NOTE = 31;

  /** Answers for files, and that there is none: what no other servlet matched. */
  private static final String FILES_SERVLET = "org.apache.catalina.servlets.DefaultServlet";

  /** Kept by the class itself, so it goes with its loader. */
  private static final ClassValue<TomcatClasses> CLASSES =
      new ClassValue<>() {
        @Override
        protected TomcatClasses computeValue(Class<?> of) {
          try {
            return new TomcatClasses(of);
          } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.toString());
          }
        }
      };

  private final Routes routes = new Routes();

  /** By any object of that Tomcat's own. */
  private static TomcatClasses of(Object one) {
    return CLASSES.get(one.getClass());
  }

  /** The channel of a request's connection; null: none of the JDK's. */
  Channel channel(Object request) throws Throwable {
    TomcatClasses classes = of(request);
    Object processor = (Object) classes.hook.invokeExact(request);
    if (!classes.processor.isInstance(processor)) {
      return null;
    }
    Object wrapper = (Object) classes.wrapper.invokeExact(processor);
    Object socket = wrapper == null ? null : (Object) classes.socket.invokeExact(wrapper);
    if (classes.nio.isInstance(socket)) {
      return (Channel) (Object) classes.nioChannel.invokeExact(socket);
    }
    if (classes.nio2.isInstance(socket)) {
      return (Channel) (Object) classes.nio2Channel.invokeExact(socket);
    }
    return null;
  }

  /** The context of what {@code request} is from now on, null: none. */
  void keep(Object request, HttpAuditContext context) throws Throwable {
    of(request).setNote.invokeExact(request, NOTE, (Object) context);
  }

  HttpAuditContext kept(Object request) throws Throwable {
    Object note = (Object) of(request).getNote.invokeExact(request, NOTE);
    return note instanceof HttpAuditContext ? (HttpAuditContext) note : null;
  }

  /** Likewise, of the request that an asynchronous context belongs to. */
  HttpAuditContext keptOf(Object asyncContext) throws Throwable {
    TomcatClasses classes = of(asyncContext);
    Object request = (Object) classes.asyncRequest.invokeExact(asyncContext);
    return request == null ? null : kept((Object) classes.coyoteRequest.invokeExact(request));
  }

  /**
   * The context's path and the servlet's pattern; empty: the application has no servlet for it, but
   * Tomcat's own for files, perhaps. Which pattern led to the servlet is in the path that it was
   * found by, and in the kind of match.
   *
   * @param mapped the servlet container's view of the same request
   */
  String route(Object request, Object mapped) throws Throwable {
    TomcatClasses classes = of(request);
    Object mapping = (Object) classes.mapping.invokeExact(mapped);
    Object servlet = (Object) classes.servlet.invokeExact(mapping);
    Object context = (Object) classes.context.invokeExact(mapping);
    Object match = (Object) classes.match.invokeExact(mapping);
    if (servlet == null || context == null || !(match instanceof Enum<?> kind)) {
      return "";
    }
    String prefix = (String) (Object) classes.contextPath.invokeExact(context);
    switch (kind.name()) {
      case "CONTEXT_ROOT":
        return routes.of(prefix, "/", "");
      case "DEFAULT":
        return FILES_SERVLET.equals((Object) classes.servletClass.invokeExact(servlet))
            ? ""
            : routes.of(prefix, "/*", "");
      default:
        Object path = (Object) classes.servletPath.invokeExact(mapping);
        return switch (kind.name()) {
          case "EXACT" -> routes.of(prefix, path.toString(), "");
          case "PATH" -> routes.of(prefix, path.toString(), "/*");
          // The servlet's path is the whole one: this costs a string.
          case "EXTENSION" -> routes.of(prefix, "/*", extension(path.toString()));
          default -> "";
        };
    }
  }

  private static String extension(String path) {
    int dot = path.lastIndexOf('.');
    return dot < 0 ? "" : path.substring(dot);
  }
}
