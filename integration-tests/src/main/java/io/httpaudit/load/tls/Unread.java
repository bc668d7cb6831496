package io.httpaudit.load.tls;

import io.httpaudit.stacks.Keys;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Security;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;

/**
 * HTTP over TLS of BouncyCastle, which has a record layer of its own: both ends, three connections
 * of two exchanges each. Argument: keystore.
 */
public final class Unread {
  private static final int CONNECTIONS = 3;

  private Unread() {}

  public static void main(String[] arguments) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    BouncyCastleJsseProvider tls = new BouncyCastleJsseProvider();
    char[] password = Keys.PASSWORD.toCharArray();
    KeyStore store = KeyStore.getInstance(Path.of(arguments[0]).toFile(), password);
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX", tls);
    keys.init(store, password);
    TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX", tls);
    trusted.init(store);
    SSLContext context = SSLContext.getInstance("TLS", tls);
    context.init(keys.getKeyManagers(), trusted.getTrustManagers(), null);
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (var listening = context.getServerSocketFactory().createServerSocket(0, 5, loopback)) {
      Thread server =
          new Thread(
              () -> {
                for (int i = 0; i < CONNECTIONS; i++) {
                  try (Socket accepted = listening.accept()) {
                    exchange(accepted, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false);
                  } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                }
              });
      server.start();
      for (int i = 0; i < CONNECTIONS; i++) {
        try (Socket socket =
            context.getSocketFactory().createSocket(loopback, listening.getLocalPort())) {
          exchange(socket, "GET /unread HTTP/1.1\r\nHost: localhost\r\n\r\n", true);
        }
      }
      server.join();
    }
    System.out.println("done");
  }

  /** Twice a message of this end's, and one of the other's. */
  private static void exchange(Socket socket, String message, boolean first)
      throws java.io.IOException {
    InputStream in = socket.getInputStream();
    byte[] bytes = message.getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 2; i++) {
      if (first) {
        socket.getOutputStream().write(bytes);
      }
      for (int ends = 0, b = in.read(); b >= 0; b = in.read()) {
        ends = b == '\n' ? ends + 1 : b == '\r' ? ends : 0;
        if (ends == 2) {
          break;
        }
      }
      if (!first) {
        socket.getOutputStream().write(bytes);
      }
    }
  }
}
