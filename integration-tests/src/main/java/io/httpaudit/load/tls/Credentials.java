package io.httpaudit.load.tls;

import io.httpaudit.load.Keys;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Provider;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A key store of a test, which is its trust store too. */
final class Credentials {
  private static final char[] PASSWORD = Keys.PASSWORD.toCharArray();

  private Credentials() {}

  /**
   * @param provider null: the JDK's
   */
  static SSLContext context(Path file, Provider provider)
      throws IOException, GeneralSecurityException {
    SSLContext context =
        provider == null ? SSLContext.getInstance("TLS") : SSLContext.getInstance("TLS", provider);
    context.init(keys(file).getKeyManagers(), trust(file).getTrustManagers(), null);
    return context;
  }

  static KeyManagerFactory keys(Path file) throws IOException, GeneralSecurityException {
    // Conscrypt finds no key by the other one, PKIX.
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(KeyStore.getInstance(file.toFile(), PASSWORD), PASSWORD);
    return keys;
  }

  static TrustManagerFactory trust(Path file) throws IOException, GeneralSecurityException {
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(KeyStore.getInstance(file.toFile(), PASSWORD));
    return trust;
  }
}
