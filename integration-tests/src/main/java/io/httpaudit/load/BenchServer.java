package io.httpaudit.load;

import com.sun.net.httpserver.HttpServer;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

/**
 * A server that answers at once, to be kept busy: {@code jdk} or {@code tomcat}, over TLS if it has
 * a keystore. Says {@code ready PORT}, and ends with its standard input.
 */
public final class BenchServer {
  private static final byte[] BODY =
      "{\"id\":4711,\"name\":\"a thing\",\"price\":12.5,\"tags\":[\"one\",\"two\"]}"
          .getBytes(StandardCharsets.UTF_8);

  private BenchServer() {}

  public static void main(String[] arguments) throws Exception {
    int port = arguments[0].equals("tomcat") ? tomcat() : jdk();
    System.out.println("ready " + port);
    System.in.read();
    System.exit(0);
  }

  private static int jdk() throws IOException {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    HttpServer server = Transport.OWN.server(0);
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, BODY.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(BODY);
          }
        });
    server.start();
    return server.getAddress().getPort();
  }

  private static int tomcat() throws Exception {
    Tomcat tomcat = new Tomcat();
    Path base = Files.createTempDirectory("bench");
    base.toFile().deleteOnExit();
    tomcat.setBaseDir(base.toString());
    tomcat.setPort(0);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    tomcat.getConnector().setProperty("maxThreads", "8");
    tomcat.getConnector().setProperty("maxKeepAliveRequests", "-1");
    tomcat.setSilent(true);
    Context context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "answer", new Answer());
    context.addServletMapping("/", "answer");
    java.util.logging.Logger.getLogger("").setLevel(java.util.logging.Level.WARNING);
    Transport.OWN.configure(tomcat.getConnector());
    tomcat.start();
    return tomcat.getConnector().getLocalPort();
  }

  private static final class Answer extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.setContentType("application/json");
      response.setContentLength(BODY.length);
      response.getOutputStream().write(BODY);
    }
  }
}
