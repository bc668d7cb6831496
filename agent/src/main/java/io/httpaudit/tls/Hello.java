package io.httpaudit.tls;

import java.nio.charset.StandardCharsets;

/**
 * A whole ClientHello or ServerHello (RFC 8446, 4.1.2, 4.1.3), of which the fields are found that
 * the audit needs. What is malformed, or isn't there, is as if it weren't: never throws.
 */
final class Hello {
  static final int RANDOM_BYTES = 32;

  private static final int SERVER_HELLO = 2;
  private static final int SERVER_NAME = 0;
  private static final int ALPN = 16;
  private static final int PRE_SHARED_KEY = 41;
  private static final int SUPPORTED_VERSIONS = 43;

  /** The random of a HelloRetryRequest: SHA-256 of its name (RFC 8446, 4.1.3). */
  private static final int[] RETRY = {
    0xCF21AD74, 0xE59A6111, 0xBE1D8C02, 0x1E65B891, 0xC2A21116, 0x7ABB8C5E, 0x079E09E2, 0xC8A8339C
  };

  private final byte[] bytes;
  private final int end;
  private final boolean ofServer;
  private int version;
  private int suite = -1;
  private long sessionId;
  private String serverName = "";
  private String alpn = "";
  private boolean preSharedKey;

  Hello(byte[] message, int length) {
    bytes = message;
    end = length;
    ofServer = message[0] == SERVER_HELLO;
    read();
  }

  static boolean isRetry(byte[] message, int at) {
    for (int i = 0; i < RETRY.length; i++) {
      for (int j = 0; j < 4; j++) {
        if (message[at + 4 * i + j] != (byte) (RETRY[i] >> 24 - 8 * j)) {
          return false;
        }
      }
    }
    return true;
  }

  int version() {
    return version;
  }

  int suite() {
    return suite;
  }

  /** A hash of it, never 0; 0: none. */
  long sessionId() {
    return sessionId;
  }

  String serverName() {
    return serverName;
  }

  String alpn() {
    return alpn;
  }

  boolean preSharedKey() {
    return preSharedKey;
  }

  /** An unsigned number of so many bytes; -1: they are not there. */
  private int number(int at, int count) {
    if (at < 0 || at + count > end) {
      return -1;
    }
    int number = 0;
    for (int i = 0; i < count; i++) {
      number = number << 8 | bytes[at + i] & 0xFF;
    }
    return number;
  }

  private void read() {
    int at = 4;
    version = Math.max(0, number(at, 2));
    at += 2 + RANDOM_BYTES;
    int idLength = number(at, 1);
    if (idLength < 0 || at + 1 + idLength > end) {
      return;
    }
    sessionId = idLength == 0 ? 0 : hash(at + 1, idLength);
    at += 1 + idLength;
    if (ofServer) {
      suite = number(at, 2);
      at += 3;
    } else {
      int suites = number(at, 2);
      at += 2 + suites;
      int compressions = suites < 0 ? -1 : number(at, 1);
      if (compressions < 0) {
        return;
      }
      at += 1 + compressions;
    }
    int extensions = number(at, 2);
    at += 2;
    int last = Math.min(end, at + extensions);
    while (extensions > 0 && at + 4 <= last) {
      int type = number(at, 2);
      int length = number(at + 2, 2);
      at += 4;
      if (at + length > last) {
        return;
      }
      extension(type, at, length);
      at += length;
    }
  }

  private void extension(int type, int at, int length) {
    if (type == SERVER_NAME && !ofServer) {
      // A list of (type, name): RFC 6066 knows one type, 0.
      int name = number(at + 3, 2);
      if (length >= 5 && number(at + 2, 1) == 0 && name > 0 && name <= length - 5) {
        serverName = text(at + 5, name);
      }
    } else if (type == ALPN && ofServer) {
      int name = number(at + 2, 1);
      if (length >= 3 && name > 0 && name <= length - 3) {
        alpn = text(at + 3, name);
      }
    } else if (type == SUPPORTED_VERSIONS && ofServer && length == 2) {
      version = number(at, 2);
    } else if (type == PRE_SHARED_KEY) {
      preSharedKey = true;
    }
  }

  /** What a stranger sent is not to break a line, or a terminal. */
  private String text(int at, int length) {
    byte[] clean = new byte[length];
    for (int i = 0; i < length; i++) {
      byte b = bytes[at + i];
      clean[i] = b > ' ' && b < 0x7F ? b : (byte) '?';
    }
    return new String(clean, StandardCharsets.US_ASCII);
  }

  private long hash(int at, int length) {
    long hash = 0xCBF29CE484222325L;
    for (int i = 0; i < length; i++) {
      hash = (hash ^ bytes[at + i] & 0xFF) * 0x100000001B3L;
    }
    return hash == 0 ? 1 : hash;
  }
}
