package io.httpaudit.instrument;

import io.httpaudit.observe.Engines;

/**
 * Netty's engine on OpenSSL or BoringSSL. One call of it moves several records, and says only how
 * many bytes in all: which record holds which is seen where it calls the library, once a record.
 */
final class NettyTls implements Library {
  private static final String ENGINE = "io/netty/handler/ssl/ReferenceCountedOpenSslEngine";
  private static final String BUFFER = "Ljava/nio/ByteBuffer;";
  private static final String RESULT = "Ljavax/net/ssl/SSLEngineResult;";

  private final Engines engines;

  NettyTls(Engines engines) {
    this.engines = engines;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.aroundParts(
          ENGINE,
          "wrap",
          "([" + BUFFER + "II" + BUFFER + ")" + RESULT,
          new TlsEngineCall(engines, true),
          1,
          4),
      Point.aroundParts(
          ENGINE,
          "unwrap",
          "([" + BUFFER + "II[" + BUFFER + "II)" + RESULT,
          new TlsEngineCall(engines, false),
          4,
          1),
      Point.around(ENGINE, "readPlaintextData", "(" + BUFFER + ")I", new Reads()),
      Point.around(ENGINE, "writePlaintextData", "(" + BUFFER + "I)I", new Writes())
    };
  }

  /**
   * SSL_read: it takes records until one of application data, and gives that one's plaintext, or
   * what there is room for. What was taken, the source's position says as soon as it has returned.
   */
  private final class Reads extends HttpAuditProbe {
    @Override
    public Object enter(Object self, Object one, Object two) {
      engines.of(self).in().step();
      return null;
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {}
  }

  /** SSL_write: a record, or as many as its bytes need. */
  private final class Writes extends HttpAuditProbe {
    @Override
    public Object enter(Object self, Object one, Object two) {
      return engines;
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
      if (entered != null) {
        engines.of(self).out().wrote();
      }
    }
  }
}
