package io.httpaudit.observe;

import io.httpaudit.correlate.SocketError;
import io.httpaudit.http.Requests;
import io.httpaudit.tls.Handshake;
import io.httpaudit.tls.HandshakeScanner;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A connection's TLS, from the client's first record on: where in TCP's stream it begins, what the
 * clear part of its handshake says, and, once that is proven, the engine whose records they are.
 *
 * <p>The proof: a Hello's random (RFC 8446, 4.1.2) is unique; the first connection that writes the
 * Hello that an engine made is that engine's, since nobody else can have its bytes before. From
 * there on positions run: TLS itself proves to both ends that no byte is missing, doubled or
 * foreign.
 *
 * <p>On the threads that read and write the socket, one for each direction.
 */
final class Secure implements Handshake.HelloListener {
  private static final int PIECE = 4096;

  private static final int HANDSHAKE = 0;

  /** Application data was passed. */
  private static final int ESTABLISHED = 1;

  /** Its last word was told. */
  private static final int TOLD = 2;

  private static final AtomicIntegerFieldUpdater<Secure> STATE =
      AtomicIntegerFieldUpdater.newUpdater(Secure.class, "state");

  private final Connection connection;
  private final boolean client;

  /** Of the first exchange within. */
  private final long firstIndex;

  /** Where TLS begins in TCP's stream; -1: not known yet. */
  private volatile long outStart;

  private volatile long inStart;

  private final Handshake handshake = new Handshake(this);
  private final HandshakeScanner out;
  private final HandshakeScanner in;
  private volatile int state = HANDSHAKE;

  /** Null: whose records these are is not known. */
  private volatile TlsEnd engine;

  private volatile Plaintext plainOut;
  private volatile Plaintext plainIn;

  /** The peer sent a FIN or an RST. */
  private volatile boolean peerEnded;

  /** That came before any alert: what this end then says of it is no cause. */
  private volatile boolean peerEndedFirst;

  /** A ClientHello's random was seen: before, what looks like TLS may be anything. */
  private volatile boolean begun;

  /** This end's Hello is written, and no engine's that is hooked. Of the thread that writes. */
  private boolean unclaimed;

  /** It was told that its engine is none that is hooked. */
  private volatile boolean opaque;

  /** Of an opaque one: both ends encrypt. */
  private volatile boolean established;

  private boolean closed;

  Secure(Connection connection, boolean client, long outStart, long inStart, long firstIndex) {
    this.connection = connection;
    this.client = client;
    this.outStart = outStart;
    this.inStart = inStart;
    this.firstIndex = firstIndex;
    out = new HandshakeScanner(handshake, client);
    in = new HandshakeScanner(handshake, !client);
  }

  /** Where TLS begins in a direction of which that was not known. */
  void starts(boolean outbound, long at) {
    if (outbound && outStart < 0) {
      outStart = at;
    } else if (!outbound && inStart < 0) {
      inStart = at;
    }
  }

  /** Stream position of what the engine counts as 0. */
  long start(boolean outbound) {
    return outbound ? outStart : inStart;
  }

  long position(boolean outbound) {
    return (outbound ? connection.out() : connection.in()).position();
  }

  /**
   * Where in a direction another protocol begins that never came: behind the last record with
   * application data.
   */
  long lastRecordEnd(boolean outbound) {
    Plaintext of = outbound ? plainOut : plainIn;
    return of == null ? position(outbound) : of.lastRecordEnd();
  }

  /** How much of what arrived was decrypted: the rest may be anything. */
  long decrypted() {
    TlsEnd known = engine;
    long moved = position(false);
    return known == null ? moved : Math.min(moved, inStart + known.consumed());
  }

  long lastMoved() {
    return connection.out().lastMoved();
  }

  SocketError error(boolean outbound) {
    return (outbound ? connection.out() : connection.in()).error();
  }

  /**
   * A write of these bytes begins at stream position {@code from}: whose they are must be known
   * before they are answered.
   */
  void announced(long from, long address, long total, int vectors) {
    if (engine == null && outStart >= 0 && out.skippable() < Long.MAX_VALUE) {
      scan(out.ahead(), outStart, from, address, total, vectors);
    }
  }

  /** {@code n} bytes were moved, from stream position {@code from} on. Whether a message ended. */
  boolean moved(boolean outbound, long from, long address, long n, int vectors, long at) {
    long start = start(outbound);
    HandshakeScanner scanner = outbound ? out : in;
    if (start >= 0 && scanner.skippable() < Long.MAX_VALUE) {
      scan(scanner, start, from, address, n, vectors);
    }
    if (outbound == client && scanner.failed() && !begun && disclaim()) {
      return false;
    }
    if (outbound && unclaimed && engine == null) {
      unclaimed = false;
      opaque = true;
      connection.events().upgraded(connection.number(), outStart, inStart, Events.OPAQUE);
    }
    if (opaque && !established && handshake.isEncrypted()) {
      // No Hello follows, by which an engine could still claim it.
      established = true;
      handshake.established();
    }
    Plaintext written = outbound ? plainOut : null;
    if (written == null) {
      return false;
    }
    if (from + n - start > engine.produced()) {
      lose();
    }
    return written.written(from + n, at);
  }

  private static void scan(
      HandshakeScanner scanner, long start, long from, long address, long n, int vectors) {
    long before = start + scanner.position() - from;
    if (before < 0) {
      // Bytes went by that it was not shown. What lies below the buffer is none of them.
      scanner.lose();
      return;
    }
    if (vectors == 0) {
      scan(scanner, before, address, n);
      return;
    }
    long left = n;
    for (int i = 0; i < vectors && left > 0; i++) {
      long length = Math.min(left, Vectors.length(address, i));
      scan(scanner, before, Vectors.base(address, i), length);
      before = Math.max(0, before - length);
      left -= length;
    }
  }

