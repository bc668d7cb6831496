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

  private static final int SSL30 = 0x0300;
  private static final int TLS10 = 0x0301;
  private static final int TLS11 = 0x0302;
  private static final int TLS12 = 0x0303;
  private static final int TLS13 = 0x0304;

  private static final int FATAL = 2;

  /** Not yet, or no: says nothing. */
  private static final String NONE = null;

  /** An alert that is encrypted. */
  private static final String NAMELESS = "";

  private static final String CLIENT_HELLO = "client_hello";
  private static final String RETRY = "hello_retry_request";
  private static final String CHANGED = "change_cipher_spec";

  private final HelloListener listener;
  private volatile boolean established;
  private volatile boolean clientHelloSeen;
  private volatile int version;
  private volatile int suite = -1;
  private volatile String serverName = "";
  private volatile String alpn = "";

  /** Of this end's Hello, what is about to be written; null: nothing is, or it was. */
  private volatile Hello foretold;

  /** Each side's last message in the clear; how many ClientHellos there were. */
  private volatile String clientSaid = "";

  private volatile String serverSaid = "";
  private volatile int clientHellos;
  private volatile boolean preSharedKey;

  /** Of TLS 1.2: the server went on as it does in a full handshake, or in an abbreviated one. */
  private volatile boolean full;

  private volatile boolean abbreviated;

  /** The client may send application data before its handshake is over (RFC 8446, 2.3). */
  private volatile boolean earlyData;

  /** Of the first ClientHello's random. Of the client's scanner alone. */
  private long firstRandom;

  /** The first alert of each, and whose came first. */
  private volatile String clientAlert = NONE;

  private volatile String serverAlert = NONE;
  private volatile boolean serverFirst;
  private volatile boolean clientEncrypted;
  private volatile boolean serverEncrypted;

  public Handshake(HelloListener listener) {
    this.listener = listener;
  }

  /**
   * Application data was seen: nothing that follows is of interest. What is before it was sent,
   * even if the write that sent it has not returned.
   */
  public void established() {
    established = true;
    Hello sent = foretold;
    if (sent == null) {
      return;
    }
    if (!sent.isOfServer() && !clientHelloSeen) {
      clientHello(sent);
    } else if (sent.isOfServer() && suite < 0) {
      serverHello(sent);
    }
  }

  boolean isEstablished() {
    return established;
  }

  /**
   * Whether both ends sent records of application data, or, of TLS 1.3, what looks so: neither
   * sends another Hello in the clear.
   */
  public boolean isEncrypted() {
    return clientEncrypted && serverEncrypted;
  }

  /** A ClientHello was seen, whole. */
  public boolean clientHelloSeen() {
    return clientHelloSeen;
  }

  /** {@code 1.2}, {@code 1.3}, …; empty: no ServerHello was seen. */
  public String version() {
    return switch (version) {
      case SSL30 -> "SSL 3.0";
      case TLS10 -> "1.0";
      case TLS11 -> "1.1";
      case TLS12 -> "1.2";
      case TLS13 -> "1.3";
      default -> "";
    };
  }

  boolean isTls13() {
    return version == TLS13;
  }

  /** TLS 1.2 or an older one, whose records are the same. */
  boolean isTls12() {
    int chosen = version;
    return chosen != 0 && chosen != TLS13;
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
    if (suite < 0) {
      // Of TLS 1.3 a HelloRetryRequest was seen at the most, which does not say it.
      return Optional.empty();
    }
    if (isTls13()) {
      return Optional.of(preSharedKey);
    }
    // RFC 5246, 7.3, and RFC 5077, 3.1: the server's Hello is followed by its certificate or its
    // key exchange, or, if it resumes, by its ChangeCipherSpec, perhaps behind a new ticket. The
    // echo of a session id says less: a client that offers a ticket makes one up, or sends none.
    return full ? Optional.of(false) : abbreviated ? Optional.of(true) : Optional.empty();
  }

  /**
   * The last handshake message seen in the clear, as RFC 8446 and RFC 5246 name it: {@code
   * client_hello}, …, {@code change_cipher_spec}; empty: none.
   */
  public String after() {
    // Sent with early data, it comes before it is known that it means nothing.
    String ofClient = isTls13() && clientSaid.equals(CHANGED) ? CLIENT_HELLO : clientSaid;
    String ofServer = serverSaid;
    boolean serverEnds = ofServer.equals(CHANGED) || ofServer.equals("new_session_ticket");
    if (ofServer.isEmpty() || !serverEnds && !ofClient.equals(CLIENT_HELLO)) {
      return ofClient.isEmpty() ? ofServer : ofClient;
    }
    return ofServer.equals(RETRY) && clientHellos > 1 ? ofClient : ofServer;
  }

  /** Name of the fatal alert of {@link #alertBy}, if it was seen in the clear, or empty. */
  public String alert() {
    int by = alertBy();
    String name = by == CLIENT ? clientAlert : by == SERVER ? serverAlert : NONE;
    return name == NONE ? "" : name;
  }

  /**
   * Who sent the first fatal alert, or an encrypted one, before any application data. Of TLS 1.3
   * one is known by its length, and that nothing followed it.
   */
  public int alertBy() {
    boolean byClient = clientAlert != NONE;
    boolean byServer = serverAlert != NONE;
    return byServer && (serverFirst || !byClient) ? SERVER : byClient ? CLIENT : NOBODY;
  }

  // ---- what the scanners say

  /** A Hello that is no HelloRetryRequest, as far as its random. */
  void hello(boolean client, byte[] hello) {
    if (client && firstRandom == 0) {
      firstRandom = Hello.number(hello, Hello.RANDOM);
    }
    message(client, client ? Messages.CLIENT_HELLO : Messages.SERVER_HELLO);
    tell(client, hello);
  }

  void tell(boolean client, byte[] hello) {
    listener.hello(
        client,
        Hello.number(hello, Hello.RANDOM),
        Hello.number(hello, Hello.RANDOM + 8),
        Hello.number(hello, Hello.RANDOM + 16),
        Hello.number(hello, Hello.RANDOM + 24));
  }

  /** Whether it repeats the first one's random, as the second one does (RFC 8446, 4.1.2). */
  boolean isOfFirstClientHello(byte[] hello) {
    return firstRandom != 0 && firstRandom == Hello.number(hello, Hello.RANDOM);
  }

  /**
   * The sides are kept apart: what a write sent may be told after its answer was, and the order of
   * a handshake says which came last.
   */
  private void said(boolean client, String name) {
    if (client) {
      clientSaid = name;
      clientHellos += name.equals(CLIENT_HELLO) ? 1 : 0;
    } else {
      serverSaid = name;
    }
  }

  void message(boolean client, int type) {
    String name = Messages.name(type);
    if (!name.isEmpty()) {
      said(client, name);
    }
    if (!client && Messages.isOfFullHandshake(type)) {
      full = true;
    }
  }

  /** Which TLS 1.3 alone has. */
  void helloRetryRequest() {
    version = TLS13;
    serverSaid = RETRY;
  }

  /** A write begins that has this Hello in it. */
  void foretold(Hello hello) {
    foretold = hello;
  }

  void clientHello(Hello hello) {
    serverName = hello.serverName();
    earlyData = hello.earlyData();
    clientHelloSeen = true;
    told(hello);
  }

  void serverHello(Hello hello) {
    alpn = hello.alpn();
    preSharedKey = hello.preSharedKey();
    version = hello.version();
    suite = hello.suite();
    told(hello);
  }

  /** What was foretold of this side has come. */
  private void told(Hello hello) {
    Hello sent = foretold;
    if (sent != null && sent.isOfServer() == hello.isOfServer()) {
      foretold = null;
    }
  }

  void changeCipherSpec(boolean client) {
    if (isTls13()) {
      // RFC 8446, D.4: it means nothing.
      return;
    }
    said(client, CHANGED);
    if (!client) {
      abbreviated = true;
    }
  }

  /** An alert in the clear. */
  void alert(boolean client, int level, int description) {
    // RFC 8446, 6: the level says nothing any more; what is no error is one of these two.
    boolean fatal =
        isTls13() && level != FATAL
            ? description != Messages.CLOSE_NOTIFY && description != Messages.USER_CANCELED
            : level == FATAL;
    if (fatal) {
      ends(client, Messages.alert(description));
    }
  }

  /** An alert of TLS 1.2 that is encrypted. */
  void encryptedAlert(boolean client) {
    ends(client, NAMELESS);
  }

  /**
   * A record of outer type application_data: of TLS 1.3, and it has an alert's length or hasn't.
   */
  void encrypted(boolean client, boolean asAlert) {
    if (client) {
      clientEncrypted = true;
    } else {
      serverEncrypted = true;
    }
    if (isTls12() || client && earlyData) {
      return;
    }
    if (asAlert) {
      ends(client, NAMELESS);
    } else {
      goesOn(client);
    }
  }

  private synchronized void ends(boolean client, String name) {
    if (client) {
      clientAlert = clientAlert == NONE || clientAlert == NAMELESS ? name : clientAlert;
    } else {
      serverFirst |= serverAlert == NONE && clientAlert == NONE;
      serverAlert = serverAlert == NONE || serverAlert == NAMELESS ? name : serverAlert;
    }
  }

  /** What had an alert's length was none. */
  private synchronized void goesOn(boolean client) {
    if (client && clientAlert == NAMELESS) {
      clientAlert = NONE;
    } else if (!client && serverAlert == NAMELESS) {
      serverAlert = NONE;
      serverFirst = false;
    }
  }
}
