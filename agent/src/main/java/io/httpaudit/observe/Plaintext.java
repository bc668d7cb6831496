package io.httpaudit.observe;

import io.httpaudit.correlate.SocketError;
import io.httpaudit.http.Head;
import io.httpaudit.http.Requests;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * What the TLS records of one direction hold, as its engine passes it, on the threads that use the
 * engine. A message's bytes are the whole records that hold them: positions told are TCP's
 * stream's.
 *
 * <p>What an engine has encrypted was not sent yet: a message that this end sends has ended when
 * the socket's write has moved its last record, which {@link #written} says, on the thread that
 * writes.
 */
final class Plaintext extends Stream {
  /** Messages that wait for the socket; more are told without. */
  private static final int MOST = 32;

  /** Longs of one: index, end, next, whether it is proven. */
  private static final int STRIDE = 4;

  private static final AtomicIntegerFieldUpdater<Plaintext> TOLD =
      AtomicIntegerFieldUpdater.newUpdater(Plaintext.class, "told");

  private final Secure secure;

  /** Of the record in hand, in TCP's stream. */
  private long recordStart;

  private long recordEnd;

  /** Where the one before it ended, and which plaintext position it begins with. */
  private long previousEnd;

  private long recordFrom;

  /** Plaintext position behind it. */
  private long movedTo;

  /** Where the message in hand began, and its final response. */
  private long messageStart;

  private long finalStart;

  /**
   * Messages that ended, and wait for the socket's write. Added by the engine's thread, {@link
   * #added} last; taken by whoever moves {@link #told}, who has read it by then.
   */
  private long[] ends;

  /** Records and plaintext don't agree any more. */
  private volatile boolean doubtful;

  private volatile int added;
  private volatile int told;

  Plaintext(
      Connection connection, Secure secure, Requests requests, boolean client, boolean outbound) {
    super(connection, outbound, client, requests);
    this.secure = secure;
  }

  /** A record begins, of [start, end) of TCP's stream, which holds {@code length} bytes of it. */
  void record(long start, long end, int length) {
    previousEnd = recordEnd;
    recordStart = start;
    recordEnd = end;
    recordFrom = parser.position();
    movedTo = parser.position() + length;
    lastMoved = call;
  }

  /** Bytes [from, to) of {@code bytes} are of the record that began last. */
  void pass(ByteBuffer bytes, int from, int to) {
    int at = from;
    while (at < to) {
      int skip = (int) Math.min(parser.skippable(), to - at);
      if (skip > 0) {
        parser.skip(skip);
        at += skip;
      } else if (bytes.hasArray()) {
        int offset = bytes.arrayOffset();
        parser.parse(bytes.array(), offset + at, offset + to);
        at = to;
      } else {
        at += parseCopy(bytes, at, to);
      }
    }
  }

  private int parseCopy(ByteBuffer bytes, int from, int to) {
    byte[] scratch = Scratch.take();
    int piece = Math.min(scratch.length, to - from);
    try {
      bytes.get(from, scratch, 0, piece);
      parser.parse(scratch, 0, piece);
    } finally {
      Scratch.give(scratch, piece);
    }
    return piece;
  }

  /** Likewise. */
  void pass(byte[] bytes, int from, int to) {
    parser.parse(bytes, from, to);
  }

  /** So many bytes of it are of no interest: at most what {@link #skippable} says. */
  void skip(int count) {
    parser.skip(count);
  }

  long skippable() {
    return parser.skippable();
  }

  /** Where the last record of it ended; 0: there was none. */
  long lastRecordEnd() {
    return recordEnd;
  }

  /** The peer said that no byte follows (RFC 8446, 6.1): what lasts until then is whole. */
  void closeNotify() {
    parser.end();
  }

  /** What was passed no longer agrees with what was moved. Any thread. */
  void doubt() {
    doubtful = true;
  }

