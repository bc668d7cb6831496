package io.httpaudit.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Keys and what was signed of them, by openssl(1), as {@code NAME.key} and {@code NAME.pem}. */
record Certificates(Path folder) {
  /** Makes the authority {@code ca}, and one that nobody knows, {@code stranger}. */
  static Certificates in(Path folder) {
    Certificates made = new Certificates(folder);
    made.authority("ca");
    made.authority("stranger");
    return made;
  }

  private void authority(String name) {
    key(name, "-x509", "-days", "2", "-out", path(name, ".pem"));
  }

  /**
   * @param names as OpenSSL has them: {@code DNS:localhost,IP:127.0.0.1}
   * @param days that it is good for; -1: it expired
   */
  Certificates signed(String name, String authority, String names, int days) {
    key(name, "-out", path(name, ".csr"));
    try {
      Files.writeString(folder.resolve(name + ".ext"), "subjectAltName=" + names + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Command.run(
        "openssl",
        "x509",
        "-req",
        "-in",
        path(name, ".csr"),
        "-CA",
        path(authority, ".pem"),
        "-CAkey",
        path(authority, ".key"),
        "-CAcreateserial",
        "-days",
        String.valueOf(days),
        "-extfile",
        path(name, ".ext"),
        "-out",
        path(name, ".pem"));
    return this;
  }

  private void key(String name, String... more) {
    List<String> words =
        new java.util.ArrayList<>(
            List.of(
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=" + name,
                "-keyout",
                path(name, ".key")));
    words.addAll(List.of(more));
    Command.run(words);
  }

  private String path(String name, String end) {
    return folder.resolve(name + end).toString();
  }
}
