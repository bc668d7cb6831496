package io.httpaudit.correlate;

import static io.httpaudit.correlate.Marks.UNKNOWN;

import java.util.ArrayList;
import java.util.List;

/**
 * Marks → phases. They follow one another: each starts at the later of its mark and the end of the
 * known phase before it; one whose marks are not both known is absent. One thread.
 */
final class Phases {
  /** Clocks of two CPUs may disagree by this much, in nanoseconds. */
  static final long SKEW = 1_000;

  private final List<Exchange.Timing> known = new ArrayList<>(8);
  private long before;
  private long inverted;

  /** Phases left out so far, since they would have been negative by more than {@link #SKEW}. */
  long inverted() {
    return inverted;
  }

  List<Exchange.Timing> of(Side side, Marks m) {
    known.clear();
    before = UNKNOWN;
    if (side == Side.CLIENT) {
      client(m);
    } else {
      server(m);
    }
    return List.copyOf(known);
  }

  private void client(Marks m) {
    add(Phase.BLOCKED, m.call, earlier(m.dnsStart, m.taken));
    add(Phase.DNS, m.dnsStart, m.dnsEnd);
    add(Phase.CONNECT, m.connectStart, m.connectEnd);
    add(Phase.SSL, m.hello, m.sslEnd);
    add(Phase.QUEUE, m.requestMoved, m.requestFirst);
    // An early response ends send. Without the request's last byte, only a response that was seen
    // can.
    long sent = m.requestLast == UNKNOWN ? UNKNOWN : earlier(m.requestLast, m.responseFirst);
    add(Phase.SEND, m.requestFirst, sent);
    add(Phase.WAIT, sent, m.responseFirst);
    add(Phase.RECEIVE, m.responseFirst, m.responseLast);
    add(Phase.LAG, m.responseLast, m.responseRead);
  }

  private void server(Marks m) {
    boolean waited =
        m.accepted != UNKNOWN && m.requestFirst != UNKNOWN && m.accepted > m.requestFirst;
    if (waited) {
      add(Phase.ACCEPT_WAIT, m.requestFirst, m.accepted);
    }
    add(Phase.READ_WAIT, waited ? m.accepted : m.requestFirst, m.requestMoved);
    long received =
        m.requestMovedAll == UNKNOWN
            ? m.responseWritten
            : earlier(m.requestMovedAll, m.responseWritten);
    add(Phase.RECEIVE, m.requestMoved, received);
    add(Phase.PROCESS, received, m.responseWritten);
    add(Phase.SEND, m.responseWritten, m.responseLast);
  }

  private static long earlier(long one, long other) {
    if (one == UNKNOWN) {
      return other;
    }
    return other == UNKNOWN ? one : Math.min(one, other);
  }

  private void add(Phase phase, long from, long to) {
    if (from == UNKNOWN || to == UNKNOWN) {
      return;
    }
    long start = Math.max(from, before);
    if (to < start) {
      if (start - to > SKEW) {
        inverted++;
        return;
      }
      to = start;
    }
    known.add(new Exchange.Timing(phase, start, to));
    before = to;
  }
}
