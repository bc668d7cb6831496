package io.httpaudit.stacks;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Provider;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** A key and its own certificate: who has it is it, and trusts it. */
public final class Keys {
  public static final String PASSWORD = "secret";

  /** Where a context's key store lies, for libraries that want the file: of this program's one. */
  private static volatile Path latest;

  private Keys() {}

  public static SSLContext context(Path keystore) throws IOException, GeneralSecurityException {
    return context(keystore, SSLContext.getInstance("TLS"));
  }

  /** Of another provider than the JDK's. */
  public static SSLContext context(Path keystore, Provider provider)
      throws IOException, GeneralSecurityException {
    return context(keystore, SSLContext.getInstance("TLS", provider));
  }

  private static SSLContext context(Path keystore, SSLContext context)
      throws IOException, GeneralSecurityException {
    latest = keystore;
    context.init(keys(keystore).getKeyManagers(), trust(keystore).getTrustManagers(), null);
    return context;
  }

  /** By the default algorithm, SunX509: by PKIX Conscrypt finds no key. */
  public static KeyManagerFactory keys(Path keystore) throws IOException, GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store(keystore), PASSWORD.toCharArray());
    return keys;
  }

  public static TrustManagerFactory trust(Path keystore)
      throws IOException, GeneralSecurityException {
    TrustManagerFactory trusted =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(store(keystore));
    return trusted;
  }

  private static KeyStore store(Path keystore) throws IOException, GeneralSecurityException {
    return KeyStore.getInstance(keystore.toFile(), PASSWORD.toCharArray());
  }

  /** The key store that {@code context} was made of: there is one in a program. */
  public static Path storeOf(SSLContext context) {
    return latest;
  }

  /** Who trusts that key store's certificate. */
  public static X509TrustManager trusted() {
    try {
      return (X509TrustManager) trust(latest).getTrustManagers()[0];
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
