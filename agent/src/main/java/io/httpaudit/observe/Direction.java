package io.httpaudit.observe;

import io.httpaudit.correlate.SocketError;
import io.httpaudit.faults.Faults;
import io.httpaudit.http.Head;
import io.httpaudit.http.MessageParser;
import io.httpaudit.http.Requests;

/**
 * One direction of a connection's socket: its bytes as they were moved, from its opening on.
 *
 * <p>The JDK's own locks see to it that one thread at a time reads, and one writes.
 */
final class Direction extends Stream {
  /** What is copied of a head at a time. */
  private static final int PIECE = 4096;

  /** Stream position behind the bytes of the call in hand. */
  private long movedTo;

  private SocketError error = SocketError.NONE;

  Direction(Connection connection, Requests requests, boolean client, boolean outbound) {
    super(connection, outbound, client, requests);
  }

  /** Bytes moved so far; nanoTime of the last call that did. Read by whoever closes. */
  long position() {
    return parser.position();
  }

  long lastMoved() {
    return lastMoved;
  }

  @Override
  SocketError error() {
    return error;
  }

  /**
   * Before a write: what it asks for must be known before its answer is read, which may be before
   * the write returns.
   */
  void announce(long address, int length, int vectors) {
    if (!enter()) {
      return;
    }
    try {
      lookAhead(address, length, vectors);
    } finally {
      leave();
    }
  }

  /**
   * Likewise, and the end waits until {@link #moved} or {@link #notMoved}: a socket may be closed
   * before the thread is back that has written to it.
   */
  void hold(long address, int length, int vectors) {
    if (!resume()) {
      return;
    }
    boolean held = false;
    try {
      lookAhead(address, length, vectors);
      held = true;
    } finally {
      if (held) {
        hold();
      } else {
        leave();
      }
    }
  }

  private void lookAhead(long address, int length, int vectors) {
    call = System.nanoTime();
    long total = vectors == 0 ? length : Vectors.total(address, vectors);
    if (parser.wantsAhead(total)) {
      MessageParser ahead = parser.ahead();
      try {
        parse(ahead, address, vectors, total);
        if (ahead.securedAt() >= 0) {
          connection.secured(ahead.securedAt(), outbound, parser.index());
        }
      } finally {
        ahead.discard();
      }
    }
    Secure secure = connection.secure();
    if (secure != null) {
      secure.announced(parser.position(), address, total, vectors);
    }
  }

  /** A write moved nothing: if it was held, that is over. */
  void notMoved() {
    if (resume()) {
      leave();
    }
  }

  /** {@code n} bytes were moved. Returns whether a message ended in them. */
  boolean moved(long address, int vectors, long n) {
    if (!resume()) {
      return false;
    }
    try {
      lastMoved = System.nanoTime();
      if (!outbound) {
        call = lastMoved;
      }
      long from = parser.position();
      movedTo = from + n;
      messageEnded = false;
      if (Faults.HOOKS) {
        Faults.strike();
      }
      parse(parser, address, vectors, n);
      Secure secure = connection.secure();
      if (secure != null) {
        messageEnded |= secure.moved(outbound, from, address, n, vectors, lastMoved);
      }
      return messageEnded;
    } catch (Throwable e) {
      lose();
      return false;
    } finally {
      leave();
    }
  }

  /**
   * What was counted no longer agrees with what was moved: no boundary from here on is known. If
   * not even this can be said, it throws, and the fault is nobody's: all connections are in doubt.
   */
  private void lose() {
    parser.lose();
    HttpAudit.countFault();
    Secure secure = connection.secure();
    if (secure != null) {
      secure.lose();
    }
  }

  private static void parse(MessageParser parser, long address, int vectors, long n) {
    if (vectors == 0) {
      parse(parser, address, n);
      return;
    }
    long left = n;
    for (int i = 0; i < vectors && left > 0; i++) {
      long length = Math.min(left, Vectors.length(address, i));
      parse(parser, Vectors.base(address, i), length);
      left -= length;
    }
  }

  private static void parse(MessageParser parser, long address, long n) {
    long done = 0;
    byte[] scratch = null;
    int used = 0;
    try {
      while (done < n) {
        long skip = Math.min(parser.skippable(), n - done);
        if (skip > 0) {
          parser.skip(skip);
          done += skip;
          continue;
        }
        if (scratch == null) {
          scratch = Scratch.take();
        }
        int piece = (int) Math.min(PIECE, n - done);
        HttpAudit.copy(address + done, scratch, 0, piece);
        used = Math.max(used, piece);
        parser.parse(scratch, 0, piece);
        done += piece;
      }
    } finally {
      if (scratch != null) {
        Scratch.give(scratch, used);
      }
    }
  }

  /** Bytes went by that no hook could see: they must be of a body, or the framing is lost. */
  boolean movedUnseen(long n) {
    if (!enter()) {
      return false;
    }
    try {
      call = System.nanoTime();
      lastMoved = call;
      messageEnded = false;
      long left = n;
      while (left > 0) {
        long skip = Math.min(parser.skippable(), left);
        if (skip > 0) {
          parser.skip(skip);
          left -= skip;
        } else {
          parser.parse(Scratch.UNSEEN, 0, (int) Math.min(left, Scratch.UNSEEN.length));
          left -= Math.min(left, Scratch.UNSEEN.length);
        }
      }
      Secure secure = connection.secure();
      if (secure != null) {
        // No engine makes what a file holds.
        secure.lose();
      }
      return messageEnded;
    } catch (Throwable e) {
      lose();
      return false;
    } finally {
      leave();
    }
  }

  /**
   * An urgent byte was written (RFC 9293, 3.8.5), which is read apart from the others, unless the
   * peer wants it otherwise: of no message, it only displaces those behind it.
   */
  void movedUrgent() {
    if (!enter()) {
      if (isOpen()) {
        // Told outside the JDK's lock: which of another thread's bytes it came before is not known.
        throw new IllegalStateException("an urgent byte beside a write");
      }
      return;
    }
    try {
      call = System.nanoTime();
      lastMoved = call;
      parser.displace();
      Secure secure = connection.secure();
      if (secure != null) {
        // Its engine counts records alone.
        secure.lose();
      }
    } catch (Throwable e) {
      lose();
    } finally {
      leave();
    }
  }

  /** A FIN was read: a body that lasts until then is whole. */
  void endOfStream() {
    if (!enter()) {
      return;
    }
    try {
      call = System.nanoTime();
      parser.end();
      connection.peerEnded();
    } finally {
      leave();
    }
  }

  void failed(SocketError cause) {
    if (error == SocketError.NONE) {
      error = cause;
    }
    if (cause == SocketError.RESET) {
      connection.peerEnded();
    }
  }

  @Override
  void finished() {
    if (outbound) {
      connection.writingEnded();
    }
  }

  @Override
  boolean isWhole(Head head) {
    return head.expectedEnd >= 0 && head.expectedEnd <= movedTo;
  }

  @Override
  void place(Head head) {}

  @Override
  long end(long position) {
    return position;
  }

  @Override
  long next(long position) {
    return position;
  }

  @Override
  public void upgraded(long offset, boolean http2) {
    connection.granted(outbound, offset, http2);
  }

  @Override
  public boolean secured(long offset) {
    return connection.secured(offset, outbound, parser.index());
  }
}
