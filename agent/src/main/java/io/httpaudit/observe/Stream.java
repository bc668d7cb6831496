package io.httpaudit.observe;

import io.httpaudit.correlate.SocketError;
import io.httpaudit.http.FieldNames;
import io.httpaudit.http.Head;
import io.httpaudit.http.MessageListener;
import io.httpaudit.http.MessageParser;
import io.httpaudit.http.Requests;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * Bytes of one direction of a connection, cut into messages, of which it tells: the socket's own
 * ({@link Direction}), or those that its TLS records hold ({@link Plaintext}).
 *
 * <p>One thread at a time works here: who moves the bytes sees to that, and {@link #enter} does for
 * the end, which may come from a third thread: whoever is within then, or holds it for the time of
 * a write, closes on its way out. Nobody waits.
 */
abstract class Stream implements MessageListener {
  private static final int FREE = 0;

  /** Somebody who is not within now will be, and nobody else may. */
  private static final int HELD = 1;

  private static final int BUSY = 2;

  /** Closed by another one: who is within tells the end. */
  private static final int CLOSING = 3;

  /** Likewise, who holds it. */
  private static final int LEFT = 4;

  private static final int CLOSED = 5;

  private static final AtomicIntegerFieldUpdater<Stream> STATE =
      AtomicIntegerFieldUpdater.newUpdater(Stream.class, "state");

  final Connection connection;
  final boolean outbound;
  final MessageParser parser;
  private volatile int state;

  /**
   * When the call in hand was entered (a write) or returned (a read): what is found in its bytes
   * was moved then.
   */
  long call;

  /** When the last call that moved bytes returned. */
  long lastMoved;

  private long firstStarted;
  private long lastStarted;
  private boolean inMessage;

  /** A message ended in the call in hand. */
  boolean messageEnded;

  /** The end of the message in hand was told with its head. */
  private boolean endTold;

  Stream(Connection connection, boolean outbound, boolean client, Requests requests) {
    this.connection = connection;
    this.outbound = outbound;
    parser =
        client == outbound
            ? MessageParser.ofRequests(requests, this)
            : MessageParser.ofResponses(requests, this);
  }

  /** Whether it may work here, and then must {@link #leave}. */
  final boolean enter() {
    return STATE.compareAndSet(this, FREE, BUSY);
  }

  /** Likewise, also for whoever holds it. */
  final boolean resume() {
    int now = state;
    if (now == FREE) {
      return enter();
    }
    return STATE.compareAndSet(this, HELD, BUSY) || STATE.compareAndSet(this, LEFT, CLOSING);
  }

  /** Goes, and comes back by {@link #resume}. */
  final void hold() {
    if (!STATE.compareAndSet(this, BUSY, HELD)) {
      state = LEFT;
    }
  }

  final void leave() {
    if (!STATE.compareAndSet(this, BUSY, FREE)) {
      finish();
    }
  }

  /** Not closed, nor about to be. */
  final boolean isOpen() {
    return state < CLOSING;
  }

  final boolean isClosed() {
    return state == CLOSED;
  }

  /** No byte will follow. Now, or when the thread that is within leaves. */
  final void close() {
    while (true) {
      int now = state;
      if (now >= CLOSING) {
        return;
      }
      if (now == BUSY || now == HELD) {
        if (STATE.compareAndSet(this, now, now == BUSY ? CLOSING : LEFT)) {
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
      finishing();
      if (outbound && error() == SocketError.NONE) {
        parser.end();
      } else {
        parser.abort();
      }
    } finally {
      try {
        connection.streamClosed();
      } finally {
        finished();
      }
    }
  }

  /** Nothing more will be moved; what is in hand is told after this. */
  void finishing() {}

  /** All was told. */
  void finished() {}

  abstract SocketError error();

  /** Makes the positions that {@code head} speaks of TCP's stream's. */
  abstract void place(Head head);

  /** Whether the message that {@code head} begins was moved whole: its end is told with it. */
  abstract boolean isWhole(Head head);

  /** Where, in TCP's stream, the message ends that ended at {@code position}. */
  abstract long end(long position);

  /** Where, in TCP's stream, the message behind the one that ended there begins at the earliest. */
  abstract long next(long position);

  /** Tells the end of a message, whose positions are TCP's stream's. */
  void tellEnd(long index, long end, long next, boolean proven) {
    long at = outbound && state != CLOSED ? lastMoved : call;
    connection
        .events()
        .ended(connection.number(), parser.isOfRequests(), index, end, next, at, proven);
  }

  @Override
  public final FieldNames names() {
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
  public final void head(Head head) {
    if (parser.isOfRequests()) {
      connection.propagation().extract(head);
      if (!outbound) {
        connection.asked(head);
      }
    }
    endTold = isWhole(head);
    long next = endTold ? next(head.expectedEnd) : 0;
    place(head);
    connection
        .events()
        .head(
            connection.number(),
            parser.isOfRequests(),
            head,
            firstStarted,
            lastStarted,
            endTold ? lastMoved : 0,
            next);
  }

  @Override
  public final void ended(long index, long end, boolean proven) {
    inMessage = false;
    messageEnded = true;
    if (!parser.isOfRequests() && outbound) {
      connection.answered(index);
    }
    if (!endTold) {
      tellEnd(index, end(end), next(end), proven);
    }
    endTold = false;
  }

  @Override
  public final void boundaryUnknown(Head head, long offset) {
    connection.boundaryUnknown(outbound);
    if (parser.isOfRequests()) {
      connection.propagation().extract(head);
    }
    head.offset = offset;
    place(head);
    connection
        .events()
        .boundaryUnknown(
            connection.number(), parser.isOfRequests(), head, inMessage ? firstStarted : call);
  }

  /** Whether a message is in hand. */
  final boolean isInMessage() {
    return inMessage;
  }
}
