package io.httpaudit.tls;

import java.util.Optional;

/**
 * What the clear parts of both directions of a TLS handshake said so far (RFC 8446, 4; RFC 5246,
 * 7.4). Written by the {@link HandshakeScanner} of each direction, on its thread; any thread may
 * read.
 */
public final class Handshake {
  /** Is told of Hellos, on the thread of the scanner that saw one. */
  public interface HelloListener {
    /**
     * A ClientHello, or a ServerHello that is no HelloRetryRequest, has this random, of 32 bytes,
     * big-endian: no two have the same. Told twice, if it was looked at ahead.
     */
    void hello(boolean client, long a, long b, long c, long d);
  }

  /** Who sent an alert, as {@link #alertBy} says. */
  public static final int NOBODY = 0;

  public static final int CLIENT = 1;
  public static final int SERVER = 2;

  static final int TLS13 = 0x0304;

  private static final String CLIENT_HELLO = "client_hello";
  private static final String RETRY = "hello_retry_request";

  private final HelloListener listener;
  private volatile boolean established;
  private volatile int version;
  private volatile int suite = -1;
  private volatile String serverName = "";
  private volatile String alpn = "";
  /** Each side's last message in the clear; how many ClientHellos there were. */
  private volatile String clientSaid = "";

  private volatile String serverSaid = "";
  private volatile int clientHellos;
  private volatile String alert = "";
  private volatile int alertBy;

  /** The session id that the client offered, as a hash that tells two apart; 0: none. */
  private volatile long offered;

  private volatile boolean echoed;
  private volatile boolean preSharedKey;

  /** Of TLS 1.2: the server went on as it does in a full handshake, or in an abbreviated one. */
  private volatile boolean full;

  private volatile boolean abbreviated;

  public Handshake(HelloListener listener) {
    this.listener = listener;
  }

  /** Application data was seen: nothing that follows is of interest. */
  public void established() {
    established = true;
  }

  boolean isEstablished() {
    return established;
  }

  /** {@code 1.2}, {@code 1.3}, …; empty: no ServerHello was seen. */
  public String version() {
    return switch (version) {
      case 0x0300 -> "SSL 3.0";
      case 0x0301 -> "1.0";
      case 0x0302 -> "1.1";
      case 0x0303 -> "1.2";
      case TLS13 -> "1.3";
      default -> "";
    };
  }

  boolean isTls13() {
    return version == TLS13;
  }

  /** The suite's IANA name, or its number as {@code 0xC0A1}; empty: not known. */
  public String cipher() {
    return suite < 0 ? "" : CipherSuites.name(suite);
  }

  /** The host name that the client asked for (RFC 6066, 3), or empty. */
  public String serverName() {
    return serverName;
  }

  /** The protocol that a clear ServerHello chose (RFC 7301), or empty. */
  public String alpn() {
    return alpn;
  }

  /** Whether an earlier session is resumed; empty: that is not certain. */
  public Optional<Boolean> resumed() {
    if (version == TLS13) {
      return Optional.of(preSharedKey);
    }
    // RFC 5246, 7.3, and RFC 5077, 3.4: an abbreviated handshake has no certificate; the echo of a
    // session id alone might be of a session that the server then renews.
    return full
        ? Optional.of(false)
        : abbreviated && (echoed || offered == 0) ? Optional.of(true) : Optional.empty();
  }

  /**
   * The last handshake message seen in the clear, as RFC 8446 and RFC 5246 name it: {@code
   * client_hello}, …, {@code change_cipher_spec}; empty: none.
   */
  public String after() {
    String ofClient = clientSaid;
    String ofServer = serverSaid;
    boolean serverEnds =
        ofServer.equals("change_cipher_spec") || ofServer.equals("new_session_ticket");
    if (ofServer.isEmpty() || !serverEnds && !ofClient.equals(CLIENT_HELLO)) {
      return ofClient.isEmpty() ? ofServer : ofClient;
    }
    return ofServer.equals(RETRY) && clientHellos > 1 ? ofClient : ofServer;
  }

  /** Name of the fatal alert that was seen in the clear, or empty. */
  public String alert() {
    return alert;
  }

  /** Who sent the first alert, which may be encrypted, before any application data. */
  public int alertBy() {
    return alertBy;
  }

  // ---- what the scanners say

  void hello(boolean client, byte[] bytes, int at) {
    listener.hello(
        client,
        number(bytes, at),
        number(bytes, at + 8),
        number(bytes, at + 16),
        number(bytes, at + 24));
  }

  private static long number(byte[] bytes, int at) {
    long number = 0;
    for (int i = 0; i < 8; i++) {
      number = number << 8 | bytes[at + i] & 0xFF;
    }
    return number;
  }

  /**
   * The sides are kept apart: what a write sent may be told after its answer was, and the order of
   * a handshake says which came last.
   */
  void message(boolean client, String name) {
    if (client) {
      clientSaid = name;
      clientHellos += name.equals(CLIENT_HELLO) ? 1 : 0;
    } else {
      serverSaid = name;
    }
  }

  /** A HelloRetryRequest, which TLS 1.3 alone has. */
  void retried() {
    version = TLS13;
    serverSaid = RETRY;
  }

  void clientHello(String name, long sessionId) {
    serverName = name;
    offered = sessionId;
  }

  void serverHello(int chosen, int cipher, String protocol, long sessionId, boolean psk) {
    version = chosen;
    suite = cipher;
    alpn = protocol;
    echoed = sessionId != 0 && sessionId == offered;
    preSharedKey = psk;
  }

  /** The server's message behind its Hello. */
  void serverWentOn(boolean certificate) {
    if (certificate) {
      full = true;
    } else {
      abbreviated = true;
    }
  }

  void alert(boolean client, String name) {
    if (alertBy == NOBODY) {
      alert = name;
      alertBy = client ? CLIENT : SERVER;
    }
  }
}
