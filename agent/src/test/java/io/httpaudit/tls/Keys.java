package io.httpaudit.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** A key and its certificate, for both ends, made by the JDK's keytool. */
final class Keys {
  static final String HOST = "shop.test";

  private static final String PASSWORD = "changeit";
  private static final String ALIAS = "key";

  private final KeyStore store;

  private Keys(KeyStore store) {
    this.store = store;
  }

  static Keys make() {
    try {
      Path folder = Files.createTempDirectory("keys");
      Path file = folder.resolve("keys.p12");
      try {
        keytool(file);
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
          store.load(in, PASSWORD.toCharArray());
        }
        return new Keys(store);
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void keytool(Path file) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + HOST,
                "-ext",
                "san=dns:" + HOST,
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.onExit().join().exitValue() != 0) {
      throw new IllegalStateException(output);
    }
  }

  /**
   * @param key whether it has the key
   * @param trust whether it trusts the certificate
   */
  SSLContext context(boolean key, boolean trust) {
    try {
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          key ? keys.getKeyManagers() : new KeyManager[0],
          trust ? trusting() : new TrustManager[] {new Distrusting()},
          null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private TrustManager[] trusting() throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  /** Key and certificate, as OpenSSL reads them. */
  void pem(Path to) throws IOException, GeneralSecurityException {
    Files.writeString(
        to,
        pem("PRIVATE KEY", store.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded())
            + pem("CERTIFICATE", store.getCertificate(ALIAS).getEncoded()));
  }

  private static String pem(String what, byte[] der) {
    return "-----BEGIN "
        + what
        + "-----\n"
        + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der)
        + "\n-----END "
        + what
        + "-----\n";
  }

  private static final class Distrusting implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String how)
        throws CertificateException {
      throw new CertificateException("distrusted");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String how)
        throws CertificateException {
      throw new CertificateException("distrusted");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
