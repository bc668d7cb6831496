package io.httpaudit.stacks;

import java.io.IOException;
import java.nio.file.Files;
import javax.net.ssl.SSLContext;
import javax.servlet.AsyncContext;
import javax.servlet.ReadListener;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.servlet.http.HttpUpgradeHandler;
import javax.servlet.http.WebConnection;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.apache.tomcat.util.net.SSLHostConfigCertificate.Type;

public final class TomcatStack implements Stack {
  @Override
  public int serve(SSLContext tls, Responder responder) throws Exception {
    java.util.logging.Logger.getLogger("org.apache").setLevel(java.util.logging.Level.SEVERE);
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(Files.createTempDirectory("tomcat").toString());
    Connector connector = new Connector("org.apache.coyote.http11.Http11NioProtocol");
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    connector.setProperty("maxKeepAliveRequests", "-1");
    if (tls != null) {
      connector.setProperty("SSLEnabled", "true");
      connector.setScheme("https");
      SSLHostConfig host = new SSLHostConfig();
      SSLHostConfigCertificate certificate = new SSLHostConfigCertificate(host, Type.RSA);
      certificate.setCertificateKeystoreFile(Keys.storeOf(tls).toString());
      certificate.setCertificateKeystorePassword(Keys.PASSWORD);
      host.addCertificate(certificate);
      connector.addSslHostConfig(host);
    }
    tomcat.setConnector(connector);
    Context context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "all", new All(responder)).setAsyncSupported(true);
    context.addServletMappingDecoded("/*", "all");
    tomcat.start();
    return connector.getLocalPort();
  }

  private static final class All extends HttpServlet {
    private static final long serialVersionUID = 1;
    private final transient Responder responder;

    All(Responder responder) {
      this.responder = responder;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException, ServletException {
      if (request.getHeader("Upgrade") != null) {
        response.setHeader("Upgrade", "websocket");
        request.upgrade(Echo.class);
      } else if (Wanted.isAsync(request.getRequestURI())) {
        AsyncContext later = request.startAsync();
        Daemons.elsewhere(
            () -> {
              answer(request, response);
              later.complete();
            });
      } else {
        answer(request, response);
      }
    }

    private void answer(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      byte[] body = request.getInputStream().readAllBytes();
      Answer answer;
      try {
        answer =
            responder.answer(
                request.getMethod(), request.getRequestURI(), request.getHeader("Sent"), body);
      } catch (Thrown e) {
        throw e;
      } catch (Exception e) {
        Daemons.fail(e);
        return;
      }
      response.setStatus(answer.status());
      if (answer.status() == 204) {
        return;
      }
      if (!answer.chunked()) {
        response.setContentLength(answer.length());
      }
      response.getOutputStream().write(answer.body());
      if (answer.chunked()) {
        response.getOutputStream().flush();
      }
    }
  }

  /** Says whatever it hears. */
  public static final class Echo implements HttpUpgradeHandler {
    @Override
    public void init(WebConnection connection) {
      try {
        connection.getInputStream().setReadListener(new Listener(connection));
      } catch (IOException e) {
        Daemons.fail(e);
      }
    }

    @Override
    public void destroy() {}
  }

  private static final class Listener implements ReadListener {
    private final WebConnection connection;
    private final byte[] heard = new byte[8192];

    Listener(WebConnection connection) {
      this.connection = connection;
    }

    @Override
    public void onDataAvailable() throws IOException {
      while (connection.getInputStream().isReady()) {
        int n = connection.getInputStream().read(heard);
        if (n < 0) {
          return;
        }
        connection.getOutputStream().write(heard, 0, n);
        connection.getOutputStream().flush();
      }
    }

    @Override
    public void onAllDataRead() {
      onError(null);
    }

    @Override
    public void onError(Throwable cause) {
      try {
        connection.close();
      } catch (Exception e) {
        Daemons.fail(e);
      }
    }
  }
}
