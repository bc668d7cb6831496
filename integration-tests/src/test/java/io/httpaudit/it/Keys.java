package io.httpaudit.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/**
 * A key and its own certificate for {@code localhost}, made with the JDK's keytool: as a key store,
 * which trusts it too, and as the two files that others read.
 */
record Keys(Path store, Path certificate, Path key) {
  static final String PASSWORD = io.httpaudit.load.Keys.PASSWORD;
  private static final String ALIAS = "localhost";

  static Keys in(Path folder) {
    Path store = folder.resolve("keys.p12");
    Command.run(
        Jdk.current().home().resolve("bin/keytool").toString(),
        "-genkeypair",
        "-alias",
        ALIAS,
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=dns:localhost,ip:127.0.0.1",
        "-validity",
        "30",
        "-storetype",
        "PKCS12",
        "-keystore",
        store.toString(),
        "-storepass",
        PASSWORD);
    try {
      KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
      return new Keys(
          store,
          text(folder.resolve("cert.pem"), "CERTIFICATE", keys.getCertificate(ALIAS).getEncoded()),
          text(
              folder.resolve("key.pem"),
              "PRIVATE KEY",
              keys.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** RFC 7468. */
  private static Path text(Path file, String label, byte[] encoded) throws IOException {
    String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
    String text = "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n";
    return Files.writeString(file, text);
  }
}
