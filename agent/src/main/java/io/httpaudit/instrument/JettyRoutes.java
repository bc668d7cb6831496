package io.httpaudit.instrument;

/**
 * What Jetty 12's servlet containers know of the servlet that a request was first mapped to: by
 * which pattern, and where their application is. Any thread.
 */
final class JettyRoutes {
  final Property request = new Property("_servletContextRequest");
  final Property matched = new Property("getMatchedResource()");
  final Property spec = new Property("getPathSpec()");
  final Property declaration = new Property("getDeclaration()");
  final Property servlet = new Property("getResource()");
  final Property holder = new Property("getServletHolder()");
  final Property className = new Property("_className");

  /** Of a request its context, and of that the application's view of it. */
  final Property context = new Property("getServletContext()");

  final Property contextPath = new Property("getContextPath()");

  private final Routes routes = new Routes();

  /**
   * Empty: not known, or Jetty's own servlet for files is what no other matched.
   *
   * @param channel of the servlet container
   */
  String route(Object channel) throws Throwable {
    Object asked = request.of(channel);
    Object match = matched.of(asked);
    if (!(declaration.of(spec.of(match)) instanceof String pattern)
        || !(contextPath.of(context.of(context.of(asked))) instanceof String prefix)) {
      return "";
    }
    if (pattern.isEmpty()) {
      return routes.of(prefix, "/", "");
    }
    if (pattern.equals("/")) {
      return isForFiles(match) ? "" : routes.of(prefix, "/*", "");
    }
    return pattern.startsWith("*")
        ? routes.of(prefix, "/", pattern)
        : pattern.startsWith("/") ? routes.of(prefix, pattern, "") : "";
  }

  private boolean isForFiles(Object match) throws Throwable {
    return !(className.of(holder.of(servlet.of(match))) instanceof String name)
        || name.startsWith("org.eclipse.jetty.") && name.endsWith(".DefaultServlet");
  }
}
