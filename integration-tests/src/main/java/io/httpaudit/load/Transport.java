package io.httpaudit.load;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.httpaudit.stacks.Keys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import org.apache.catalina.connector.Connector;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;

/** What HTTP is on, at this host's loopback: plain TCP, or TLS. */
public abstract class Transport {
  private static final String LOOPBACK = "127.0.0.1";

  /** A program's own: TLS if {@code -Dkeys} names a keystore, as {@link Keys} reads it. */
  public static final Transport OWN = own(System.getProperty("keys", ""));

  private Transport() {}

  private static Transport own(String keystore) {
    return keystore.isEmpty() ? new Plain() : tls(Path.of(keystore));
  }

  public static Transport plain() {
    return new Plain();
  }

  /** From here on this JVM's HttpsURLConnections trust it, too. */
  public static Transport tls(Path keystore) {
    try {
      return new Tls(keystore);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public abstract URI uri(int port, String path);

  public abstract ServerSocket listen(int backlog) throws IOException;

  public abstract Socket connect(int port) throws IOException;

  /** A server that is to be given its contexts, and started. */
  public abstract HttpServer server(int backlog) throws IOException;

  public abstract HttpClient.Builder client();

  /** Of Tomcat, before it starts. */
  public abstract Connector configure(Connector connector);

  private static InetAddress loopback() throws IOException {
    return InetAddress.getByName(LOOPBACK);
  }

  private static final class Plain extends Transport {
    @Override
    public URI uri(int port, String path) {
      return URI.create("http://" + LOOPBACK + ":" + port + path);
    }

    @Override
    public ServerSocket listen(int backlog) throws IOException {
      return new ServerSocket(0, backlog, loopback());
    }

    @Override
    public Socket connect(int port) throws IOException {
      return new Socket(loopback(), port);
    }

    @Override
    public HttpServer server(int backlog) throws IOException {
      return HttpServer.create(new InetSocketAddress(loopback(), 0), backlog);
    }

    @Override
    public HttpClient.Builder client() {
      return HttpClient.newBuilder();
    }

    @Override
    public Connector configure(Connector connector) {
      return connector;
    }
  }

  private static final class Tls extends Transport {
    private final Path keystore;
    private final SSLContext context;

    Tls(Path keystore) throws IOException, GeneralSecurityException {
      this.keystore = keystore;
      context = Keys.context(keystore);
      HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
    }

    @Override
    public URI uri(int port, String path) {
      return URI.create("https://" + LOOPBACK + ":" + port + path);
    }

    @Override
    public ServerSocket listen(int backlog) throws IOException {
      return context.getServerSocketFactory().createServerSocket(0, backlog, loopback());
    }

    @Override
    public Socket connect(int port) throws IOException {
      return context.getSocketFactory().createSocket(loopback(), port);
    }

    @Override
    public HttpServer server(int backlog) throws IOException {
      HttpsServer server = HttpsServer.create(new InetSocketAddress(loopback(), 0), backlog);
      server.setHttpsConfigurator(new HttpsConfigurator(context));
      return server;
    }

    @Override
    public HttpClient.Builder client() {
      return HttpClient.newBuilder().sslContext(context);
    }

    @Override
    public Connector configure(Connector connector) {
      connector.setScheme("https");
      connector.setSecure(true);
      connector.setProperty("SSLEnabled", "true");
      SSLHostConfig host = new SSLHostConfig();
      SSLHostConfigCertificate certificate =
          new SSLHostConfigCertificate(host, SSLHostConfigCertificate.Type.EC);
      certificate.setCertificateKeystoreFile(keystore.toString());
      certificate.setCertificateKeystorePassword(Keys.PASSWORD);
      host.addCertificate(certificate);
      connector.addSslHostConfig(host);
      return connector;
    }
  }
}
