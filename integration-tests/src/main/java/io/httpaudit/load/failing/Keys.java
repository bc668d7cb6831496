package io.httpaudit.load.failing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Keys and certificates in a folder, as PEM files: {@code NAME.key}, {@code NAME.pem}. */
public record Keys(Path folder) {
  private static final char[] PASSWORD = "none".toCharArray();

  /**
   * A context that trusts {@code ca}.
   *
   * @param own whose key it has; empty: none
   */
  public SSLContext context(String own) throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own.isEmpty() ? empty() : store(own), PASSWORD);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    KeyStore trusted = empty();
    trusted.setCertificateEntry("ca", certificate("ca"));
    trust.init(trusted);
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static KeyStore empty() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private KeyStore store(String name) throws IOException, GeneralSecurityException {
    KeyStore store = empty();
    store.setKeyEntry(name, key(name), PASSWORD, new Certificate[] {certificate(name)});
    return store;
  }

  private PrivateKey key(String name) throws IOException, GeneralSecurityException {
    String pem = Files.readString(folder.resolve(name + ".key"));
    String base64 = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    return KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64)));
  }

  private Certificate certificate(String name) throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(folder.resolve(name + ".pem"))) {
      return CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }
}
