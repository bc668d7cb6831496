package io.httpaudit.load.servers;

import io.httpaudit.load.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/**
 * Tomcat with its connectors, NIO, NIO2, and NIO on virtual threads where there are, each without
 * TLS and with: of whichever version is on the class path.
 */
public final class TomcatServing {
  private static final List<Crowd.Kind> KINDS =
      List.of(
          new Crowd.Kind("sync", "GET", "/shop/front/", 200, false, 60),
          new Crowd.Kind("sync", "POST", "/shop/front/", 200, false, 30),
          new Crowd.Kind("unread", "POST", "/shop/front/", 200, false, 10),
          new Crowd.Kind("sync", "HEAD", "/shop/front/", 200, false, 10),
          new Crowd.Kind("flush", "GET", "/shop/front/", 200, false, 20),
          new Crowd.Kind("whole", "GET", "/shop/front/", 200, false, 20),
          new Crowd.Kind("throws", "GET", "/shop/front/", 500, false, 10),
          new Crowd.Kind("start", "GET", "/shop/front/", 200, false, 40),
          new Crowd.Kind("inline", "GET", "/shop/front/", 200, false, 20),
          new Crowd.Kind("foreign", "GET", "/shop/front/", 200, false, 40),
          new Crowd.Kind("dispatch", "GET", "/shop/front/", 200, false, 30),
          new Crowd.Kind("listen", "POST", "/shop/front/", 200, false, 20),
          new Crowd.Kind("timeout", "GET", "/shop/front/", 200, false, 2),
          new Crowd.Kind("nothing", "GET", "/shop/", 404, false, 10),
          new Crowd.Kind("nowhere", "GET", "/other/", 404, false, 10));

  /** Kept, or the level would be forgotten with the logger. */
  private static final Logger LOG = Logger.getLogger("org.apache");

  private final Sightings sightings = new Sightings();
  private final ForeignThreads foreign = new ForeignThreads(4);

  private TomcatServing() throws ReflectiveOperationException {}

  /** How many requests, where to write what was seen, and a keystore. */
  public static void main(String[] arguments) throws Exception {
    Transport tls = Transport.tls(Path.of(arguments[2]));
    new TomcatServing().run(Integer.parseInt(arguments[0]), Path.of(arguments[1]), tls);
    System.exit(0);
  }

