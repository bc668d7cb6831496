package io.httpaudit.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** TLS 1.3's secrets, as the other end wrote them down, and the keys that come of them. */
final class SessionKeys {
  private SessionKeys() {}

  /**
   * @param keylog as NSS has it: a line is a label, the client's random, and the secret
   */
  static Patterns of(Path keylog) throws IOException, GeneralSecurityException {
    Patterns patterns = new Patterns();
    for (String line : Files.readAllLines(keylog)) {
      String[] words = line.split(" ");
      if (line.startsWith("#") || words.length != 3) {
        continue;
      }
      byte[] secret = HexFormat.of().parseHex(words[2]);
      patterns.bytes(words[0], secret);
      for (int length : new int[] {16, 32}) {
        patterns.bytes("key of " + words[0], key(secret, length));
      }
    }
    return patterns;
  }

  /** RFC 8446, 7.1 and 7.3: HKDF-Expand-Label(secret, "key", "", length), of one block. */
  private static byte[] key(byte[] secret, int length) throws GeneralSecurityException {
    byte[] label = "tls13 key".getBytes(StandardCharsets.US_ASCII);
    ByteBuffer info = ByteBuffer.allocate(2 + 1 + label.length + 1 + 1);
    info.putShort((short) length).put((byte) label.length).put(label).put((byte) 0).put((byte) 1);
    String hash = secret.length == 48 ? "HmacSHA384" : "HmacSHA256";
    Mac mac = Mac.getInstance(hash);
    mac.init(new SecretKeySpec(secret, hash));
    return Arrays.copyOf(mac.doFinal(info.array()), length);
  }
}
