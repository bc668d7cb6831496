package io.httpaudit.it.oracle;

/**
 * A TLS record: [from, to) of its TCP stream, header included.
 *
 * @param content the type of what it holds, in the clear or not: 22 handshake, 23 application data
 * @param plaintext application data; of other records empty
 */
record TlsRecord(long from, long to, int content, byte[] plaintext) {
  static final int HEADER = 5;

  /** What a record with nothing but an alert is not larger than, of what follows the header. */
  static final int ALERT = 8 + 2 + 16;

  static final int HANDSHAKE = 22;
  static final int DATA = 23;
  static final byte[] NOTHING = {};
}
