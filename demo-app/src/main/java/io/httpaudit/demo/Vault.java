package io.httpaudit.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509KeyManager;

/**
 * Where the bank's key lies. Each handshake needs it, and to fetch it takes {@value #FETCHING} ms,
 * as long as a smart card may take to sign.
 */
final class Vault extends X509ExtendedKeyManager {
  private static final int FETCHING = 300;
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final X509KeyManager keys;

  private Vault(X509KeyManager keys) {
    this.keys = keys;
  }

  static Vault of(Path file) throws IOException, GeneralSecurityException {
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(KeyStore.getInstance(file.toFile(), PASSWORD), PASSWORD);
    return new Vault((X509KeyManager) factory.getKeyManagers()[0]);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    long start = System.nanoTime();
    try {
      OwnTimes.tell(Stock.after(FETCHING, "fetched"), start);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return keys.getPrivateKey(alias);
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return keys.getCertificateChain(alias);
  }

  @Override
  public String[] getClientAliases(String type, Principal[] issuers) {
    return keys.getClientAliases(type, issuers);
  }

  @Override
  public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
    return keys.chooseClientAlias(types, issuers, socket);
  }

  @Override
  public String[] getServerAliases(String type, Principal[] issuers) {
    return keys.getServerAliases(type, issuers);
  }

  @Override
  public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
    return keys.chooseServerAlias(type, issuers, socket);
  }
}
