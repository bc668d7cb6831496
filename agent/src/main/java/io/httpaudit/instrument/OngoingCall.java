package io.httpaudit.instrument;

import io.httpaudit.observe.ClientCall;
import io.httpaudit.observe.Observer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A call that a library has begun and not ended, from the context that it was made in: its attempts
 * follow one another, on whatever threads; of connections that are opened for it at once, only the
 * first is told to be so.
 */
final class OngoingCall {
  private final Observer observer;
  private final AtomicBoolean opening = new AtomicBoolean();

  /** The latest. */
  private volatile ClientCall attempt;

  /** What was opened for it; null: nothing. */
  private volatile Object opened;

  /** What its latest head was told to carry, as the injection said; null: none of our ids. */
  volatile String carried;

  OngoingCall(Observer observer, ClientCall call) {
    this.observer = observer;
    attempt = call;
  }

  /** One that is made now, in this thread's context; null: none is to be made. */
  static OngoingCall start(Observer observer) {
    return start(observer, HttpAudit.current());
  }

  /** Likewise, in the context of {@code parent}, which may be null. */
  static OngoingCall start(Observer observer, HttpAuditContext parent) {
    ClientCall first = observer.call(parent);
    return first == null ? null : new OngoingCall(observer, first);
  }

  /** One that is made now, in the context that this one was made in; null: none is to be made. */
  OngoingCall another() {
    return start(observer, observer.parent(attempt));
  }

  /** Whether the latest attempt's head was written. */
  boolean isSent() {
    return observer.isSent(attempt);
  }

  /** The latest attempt: the context in which the call goes on. */
  HttpAuditContext latest() {
    return attempt;
  }

  /** A connection is looked for. */
  void begins() {
    if (!opening.get()) {
      attempt = observer.attempt(attempt);
      opened = null;
    }
  }

  /** A name is resolved on this thread. Returns what is to be restored behind it. */
  Object resolves() {
    if (opening.get()) {
      return HttpAudit.replace(null);
    }
    attempt = observer.resolves(attempt);
    return HttpAudit.replace(attempt);
  }

  /** A connection was opened for it, by whom is not known, so not which one either. */
  void opensElsewhere() {
    ClientCall by = opens();
    if (by != null) {
      opened(by, null);
    }
  }

  /** A connection that was open was taken, unless one is opened for it. */
  void takes() {
    if (!observer.isConnecting(attempt)) {
      attempt = observer.takes(attempt);
    }
  }

  /**
   * This thread opens a connection.
   *
   * @return null: not the first at once. To be told to {@link #opened}
   */
  ClientCall opens() {
    if (!opening.compareAndSet(false, true)) {
      return null;
    }
    opened = null;
    attempt = observer.connects(attempt);
    return attempt;
  }

  /**
   * @param by what {@link #opens} returned, not null
   * @param what null: it failed
   */
  void opened(ClientCall by, Object what) {
    if (by == attempt) {
      opened = what;
    }
    opening.set(false);
  }

  /**
   * A head is about to be written.
   *
   * @param to what connects, as {@link #opened} was told
   * @return what it is to carry; null: nothing
   */
  HttpAuditContext writes(Object to) {
    if (observer.isConnecting(attempt) && to != opened) {
      // What was opened for it is another connection, which has its ids.
      attempt = observer.again(attempt);
    }
    if (observer.isSent(attempt)) {
      // It goes on where it was.
      attempt = observer.takes(attempt);
    }
    return observer.sends(attempt) ? attempt : observer.parent(attempt);
  }

  /** Likewise, of a head whose exchange nobody tells of. */
  HttpAuditContext passes() {
    return observer.passes(attempt);
  }
}
