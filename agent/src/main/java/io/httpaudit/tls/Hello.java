package io.httpaudit.tls;

import java.nio.charset.StandardCharsets;

/**
 * A whole ClientHello or ServerHello (RFC 8446, 4.1.2, 4.1.3), of which the fields are found that
 * the audit needs. What is malformed, or isn't there, is as if it weren't: never throws.
 */
final class Hello {
  /** Where its random begins, behind the version. */
  static final int RANDOM = 2;

  static final int RANDOM_END = RANDOM + 32;

  private static final int SERVER_NAME = 0;
  private static final int ALPN = 16;
  private static final int PRE_SHARED_KEY = 41;
  private static final int EARLY_DATA = 42;
  private static final int SUPPORTED_VERSIONS = 43;

  /** Of a domain name (RFC 1035, 2.3.4): what is longer is none, and is not kept. */
  private static final int LONGEST_NAME = 255;

  /** The random of a HelloRetryRequest: SHA-256 of its name (RFC 8446, 4.1.3). */
  private static final long[] RETRY = {
    0xCF21AD74E59A6111L, 0xBE1D8C021E65B891L, 0xC2A211167ABB8C5EL, 0x079E09E2C8A8339CL
  };

  private final byte[] bytes;
  private final int end;
  private final boolean ofServer;
  private int version;
  private int suite = -1;
  private String serverName = "";
  private String alpn = "";
  private boolean preSharedKey;
  private boolean earlyData;

  private Hello(byte[] body, int length, boolean ofServer) {
    bytes = body;
    end = length;
    this.ofServer = ofServer;
    read();
  }

  /** The first {@code length} bytes are a Hello, without the message's header. */
  static Hello of(boolean client, byte[] body, int length) {
    return new Hello(body, length, !client);
  }

  /** Whether a ServerHello, of which there is the random, is a HelloRetryRequest. */
  static boolean isRetry(byte[] body) {
    for (int i = 0; i < RETRY.length; i++) {
      if (number(body, RANDOM + 8 * i) != RETRY[i]) {
        return false;
      }
    }
    return true;
  }

  /** Of 8 bytes, big-endian. */
  static long number(byte[] bytes, int at) {
    long number = 0;
    for (int i = 0; i < 8; i++) {
      number = number << 8 | bytes[at + i] & 0xFF;
    }
    return number;
  }

  boolean isOfServer() {
    return ofServer;
  }

  int version() {
    return version;
  }

  int suite() {
    return suite;
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

  boolean earlyData() {
    return earlyData;
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
    version = Math.max(0, number(0, 2));
    int idLength = number(RANDOM_END, 1);
    int at = RANDOM_END + 1 + idLength;
    if (idLength < 0 || at > end) {
      return;
    }
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
      if (length >= 5
          && number(at + 2, 1) == 0
          && name > 0
          && name <= Math.min(LONGEST_NAME, length - 5)) {
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
    } else if (type == EARLY_DATA) {
      earlyData = true;
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
}
