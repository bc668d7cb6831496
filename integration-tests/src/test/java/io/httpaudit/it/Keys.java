package io.httpaudit.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/** A {@link Keystore}, and what is in it as the two files that others than Java read. */
record Keys(Path store, Path certificate, Path key) {
  static Keys in(Path folder) {
    Path store = Keystore.in(folder);
    char[] password = io.httpaudit.stacks.Keys.PASSWORD.toCharArray();
    try {
      KeyStore keys = KeyStore.getInstance(store.toFile(), password);
      return new Keys(
          store,
          text(
              folder.resolve("cert.pem"),
              "CERTIFICATE",
              keys.getCertificate(Keystore.ALIAS).getEncoded()),
          text(
              folder.resolve("key.pem"),
              "PRIVATE KEY",
              keys.getKey(Keystore.ALIAS, password).getEncoded()));
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