  /** Bytes went by in doubt: no boundary from here on is known. */
  void lose() {
    doubtful = true;
    parser.lose();
  }

  @Override
  SocketError error() {
    return secure.error(outbound);
  }

  @Override
  boolean isWhole(Head head) {
    return !outbound && head.expectedEnd >= 0 && head.expectedEnd <= movedTo;
  }

  @Override
  void place(Head head) {
    head.offset = isInMessage() ? messageStart : recordStart;
    head.finalOffset = isInMessage() ? finalStart : recordStart;
    head.headEnd = head.headEnd < 0 ? -1 : recordEnd;
    head.expectedEnd = head.expectedEnd >= 0 && head.expectedEnd <= movedTo ? recordEnd : -1;
  }

  @Override
  long end(long position) {
    return recordEnd;
  }

  @Override
  long next(long position) {
    return position < movedTo ? recordStart : recordEnd;
  }

  @Override
  public void started(long offset) {
    if (!isInMessage()) {
      messageStart = recordStart;
    }
    finalStart = recordStart;
    super.started(offset);
  }

  @Override
  void tellEnd(long index, long end, long behind, boolean proven) {
    // Of what was cut, not even a head may be known.
    long next = proven ? behind : messageStart;
    if (!outbound) {
      super.tellEnd(index, end, next, proven);
    } else if (isClosed()) {
      tellCut(index, end, next, proven, call);
    } else if (added - told < MOST) {
      if (ends == null) {
        ends = new long[MOST * STRIDE];
      }
      int at = (added & MOST - 1) * STRIDE;
      ends[at] = index;
      ends[at + 1] = end;
      ends[at + 2] = next;
      ends[at + 3] = proven ? 1 : 0;
      added++;
    } else {
      lastMoved = call;
      super.tellEnd(index, end, next, proven);
    }
  }

  /**
   * The socket's writes have moved all below {@code position}, the last one until {@code at}.
   * Returns whether a message ended by that.
   */
  boolean written(long position, long at) {
    boolean any = false;
    for (int t = told; t != added; t = told) {
      int slot = (t & MOST - 1) * STRIDE;
      long index = ends[slot];
      long end = ends[slot + 1];
      long next = ends[slot + 2];
      boolean proven = ends[slot + 3] != 0;
      if (end > position) {
        break;
      }
      if (TOLD.compareAndSet(this, t, t + 1)) {
        any = true;
        tell(index, end, next, at, proven);
      }
    }
    return any;
  }

  private void tell(long index, long end, long next, long at, boolean proven) {
    connection
        .events()
        .ended(connection.number(), parser.isOfRequests(), index, end, next, at, proven);
  }

  /** The socket is closed: what it has not moved never will be. */
  private void tellCut(long index, long end, long next, boolean proven, long at) {
    long moved = secure.position(true);
    tell(
        index,
        Math.min(end, moved),
        Math.min(next, moved),
        proven && end <= moved ? Math.min(at, secure.lastMoved()) : at,
        proven && end <= moved);
  }

  @Override
  void finishing() {
    if (doubtful && isInMessage()) {
      parser.lose();
    }
    if (!outbound) {
      return;
    }
    for (int t = told; t != added; t = told) {
      int slot = (t & MOST - 1) * STRIDE;
      long index = ends[slot];
      long end = ends[slot + 1];
      long next = ends[slot + 2];
      boolean proven = ends[slot + 3] != 0;
      if (TOLD.compareAndSet(this, t, t + 1)) {
        tellCut(index, end, next, proven, call);
      }
    }
  }

  @Override
  public void upgraded(long offset, boolean http2) {
    // What is behind a request was not known to be another protocol's before it was there.
    connection.upgraded(outbound, offset > recordFrom ? recordEnd : previousEnd, http2);
  }

  /** TLS within TLS. */
  @Override
  public boolean secured(long offset) {
    connection.upgraded(outbound, recordStart, false);
    return true;
  }
}
