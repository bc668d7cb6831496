package io.httpaudit.observe;

import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.SocketError;
import io.httpaudit.http.Head;
import io.httpaudit.http.Requests;
import io.httpaudit.trace.Propagation;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/** A TCP socket of this JVM, from connect or accept to its end. */
final class Connection {
  private static final AtomicIntegerFieldUpdater<Connection> OPEN =
      AtomicIntegerFieldUpdater.newUpdater(Connection.class, "open");

  private static final AtomicReferenceFieldUpdater<Connection, ServedRequest> LATEST =
      AtomicReferenceFieldUpdater.newUpdater(Connection.class, ServedRequest.class, "latest");

  private final long number;
  private final Observer observer;
  private final Direction in;
  private final Direction out;

  private volatile boolean peerEnded;

  /** Streams that are. */
  private volatile int open = 2;

  /** The outcome of connect(2) is not known. */
  private volatile boolean connecting;

  /**
   * The request that was read last, if it is not answered: by {@link ServedRequest#earlier} the
   * others that are not.
   */
  private volatile ServedRequest latest;

  /** Where the next request begins is not known. Of the thread that reads. */
  private boolean askedUnknown;

  /** How many requests a library's decoder has passed on; negative: they are not those read. */
  private long decoded;

  /** The last of them, until its end is. Both are of the event loop. */
  private ServedRequest decoding;

  /** Null: no direction carries another protocol. */
  private Upgrade upgrade;

  /** Null: no TLS. */
  private volatile Secure secure;

  /** Where the other protocol begins in each direction, -1: not said yet. */
  private static final class Upgrade {
    long out = -1;
    long in = -1;
  }

  /**
   * @param connected false: connect(2) has returned, and goes on
   */
  Connection(long number, Side side, Observer observer, boolean connected) {
    this.number = number;
    this.observer = observer;
    connecting = !connected;
    Requests requests = new Requests();
    in = new Direction(this, requests, side == Side.CLIENT, false);
    out = new Direction(this, requests, side == Side.CLIENT, true);
  }

  long number() {
    return number;
  }

  Events events() {
    return observer.events();
  }

  Propagation propagation() {
    return observer.propagation();
  }

  Direction in() {
    return in;
  }

  Direction out() {
    return out;
  }

  /** A request's head was read. On the thread that reads. */
  void asked(Head head) {
    Tracer tracer = observer.tracer();
    if (tracer == null
        || askedUnknown
        || latest == ServedRequest.LOST
        || head.index > ServedRequest.MOST) {
      return;
    }
    ServedRequest request = tracer.served(this, head);
    ServedRequest before;
    do {
      before = latest;
      if (before == ServedRequest.LOST) {
        return;
      }
      request.earlier = before;
    } while (!LATEST.compareAndSet(this, before, request));
  }

  /** The last byte of the response to request {@code index} was written. On the thread that did. */
  void answered(long index) {
    while (true) {
      ServedRequest request = latest;
      if (request == null || request == ServedRequest.LOST) {
        return;
      }
      if (request.index == index) {
        if (LATEST.compareAndSet(this, request, null)) {
          request.claimed = ServedRequest.SOMEBODY;
          return;
        }
      } else {
        while (request.earlier != null && request.earlier.index > index) {
          request = request.earlier;
        }
        ServedRequest answered = request.earlier;
        request.earlier = null;
        if (answered != null) {
          answered.claimed = ServedRequest.SOMEBODY;
        }
        return;
      }
    }
  }

  /** From here on a direction can't be framed. On the thread that moves its bytes. */
  void boundaryUnknown(boolean outbound) {
    if (outbound) {
      // Which request is answered next is not known.
      loseServed();
    } else {
      // Those that were read before are still answered one after the other.
      askedUnknown = true;
    }
  }

  /**
   * No request is certain any more. Whoever keeps the context of one that was never answered keeps
   * nothing of a library's by it.
   */
  private void loseServed() {
    for (ServedRequest e = LATEST.getAndSet(this, ServedRequest.LOST); e != null; e = e.earlier) {
      e.claimed = ServedRequest.SOMEBODY;
    }
  }

  /**
   * The request that a thread of the server's begins to handle: servers handle those of a
   * connection in their order, each once, so it is the oldest that is not answered. Null: not
   * certain.
   */
  ServedRequest handled() {
    ServedRequest oldest = latest;
    if (oldest == null || oldest == ServedRequest.LOST) {
      return null;
    }
    for (ServedRequest e = oldest.earlier; e != null; e = e.earlier) {
      oldest = e;
    }
    if (oldest.claimed != null) {
      return null;
    }
    oldest.claimed = ServedRequest.SOMEBODY;
    return oldest;
  }

  boolean isServed() {
    return in.parser.isOfRequests();
  }

  /**
   * The request that a library's decoder passes on, each once and in the order of the bytes,
   * whether those before are answered or not. Null: not certain. On the thread that reads.
   *
   * @param target the {@code hashCode} of its target
   */
  ServedRequest decoded(Object message, int target) {
    decoding = null;
    long number = decoded;
    if (number < 0) {
      return null;
    }
    decoded = number + 1;
    ServedRequest request = latest;
    while (request != null && request.index > number) {
      request = request.earlier;
    }
    if (request == null
        || request.index != number
        || request.claimed != null
        || request.target == 0) {
      return null;
    }
    if (request.target != ServedRequest.hash(target)) {
      // Somebody before the decoder took one for itself: which others, nobody knows.
      decoded = -1;
      return null;
    }
    request.claimed = message;
    decoding = request;
    return request;
  }

