package io.httpaudit.observe;

/**
 * A TLS engine of this JVM, of whatever provider, as far as its hooks tell: what it produced, what
 * it consumed, how its handshake ended. Which connection's it is, {@link Secure} finds out.
 */
public final class TlsEnd {
  private final Engines engines;
  private final Records out = new Records(this, true);
  private final Records in = new Records(this, false);

  /** Null: its connection is not known. */
  private volatile Secure bound;

  private volatile boolean finished;
  private volatile String protocol = "";
  private volatile String alert = "";
  private volatile boolean alertReceived;

  TlsEnd(Engines engines) {
    this.engines = engines;
  }

  /** What it encrypts. */
  public Records out() {
    return out;
  }

  /** What it decrypts. */
  public Records in() {
    return in;
  }

  /** Its handshake is over, well. */
  public void finished() {
    finished = true;
  }

  boolean isFinished() {
    return finished;
  }

  /** Whether {@link #protocol(String)} is still to be told: application data may follow. */
  public boolean wantsProtocol() {
    return bound != null && !bound.isEstablished();
  }

  /** The application protocol that ALPN chose (RFC 7301). */
  public void protocol(String alpn) {
    protocol = alpn;
  }

  String protocol() {
    return protocol;
  }

  /**
   * It ends by a fatal alert; the first one counts.
   *
   * @param name as in RFC 8446, 6.2
   */
  public void alert(String name, boolean received) {
    if (alert.isEmpty()) {
      alertReceived = received;
      alert = name;
    }
  }

  String alert() {
    return alert;
  }

  boolean isAlertReceived() {
    return alertReceived;
  }

  /** Its own Hello, which {@link Secure} waits to see. */
  void made(long a, long b, long c, long d) {
    if (bound == null) {
      engines.made(a, b, c, d, this);
    }
  }

  void bind(Secure to, Plaintext plainOut, Plaintext plainIn) {
    bound = to;
    out.bind(to, plainOut);
    in.bind(to, plainIn);
  }

  /** Whether its connection is known, and where its records are. */
  boolean isRead() {
    return bound != null && !out.isLost() && !in.isLost();
  }

  /** Bytes that it produced so far. */
  long produced() {
    return out.position();
  }

  /** Likewise that it took. */
  long consumed() {
    return in.position();
  }

  void lose() {
    out.lose();
    in.lose();
  }
}
