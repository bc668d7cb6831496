package io.httpaudit.observe;

import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.SocketError;
import io.httpaudit.http.Requests;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** A TCP socket of this JVM, from connect or accept to its end. */
final class Connection {
  private static final AtomicIntegerFieldUpdater<Connection> OPEN =
      AtomicIntegerFieldUpdater.newUpdater(Connection.class, "open");

  private final long number;
  private final Events events;
  private final Direction in;
  private final Direction out;

  /** Directions that are. */
  private volatile int open = 2;

  /** The outcome of connect(2) is not known. */
  private volatile boolean connecting;

  /** Null: no direction carries another protocol. */
  private Upgrade upgrade;

  /** Where the other protocol begins in each direction, -1: not said yet. */
  private static final class Upgrade {
    long out = -1;
    long in = -1;
  }

  /**
   * @param connected false: connect(2) has returned, and goes on
   */
  Connection(long number, Side side, Events events, boolean connected) {
    this.number = number;
    this.events = events;
    connecting = !connected;
    Requests requests = new Requests();
    in = new Direction(this, requests, side == Side.SERVER, false);
    out = new Direction(this, requests, side == Side.CLIENT, true);
  }

  long number() {
    return number;
  }

  Events events() {
    return events;
  }

  Direction in() {
    return in;
  }

  Direction out() {
    return out;
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
      events.upgraded(number, upgrade.out, upgrade.in, http2);
    }
  }

  void connected() {
    connecting = false;
  }

  /** The connect that was in progress failed; the socket's own close will tell nothing more. */
  void connectFailed(SocketError error) {
    if (connecting && stopsConnecting() && out.position() == 0 && in.position() == 0) {
      events.connectFailed(number, error, System.nanoTime());
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

  /** The last of the two tells the end. */
  void directionClosed() {
    if (OPEN.decrementAndGet(this) == 0) {
      settleUpgrade();
      SocketError error = in.error() != SocketError.NONE ? in.error() : out.error();
      events.closed(
          number,
          out.position(),
          in.position(),
          out.lastMoved(),
          in.lastMoved(),
          error,
          System.nanoTime());
    }
  }

  /** Where only one direction went on after an upgrade, the other ends where it stands. */
  private synchronized void settleUpgrade() {
    if (upgrade != null && (upgrade.out < 0 || upgrade.in < 0)) {
      boolean outbound = upgrade.out < 0;
      upgraded(outbound, outbound ? out.position() : in.position(), false);
    }
  }
}
