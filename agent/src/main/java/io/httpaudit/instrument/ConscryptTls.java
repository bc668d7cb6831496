package io.httpaudit.instrument;

import io.httpaudit.observe.Engines;

/**
 * Conscrypt's engine, which its engine sockets use, too: a record a call. Its sockets on file
 * descriptors read and write past the JDK.
 */
final class ConscryptTls implements Library {
  private static final String ENGINE = "org/conscrypt/ConscryptEngine";
  private static final String BUFFERS = "[Ljava/nio/ByteBuffer;";
  private static final String RESULT = "Ljavax/net/ssl/SSLEngineResult;";

  private final Engines engines;

  ConscryptTls(Engines engines) {
    this.engines = engines;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.aroundParts(
          ENGINE,
          "wrap",
          "(" + BUFFERS + "IILjava/nio/ByteBuffer;)" + RESULT,
          new TlsEngineCall(engines, true),
          1,
          4),
      Point.aroundParts(
          ENGINE,
          "unwrap",
          "(" + BUFFERS + "II" + BUFFERS + "II)" + RESULT,
          new TlsEngineCall(engines, false),
          4,
          1)
    };
  }
}
