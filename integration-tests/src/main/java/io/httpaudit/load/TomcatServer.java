package io.httpaudit.load;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/**
 * Tomcat with the NIO or the NIO2 connector, and sendfile for those who ask for {@code cut=file}.
 */
final class TomcatServer implements Server {
  /** Kept, or the level would be forgotten with the logger. */
  private static final Logger LOG = Logger.getLogger("org.apache");

  private final Tomcat tomcat = new Tomcat();
  private final Connector connector;
  private final Path folder;

  TomcatServer(boolean nio2, InetAddress bind, PatternFile file) throws Exception {
    LOG.setLevel(Level.SEVERE);
    folder = Files.createTempDirectory("load-tomcat");
    tomcat.setBaseDir(folder.toString());
    connector =
        new Connector("org.apache.coyote.http11.Http11" + (nio2 ? "Nio2" : "Nio") + "Protocol");
    connector.setPort(0);
    connector.setProperty("address", bind.getHostAddress());
    connector.setProperty("maxThreads", "32");
    connector.setProperty("minSpareThreads", "4");
    // NIO2 has no system call for it, and sends up to 8 KiB beyond the end that was asked for.
    connector.setProperty("useSendfile", Boolean.toString(!nio2));
    tomcat.setConnector(connector);
    Context context = tomcat.addContext("", folder.toString());
    Tomcat.addServlet(context, "scripted", new Scripted(file));
    context.addServletMapping("/*", "scripted");
    tomcat.start();
    if (connector.getLocalPort() <= 0) {
      throw new IOException("Tomcat does not listen");
    }
  }

  private static final class Scripted extends HttpServlet {
    private static final long serialVersionUID = 1;

    private final transient PatternFile file;

    Scripted(PatternFile file) {
      this.file = file;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      Script script = Script.of(request.getRequestURI());
      String got = JdkServer.drain(script.id(), request.getInputStream());
      if (script.has("delay")) {
        JdkServer.pause(script.number("delay", 0));
      }
      response.setStatus(script.status());
      response.setHeader("X-Got", got);
      boolean chunked = script.is("body", "chunked");
      if (!chunked && script.status() != 204 && script.status() != 304) {
        response.setContentLength(script.size());
      }
      if (script.bodiless(request.getMethod())) {
        return;
      }
      if (script.is("cut", "file")
          && script.size() > 0
          && Boolean.TRUE.equals(request.getAttribute("org.apache.tomcat.sendfile.support"))) {
        long start = PatternFile.position(script.id());
        request.setAttribute("org.apache.tomcat.sendfile.filename", file.path().toString());
        request.setAttribute("org.apache.tomcat.sendfile.start", start);
        request.setAttribute("org.apache.tomcat.sendfile.end", start + script.size());
        return;
      }
      if (chunked) {
        response.flushBuffer();
      }
      JdkServer.write(script, response.getOutputStream());
    }
  }

  @Override
  public int port() {
    return connector.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    try {
      tomcat.stop();
      tomcat.destroy();
    } catch (LifecycleException e) {
      throw new IOException(e);
    }
    try (var files = Files.walk(folder)) {
      for (Path path : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