  private static void scan(HandshakeScanner scanner, long before, long address, long n) {
    long done = before;
    byte[] scratch = null;
    int used = 0;
    try {
      while (done < n) {
        long skip = Math.min(scanner.skippable(), n - done);
        if (skip > 0) {
          scanner.skip(skip);
          done += skip;
          continue;
        }
        if (scratch == null) {
          scratch = Scratch.take();
        }
        int piece = (int) Math.min(Math.min(PIECE, scanner.wanted()), n - done);
        HttpAudit.copy(address + done, scratch, 0, piece);
        used = Math.max(used, piece);
        scanner.parse(scratch, 0, piece);
        done += piece;
      }
    } finally {
      if (scratch != null) {
        Scratch.give(scratch, used);
      }
    }
  }

  /** It is no TLS, but for its first byte. False: an engine says otherwise. */
  private boolean disclaim() {
    synchronized (this) {
      if (engine != null) {
        return false;
      }
      closed = true;
    }
    if (STATE.compareAndSet(this, HANDSHAKE, TOLD)) {
      connection.notSecured(this, client);
    }
    return true;
  }

  @Override
  public void hello(boolean ofClient, long a, long b, long c, long d) {
    if (ofClient) {
      begun = true;
    }
    if (ofClient != client || engine != null) {
      return;
    }
    TlsEnd made = connection.engines().claim(a, b, c, d);
    if (made != null) {
      bind(made);
    } else {
      unclaimed = true;
    }
  }

  private synchronized void bind(TlsEnd made) {
    if (closed || engine != null) {
      return;
    }
    Requests requests = new Requests();
    plainOut = new Plaintext(connection, this, requests, client, true);
    plainIn = new Plaintext(connection, this, requests, client, false);
    plainOut.parser.countFrom(firstIndex);
    plainIn.parser.countFrom(firstIndex);
    connection.streamsOpened(2);
    engine = made;
    made.bind(this, plainOut, plainIn);
  }

  boolean isEstablished() {
    return state != HANDSHAKE;
  }

  boolean isShakingHands() {
    return state == HANDSHAKE && hasFailed();
  }

  /** Whether its handshake is not over, or was in vain: of one that never carried anything. */
  private boolean hasFailed() {
    TlsEnd known = engine;
    // Of an engine that is not hooked nobody knows whether its handshake ended well.
    return known == null
        ? !opaque || !handshake.alert().isEmpty()
        : !known.isFinished() || known.isAlertReceived();
  }

  /** Application data is about to be passed. On the engine's threads. */
  void established() {
    if (state == HANDSHAKE && STATE.compareAndSet(this, HANDSHAKE, ESTABLISHED)) {
      handshake.established();
      tell("", "", "");
    }
  }

  /** Of the client's handshake, [from, to) of what its engine made. */
  void shook(long from, long to) {
    connection.events().shook(connection.number(), outStart + from, outStart + to);
  }

  private void tell(String alert, String by, String after) {
    TlsEnd known = engine;
    String alpn = known == null ? "" : known.protocol();
    connection
        .events()
        .tls(
            connection.number(),
            handshake.version(),
            handshake.cipher(),
            handshake.serverName(),
            alpn.isEmpty() ? handshake.alpn() : alpn,
            handshake.resumed().map(String::valueOf).orElse(""),
            alert,
            by,
            after);
  }

  /** The peer will send nothing more, or has reset the connection. */
  void peerEnded() {
    if (peerEnded) {
      return;
    }
    TlsEnd known = engine;
    peerEndedFirst =
        handshake.alertBy() == Handshake.NOBODY && (known == null || known.alert().isEmpty());
    peerEnded = true;
  }

  /** Positions no longer agree: no boundary from here on is known. */
  void lose() {
    TlsEnd known = engine;
    if (known != null) {
      known.lose();
    }
  }

  /** The socket is closed. */
  void close() {
    Plaintext one;
    Plaintext two;
    synchronized (this) {
      closed = true;
      one = plainIn;
      two = plainOut;
    }
    try {
      if (one != null) {
        one.close();
      }
    } finally {
      if (two != null) {
        two.close();
      }
    }
  }

  /** The last word, when all else was told. */
  void finish() {
    if (!STATE.compareAndSet(this, HANDSHAKE, TOLD)) {
      return;
    }
    boolean failed = hasFailed();
    if (client && failed) {
      shook(0, position(true) - outStart);
    }
    if (!failed) {
      tell("", "", "");
      return;
    }
    TlsEnd known = engine;
    String alert = handshake.alert();
    String by =
        handshake.alertBy() == Handshake.NOBODY
            ? ""
            : (handshake.alertBy() == Handshake.CLIENT) == client ? LOCAL : PEER;
    if (known != null && !known.alert().isEmpty() && (alert.isEmpty() || known.isAlertReceived())) {
      alert = known.alert();
      by = known.isAlertReceived() ? PEER : LOCAL;
    }
    if (peerEndedFirst && !by.equals(PEER)) {
      // An alert to one that is gone only says so.
      alert = "";
      by = PEER;
    }
    tell(alert, by.isEmpty() ? peerEnded ? PEER : LOCAL : by, handshake.after());
  }

  private static final String LOCAL = "local";
  private static final String PEER = "peer";
}