  /** The request of which a decoder passes on a part of the body. On the thread that reads. */
  ServedRequest decoding(boolean last) {
    ServedRequest request = decoding;
    if (last) {
      decoding = null;
    }
    return request;
  }

  /** The request that was decoded into {@code message}. Null: it is none, or is answered. */
  ServedRequest decodedInto(Object message) {
    for (ServedRequest e = latest; e != null; e = e.earlier) {
      if (e.claimed == message) {
        return e;
      }
    }
    return null;
  }

  /** Told once both directions have said so. */
  synchronized void upgraded(boolean outbound, long offset, boolean http2) {
    if (upgrade == null) {
      upgrade = new Upgrade();
    }
    if (outbound) {
      upgrade.out = offset;
    } else {
      upgrade.in = offset;
    }
    if (http2) {
      // The preface is the client's: the server's first byte is the other protocol's, too.
      upgrade.out = 0;
      upgrade.in = 0;
    }
    if (upgrade.out >= 0 && upgrade.in >= 0) {
      loseServed();
      events()
          .upgraded(number, upgrade.out, upgrade.in, http2 ? Events.HTTP2 : Events.OTHER_PROTOCOL);
    }
  }

  /** Of the socket's own bytes: behind a tunnel's grant TLS may follow. */
  synchronized void granted(boolean outbound, long offset, boolean http2) {
    Secure within = secure;
    if (within == null) {
      upgraded(outbound, offset, http2);
    } else {
      within.starts(outbound, offset);
    }
  }

  Secure secure() {
    return secure;
  }

  /**
   * Whether it never carried anything and never may: a TLS handshake that isn't over, or a
   * connection that the peer ended before its first byte.
   */
  boolean isInVain() {
    Secure within = secure;
    return within == null
        ? peerEnded && in.position() == 0 && out.position() == 0
        : within.isShakingHands();
  }

  /** The peer sent a FIN, or an RST, as far as a read or a write met it. */
  void peerEnded() {
    peerEnded = true;
    Secure within = secure;
    if (within != null) {
      within.peerEnded();
    }
  }

  Engines engines() {
    return observer.engines();
  }

  /**
   * The client's direction carries TLS from {@code offset} on.
   *
   * @param outbound whether that is this end's
   * @param index of the first exchange within
   * @return false: that is no TLS, since the server spoke first
   */
  synchronized boolean secured(long offset, boolean outbound, long index) {
    if (secure != null) {
      return true;
    }
    // Without a tunnel, both begin at once.
    long other = index == 0 ? 0 : upgrade == null ? -1 : outbound ? upgrade.in : upgrade.out;
    if (other >= 0 && (outbound ? in : out).position() > other) {
      return false;
    }
    upgrade = null;
    secure =
        new Secure(this, outbound, outbound ? offset : other, outbound ? other : offset, index);
    if (peerEnded) {
      // It was over before the first Hello was sent.
      secure.peerEnded();
    }
    return true;
  }

  /**
   * What seemed to be TLS is none. On the thread that moves the client's bytes.
   *
   * @param outbound whether these are this end's
   */
  void notSecured(Secure was, boolean outbound) {
    synchronized (this) {
      secure = null;
    }
    long other = was.start(!outbound);
    if (other > 0) {
      upgraded(!outbound, other, false);
    }
    (outbound ? out : in).parser.notSecured();
  }

  void connected() {
    connecting = false;
  }

  /** The connect that was in progress failed; the socket's own close will tell nothing more. */
  void connectFailed(SocketError error) {
    if (connecting && stopsConnecting() && out.position() == 0 && in.position() == 0) {
      events().connectFailed(number, error, System.nanoTime());
    }
  }

  /** Whether this call is the one that ends it. */
  private synchronized boolean stopsConnecting() {
    boolean was = connecting;
    connecting = false;
    return was;
  }

  void close() {
    try {
      connectFailed(SocketError.GIVEN_UP);
      in.close();
    } finally {
      out.close();
    }
  }

  /** The socket is closed, and nobody writes to it any more. */
  void writingEnded() {
    loseServed();
    Secure within = secure;
    if (within != null) {
      within.close();
    }
  }

  void streamsOpened(int count) {
    OPEN.addAndGet(this, count);
  }

  /** The last of them tells the end. */
  void streamClosed() {
    if (OPEN.decrementAndGet(this) == 0) {
      settleUpgrade();
      Secure within = secure;
      if (within != null) {
        within.finish();
      }
      SocketError error = in.error() != SocketError.NONE ? in.error() : out.error();
      events()
          .closed(
              number,
              out.position(),
              in.position(),
              out.lastMoved(),
              in.lastMoved(),
              error,
              System.nanoTime(),
              within == null ? in.position() : within.decrypted());
    }
  }

  /** Where only one direction went on after an upgrade, the other ends where it stands. */
  private synchronized void settleUpgrade() {
    if (upgrade != null && (upgrade.out < 0 || upgrade.in < 0)) {
      boolean outbound = upgrade.out < 0;
      Secure within = secure;
      long at = outbound ? out.position() : in.position();
      upgraded(outbound, within == null ? at : within.lastRecordEnd(outbound), false);
    }
  }
}
