package io.httpaudit.stacks;

import java.io.IOException;
import java.nio.file.Files;
import javax.net.ssl.SSLContext;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
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
    Tomcat.addServlet(context, "all", new All(responder));
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
        throws IOException {
      byte[] body = request.getInputStream().readAllBytes();
      Answer answer;
      try {
        answer =
            responder.answer(
                request.getMethod(), request.getRequestURI(), request.getHeader("Sent"), body);
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
}
