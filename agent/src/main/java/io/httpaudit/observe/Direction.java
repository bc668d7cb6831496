package io.httpaudit.observe;

import io.httpaudit.correlate.SocketError;
import io.httpaudit.faults.Faults;
import io.httpaudit.http.FieldNames;
import io.httpaudit.http.Head;
import io.httpaudit.http.MessageListener;
import io.httpaudit.http.MessageParser;
import io.httpaudit.http.Requests;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * One direction of a connection: its bytes as they were moved, cut into messages.
 *
 * <p>One thread at a time works here; the JDK's own locks see to that for reads and for writes, and
 * {@link #enter} does for the end, which may come from a third thread: whoever is within then
 * closes on its way out. Nobody waits.
 */
final class Direction implements MessageListener {
  private static final int FREE = 0;
  private static final int BUSY = 1;
  private static final int CLOSING = 2;
  private static final int CLOSED = 3;

  /** What is copied of a head at a time. */
  private static final int PIECE = 4096;

  private static final AtomicIntegerFieldUpdater<Direction> STATE =
      AtomicIntegerFieldUpdater.newUpdater(Direction.class, "state");

  private final Connection connection;
  private final boolean outbound;
  private final MessageParser parser;
  private volatile int state;

  /**
   * When the call in hand was entered (a write) or returned (a read): what is found in its bytes
   * was moved then.
   */
  private long call;

  /** Stream position behind its bytes. */
  private long movedTo;

  /** When the last call that moved bytes returned. */
  private long lastMoved;

  private long firstStarted;
  private long lastStarted;
  private boolean inMessage;
  private boolean messageEnded;

  /** The end of the message in hand was told with its head. */
  private boolean endTold;

  private SocketError error = SocketError.NONE;

  Direction(Connection connection, Requests requests, boolean request, boolean outbound) {
    this.connection = connection;
    this.outbound = outbound;
    parser =
        request
            ? MessageParser.ofRequests(requests, this)
            : MessageParser.ofResponses(requests, this);
  }

  /** Bytes moved so far; nanoTime of the last call that did. Read by whoever closes. */
  long position() {
    return parser.position();
  }

  long lastMoved() {
    return lastMoved;
  }

  SocketError error() {
    return error;
  }

  private boolean enter() {
    return STATE.compareAndSet(this, FREE, BUSY);
  }

  private void leave() {
    if (!STATE.compareAndSet(this, BUSY, FREE)) {
      finish();
    }
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
      call = System.nanoTime();
      long total = vectors == 0 ? length : Vectors.total(address, vectors);
      if (parser.wantsAhead(total)) {
        MessageParser ahead = parser.ahead();
        try {
          parse(ahead, address, vectors, total);
        } finally {
          ahead.discard();
        }
      }
    } finally {
      leave();
    }
  }

  /** {@code n} bytes were moved. Returns whether a message ended in them. */
  boolean moved(long address, int vectors, long n) {
    if (!enter()) {
      return false;
    }
    try {
      lastMoved = System.nanoTime();
      if (!outbound) {
        call = lastMoved;
      }
      movedTo = parser.position() + n;
      messageEnded = false;
      if (Faults.HOOKS) {
        Faults.strike();
      }
      parse(parser, address, vectors, n);
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
      return messageEnded;
    } catch (Throwable e) {
      lose();
      return false;
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
    } finally {
      leave();
    }
  }

  void failed(SocketError cause) {
    if (error == SocketError.NONE) {
      error = cause;
    }
  }

  /** The socket ends. Now, or when the thread that is within leaves. */
  void close() {
    while (true) {
      int now = state;
      if (now >= CLOSING) {
        return;
      }
      if (now == BUSY) {
        if (STATE.compareAndSet(this, BUSY, CLOSING)) {
          return;
        }
      } else if (STATE.compareAndSet(this, FREE, CLOSING)) {
        finish();
        return;
      }
    }
  }

  private void finish() {
    state = CLOSED;
    try {
      call = System.nanoTime();
      if (outbound && error == SocketError.NONE) {
        parser.end();
      } else {
        parser.abort();
      }
    } finally {
      connection.directionClosed();
    }
  }

  @Override
  public FieldNames names() {
    return connection.propagation().names();
  }

  @Override
  public void started(long offset) {
    if (!inMessage) {
      inMessage = true;
      firstStarted = call;
    }
    lastStarted = call;
  }

  @Override
  public void head(Head head) {
    if (parser.isOfRequests()) {
      connection.propagation().extract(head);
      if (!outbound) {
        connection.asked(head);
      }
    }
    endTold = head.expectedEnd >= 0 && head.expectedEnd <= movedTo;
    connection
        .events()
        .head(
            connection.number(),
            parser.isOfRequests(),
            head,
            firstStarted,
            lastStarted,
            endTold ? lastMoved : 0);
  }

  @Override
  public void ended(long index, long end, boolean proven) {
    inMessage = false;
    messageEnded = true;
    if (!parser.isOfRequests() && outbound) {
      connection.answered(index);
    }
    if (!endTold) {
      long at = outbound && state != CLOSED ? lastMoved : call;
      connection.events().ended(connection.number(), parser.isOfRequests(), index, end, at, proven);
    }
    endTold = false;
  }

  @Override
  public void boundaryUnknown(Head head, long offset) {
    connection.boundaryUnknown(outbound);
    if (parser.isOfRequests()) {
      connection.propagation().extract(head);
    }
    connection
        .events()
        .boundaryUnknown(
            connection.number(),
            parser.isOfRequests(),
            head,
            offset,
            inMessage ? firstStarted : call);
  }

  @Override
  public void upgraded(long offset, boolean http2) {
    connection.upgraded(outbound, offset, http2);
  }
}