  private void run(int requests, Path file, Transport tls) throws Exception {
    LOG.setLevel(Level.OFF);
    Path folder = Files.createTempDirectory("serving-tomcat");
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(folder.toString());
    Map<Connector, Transport> connectors = new LinkedHashMap<>();
    for (Transport on : List.of(Transport.plain(), tls)) {
      connectors.put(on.configure(connector("Nio", false)), on);
      connectors.put(on.configure(connector("Nio2", false)), on);
      if (Runtime.version().feature() >= 21) {
        connectors.put(on.configure(connector("Nio", true)), on);
      }
    }
    connectors.keySet().forEach(tomcat.getService()::addConnector);
    Context context = tomcat.addContext("/shop", folder.toString());
    context.addServletContainerInitializer(
        (classes, servlets) -> {
          serve(servlets, "front", new Front(), "/front/*");
          serve(servlets, "back", new Back(), "/back/*");
          serve(servlets, "default", filesServlet(), "/");
        },
        null);
    FilterDef definition = new FilterDef();
    definition.setFilterName("sees");
    definition.setFilter(new Sees());
    definition.setAsyncSupported("true");
    context.addFilterDef(definition);
    FilterMap map = new FilterMap();
    map.setFilterName("sees");
    map.addURLPattern("/*");
    context.addFilterMap(map);
    tomcat.start();
    List<Crowd.Server> servers = new ArrayList<>();
    connectors.forEach(
        (connector, on) -> servers.add(new Crowd.Server(on, connector.getLocalPort())));
    new Crowd(sightings, KINDS, servers).run(requests);
    Thread.sleep(1200);
    sightings.write(file);
    tomcat.stop();
    tomcat.destroy();
    try (var files = Files.walk(folder)) {
      for (Path path : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static HttpServlet filesServlet() {
    try {
      return (HttpServlet)
          Class.forName("org.apache.catalina.servlets.DefaultServlet")
              .getDeclaredConstructor()
              .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Connector connector(String kind, boolean virtual) {
    Connector connector = new Connector("org.apache.coyote.http11.Http11" + kind + "Protocol");
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    connector.setProperty("maxThreads", "16");
    connector.setProperty("minSpareThreads", "2");
    if (virtual) {
      connector.setProperty("useVirtualThreads", "true");
    }
    return connector;
  }

  private static void serve(
      ServletContext servlets, String name, HttpServlet servlet, String pattern) {
    ServletRegistration.Dynamic registration = servlets.addServlet(name, servlet);
    registration.setAsyncSupported(true);
    registration.addMapping(pattern);
  }

  private final class Sees extends HttpFilter {
    private static final long serialVersionUID = 1;

    @Override
    protected void doFilter(
        HttpServletRequest request, HttpServletResponse response, FilterChain chain)
        throws IOException, ServletException {
      String id = Asked.of(request.getRequestURI()).id();
      sightings.see(id, "filter");
      chain.doFilter(request, response);
      sightings.see(id, "filtered");
    }
  }

  private static void answer(HttpServletResponse response) throws IOException {
    response.getOutputStream().print("hello".repeat(100));
  }

  /** By the last but one part of the path. */
  private final class Front extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      Asked asked = Asked.of(request.getRequestURI());
      response.setHeader("X-Id", asked.id());
      response.setHeader("X-Ids", sightings.see(asked.id(), "servlet"));
      switch (asked.kind()) {
        case "unread" -> answer(response);
        case "flush" -> {
          answer(response);
          response.flushBuffer();
          answer(response);
        }
        case "throws" -> throw new IllegalStateException("as it was asked to");
        case "start", "foreign", "dispatch", "inline", "whole", "listen", "timeout" ->
            asynchronous(asked, request.startAsync());
        default -> {
          request.getInputStream().readAllBytes();
          answer(response);
        }
      }
    }

    private void asynchronous(Asked asked, AsyncContext context) throws IOException {
      context.addListener(new Listens(asked.id()));
      context.setTimeout(asked.kind().equals("timeout") ? 1 : 0);
      switch (asked.kind()) {
        case "start" -> context.start(() -> complete(asked, context, "started"));
        case "foreign" -> foreign.execute(() -> complete(asked, context, "foreign"));
        case "inline" -> complete(asked, context, "inline");
        case "whole" ->
            foreign.execute(
                () -> {
                  // Answered to its last byte before it is completed.
                  context.getResponse().setContentLength(500);
                  complete(asked, context, "foreign");
                });
        case "dispatch" ->
            foreign.execute(
                () -> {
                  sightings.see(asked.id(), "foreign");
                  context.dispatch("/back/" + asked.kind() + "/" + asked.id());
                });
        case "listen" -> listen(asked, context);
        default -> {
          // Its time runs out.
        }
      }
    }

    private void complete(Asked asked, AsyncContext context, String place) {
      sightings.see(asked.id(), place);
      try {
        answer((HttpServletResponse) context.getResponse());
      } catch (IOException e) {
        // The client has gone.
      }
      context.complete();
    }

    private void listen(Asked asked, AsyncContext context) throws IOException {
      ServletInputStream in = context.getRequest().getInputStream();
      in.setReadListener(
          new ReadListener() {
            private final byte[] buffer = new byte[1000];

            @Override
            public void onDataAvailable() throws IOException {
              sightings.see(asked.id(), "data");
              while (in.isReady() && in.read(buffer) >= 0) {
                // Nothing of it is wanted.
              }
            }

            @Override
            public void onAllDataRead() {
              complete(asked, context, "all-data");
            }

            @Override
            public void onError(Throwable e) {
              complete(asked, context, "read-error");
            }
          });
    }
  }

  private final class Listens implements AsyncListener {
    private final String id;

    Listens(String id) {
      this.id = id;
    }

    @Override
    public void onComplete(AsyncEvent event) {
      sightings.see(id, "complete");
    }

    @Override
    public void onTimeout(AsyncEvent event) throws IOException {
      sightings.see(id, "timeout");
      answer((HttpServletResponse) event.getAsyncContext().getResponse());
      event.getAsyncContext().complete();
    }

    @Override
    public void onError(AsyncEvent event) {
      sightings.see(id, "error");
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      // A second asynchronous cycle: none here.
    }
  }

  /** Where requests are dispatched to. */
  private final class Back extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      sightings.see(Asked.of(request.getRequestURI()).id(), "dispatched");
      answer(response);
    }
  }
}
