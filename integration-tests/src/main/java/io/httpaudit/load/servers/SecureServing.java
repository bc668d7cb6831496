package io.httpaudit.load.servers;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Security;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * The JDK's server under TLS, whose bytes show no request. Without certificates: by a cipher suite
 * that needs none, which a JDK allows for nothing but such a test.
 */
final class SecureServing {
  private static final String[] SUITES = {"TLS_ECDH_anon_WITH_AES_128_CBC_SHA"};
  private static final String[] PROTOCOLS = {"TLSv1.2"};

  private SecureServing() {}

  /** So many requests on one connection. */
  static void ask(Sightings sightings, int requests) throws IOException, GeneralSecurityException {
    Security.setProperty("jdk.tls.disabledAlgorithms", "");
    SSLContext tls = SSLContext.getInstance("TLSv1.2");
    tls.init(null, null, null);
    InetAddress loopback = InetAddress.getLoopbackAddress();
    HttpsServer server = HttpsServer.create(new InetSocketAddress(loopback, 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(HttpsParameters parameters) {
            parameters.setSSLParameters(new SSLParameters(SUITES, PROTOCOLS));
          }
        });
    server.createContext(
        "/",
        exchange -> {
          sightings.see(Asked.of(exchange.getRequestURI().getPath()).id(), "secure");
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    server.start();
    int port = server.getAddress().getPort();
    try (SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket(loopback, port)) {
      socket.setEnabledCipherSuites(SUITES);
      socket.setEnabledProtocols(PROTOCOLS);
      for (int i = 0; i < requests; i++) {
        String head = "GET /secure/s" + i + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
        byte[] status = socket.getInputStream().readNBytes(12);
        if (!new String(status, StandardCharsets.ISO_8859_1).equals("HTTP/1.1 204")) {
          throw new IOException(new String(status, StandardCharsets.ISO_8859_1));
        }
        while (socket.getInputStream().available() > 0) {
          socket.getInputStream().read();
        }
      }
    }
    server.stop(0);
  }
}
