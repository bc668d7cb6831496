package io.httpaudit.it;

import io.httpaudit.stacks.Keys;
import java.nio.file.Path;

/** A key and its own certificate, made by the JDK's keytool, of the names that tests ask for. */
final class Keystore {
  static final String ALIAS = "a";

  private Keystore() {}

  /** A PKCS #12 file, as {@link Keys} reads it. */
  static Path in(Path folder) {
    Path file = folder.resolve("keys.p12");
    Command.run(
        Jdk.current().home().resolve("bin/keytool").toString(),
        "-genkeypair",
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-alias",
        ALIAS,
        "-dname",
        "CN=localhost",
        "-ext",
        "SAN=dns:localhost,dns:target.test,dns:auth.test,ip:127.0.0.1",
        "-storetype",
        "PKCS12",
        "-storepass",
        Keys.PASSWORD,
        "-keystore",
        file.toString());
    return file;
  }
}
