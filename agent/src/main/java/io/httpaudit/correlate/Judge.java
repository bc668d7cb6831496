package io.httpaudit.correlate;

import static io.httpaudit.correlate.Marks.UNKNOWN;

import io.httpaudit.flow.Flow;
import io.httpaudit.flow.RangeFacts;
import io.httpaudit.flow.Timeline;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * From one final exchange's messages and packets to its verdict and figures: INTERFACE.md,
 * Verdicts. One thread.
 */
final class Judge {
  private static final long UNREAD = -1;
  private static final String TLS_FAILED = "tls_failed";

  private final KernelView kernel;
  private final Tracing tracing;
  private final LongSupplier wallOffset;
  private final RangeFacts requestFacts = new RangeFacts();
  private final RangeFacts responseFacts = new RangeFacts();
  private final RangeFacts finalFacts = new RangeFacts();
  private final Extent request = new Extent();
  private final Extent response = new Extent();
  private final Marks marks = new Marks();
  private final Phases phases = new Phases();
  private long losses = UNREAD;

  Judge(KernelView kernel, Tracing tracing, LongSupplier wallOffset) {
    this.kernel = kernel;
    this.tracing = tracing;
    this.wallOffset = wallOffset;
  }

  long phasesInverted() {
    return phases.inverted();
  }

  /**
   * Where, behind {@code judged}, which was judged last, the next request begins at the earliest.
   */
  long requestNext(Pending judged) {
    return judged.requestEnd < 0 ? request.end : Math.min(judged.requestNext, request.end);
  }

  /** Likewise the next response. */
  long responseNext(Pending judged) {
    return judged.responseEnd < 0 ? response.end : Math.min(judged.responseNext, response.end);
  }

  /** Whether a whole exchange's bytes were all seen, and acknowledged or read. */
  boolean settled(Connection c, Pending e) {
    Flow flow = c.wire.flow;
    if (!flow.known()) {
      return false;
    }
    Timeline requests = c.requests();
    Timeline responses = c.responses();
    return requests.covered(e.request.offset(), e.requestEnd)
        && responses.covered(responseStart(c, e), e.responseEnd)
        && acknowledged(c, e);
  }

  /**
   * Whether the other end acknowledged all that this end sent, of a whole exchange: all that it
   * read has arrived anyway.
   */
  boolean acknowledged(Connection c, Pending e) {
    return c.wire.flow.known()
        && (c.client() ? c.requests() : c.responses()).acked()
            >= (c.client() ? e.requestEnd : e.responseEnd);
  }

  private static long responseStart(Connection c, Pending e) {
    return e.response != null ? e.response.offset() : c.responsesEnd;
  }

  /** Which bytes are a message's, and how that is known. */
  private static final class Extent {
    long start;
    long end;

    /** The framing asks for more than was on the wire when the connection ended. */
    boolean cut;

    /** Where it ends is not proven. */
    boolean unproven;

    /** The application read, or wrote, all of it. */
    boolean moved;

    /** Where it ends, only the packets say. */
    boolean byPackets;

    /**
     * Decides from what was framed ({@code proven}, {@code end}), or else moved, and the wire, if
     * that is known.
     */
    void of(
        MessageHead head,
        long from,
        long framedEnd,
        boolean proven,
        boolean arrives,
        Timeline line,
        long movedTo,
        boolean over) {
      start = from;
      cut = false;
      unproven = false;
      moved = proven;
      byPackets = false;
      long seen = line == null ? -1 : line.contiguousFrom(from);
      if (proven) {
        end = framedEnd;
        if (!arrives && line != null && over && seen < end) {
          end = Math.max(seen, from);
          cut = true;
          byPackets = true;
        }
        return;
      }
      long target = head == null ? -1 : head.expectedEnd();
      long told = Math.max(from, movedTo);
      if (line == null) {
        end = target >= 0 ? Math.min(target, told) : told;
        cut = target < 0 || end < target;
      } else if (arrives && target < 0) {
        // What was read is the message's. What the application left unread, nothing frames.
        end = told;
        unproven = seen > told;
        cut = true;
        byPackets = end < told;
      } else {
        // Bytes that were read have arrived, whether they were seen or not.
        long there = arrives ? Math.max(seen, told) : seen;
        end = target >= 0 ? Math.min(target, there) : there;
        cut = target < 0 || end < target;
        unproven = !arrives && seen > told;
        byPackets = cut;
      }
    }

    /**
     * Of a message that was cut within TLS: what follows its last record, such as an alert, is none
     * of it.
     *
     * @param sent null: it arrives, and all of it that the application has read has
     */
    void ofRecords(long from, long lastRecordEnd, Timeline sent) {
      start = from;
      end = sent == null ? lastRecordEnd : Math.min(lastRecordEnd, sent.contiguousFrom(from));
      end = Math.max(from, end);
      cut = true;
      unproven = false;
      moved = false;
      byPackets = end < lastRecordEnd;
    }
  }

  /** What was written, or encrypted, but was cut before it was on the wire, nobody was told. */
  private OptionalLong status(Pending e) {
    boolean told =
        e.response != null
            && e.response.status() > 0
            && !(response.cut
                && (response.end == response.start || response.end < e.response.headEnd()));
    return told ? OptionalLong.of(e.response.status()) : OptionalLong.empty();
  }

  Exchange judge(Connection c, Pending e, long now, boolean shutdown) {
    Flow flow = c.wire == null ? null : c.wire.flow;
    boolean known = flow != null && flow.known();
    Connection.Closing closing = c.closing;
    boolean over = flow != null && flow.over();
    boolean ended = over || closing != null;
    boolean client = c.client();
    extents(c, e, known, over || closing != null && !e.whole());
    long wall = wallOffset.getAsLong();

    boolean complete =
        known
            && c.requests().trimmed() <= request.start
            && c.responses().trimmed() <= response.start;
    requestFacts.clear();
    responseFacts.clear();
    if (complete) {
      long readFirst = e.request.first();
      long readAll = e.request == null || e.requestEnd < 0 ? Long.MAX_VALUE : e.requestEndAt;
      if (client) {
        c.requests().measureSent(request.start, request.end, requestFacts);
        c.responses()
            .measureArrived(
                response.start,
                response.end,
                e.response == null ? Long.MAX_VALUE : e.response.first(),
                e.responseEnd < 0 ? Long.MAX_VALUE : e.responseEndAt,
                responseFacts);
      } else {
        c.requests().measureArrived(request.start, request.end, readFirst, readAll, requestFacts);
        c.responses().measureSent(response.start, response.end, responseFacts);
      }
    }
    boolean covered = complete && requestFacts.covered && responseFacts.covered;
    boolean requestAcked = known && c.requests().acked() >= request.end;
    boolean responseAcked = known && c.responses().acked() >= response.end;
    boolean acknowledged =
        covered
            && (requestAcked || !client && request.moved)
            && (responseAcked || client && response.moved);
    // Whether the application's reads have had an urgent byte is its own affair.
    boolean displaced =
        known
            && (client
                ? c.responses().urgent() < response.end
                : c.requests().urgent() < request.end);
    boolean cut = ended && (request.cut || response.cut || covered && over && !acknowledged);
    boolean lost =
        c.doubtful
            || complete
                && (lost(c, now)
                    || goesOnUnseen(c.requests(), request)
                    || goesOnUnseen(c.responses(), response));

    Verdict verdict = Verdict.INFERRED;
    Why why = null;
    int tier = kernel.tier();
    if (flow == null && tier == 3) {
      why = c.info != null ? Why.TCP_INFO : kernel.lacking().orElse(Why.NO_RIGHTS);
    } else if (flow == null && tier != 1) {
      verdict = Verdict.NOT_CAPTURED;
      why = kernel.lacking().orElse(Why.NO_NATIVE);
    } else if (!known && c.entry < kernel.attachedAt()) {
      why = Why.BEFORE_ATTACH;
    } else if (flow == null && c.unwatched) {
      why = Why.RECORDS_LOST;
    } else if (flow == null || flow.packets() == 0) {
      verdict = Verdict.APP_ONLY;
      why = Why.NO_PACKETS;
    } else if (!known) {
      why = c.out().ifindex() == 0 || c.in().ifindex() == 0 ? Why.NO_PACKETS : Why.ISN_UNKNOWN;
    } else if (!complete || lost) {
      why = Why.RECORDS_LOST;
    } else if (e.ambiguous || displaced || request.unproven || response.unproven) {
      why = Why.BOUNDARY_UNKNOWN;
    } else if (Math.abs(wall - e.wallOffset) > Correlator.STEP) {
      why = Why.CLOCK_STEP;
    } else if (!ended && !e.whole() || !covered && shutdown || !acknowledged && !over && shutdown) {
      why = shutdown ? Why.SHUTDOWN : Why.RECORDS_LOST;
    } else if (!covered) {
      // What was acknowledged, or read, was on the wire, and was not seen.
      boolean unseenRead = client ? requestFacts.covered : responseFacts.covered;
      why = requestAcked && responseAcked || unseenRead ? Why.RECORDS_LOST : Why.NO_PACKETS;
    } else if (!acknowledged && flow.resetTime() == 0 && !finCut(c)) {
      why = Why.NO_PACKETS;
    } else {
      verdict = Verdict.MATCHED;
    }
    boolean figures = complete && !lost && !displaced;
    if (!figures) {
      requestFacts.clear();
      responseFacts.clear();
    }
    String error = cut && !e.ambiguous ? error(c, known, figures) : "";
    marks(c, e, figures);
    List<Exchange.Timing> timings = phases.of(c.side(), marks);
    long start = start(c, e);
    long end = end(c, e, now, start, ended);
    for (Exchange.Timing t : timings) {
      start = Math.min(start, t.start());
      end = Math.max(end, t.end());
    }
    boolean reset =
        flow != null
            && flow.resetTime() != 0
            && (error.equals("reset")
                || figures
                    && responseFacts.covered
                    && response.end > response.start
                    && requestFacts.seen
                    && flow.resetTime() >= requestFacts.first
                    && flow.resetTime() <= responseFacts.last);
    MessageHead head = e.request;
    Exchange exchange =
        new Exchange(
            c.side(),
            verdict,
            Optional.ofNullable(why),
            c.number,
            e.index,
            c.local,
            c.peer,
            interfaceName(c),
            trace(c, e),
            head.method(),
            head.target(),
            head.host(),
            e.route,
            status(e),
            protocol(head.minor()),
            e.call == null ? 0 : e.call.resend,
            range(request, requestFacts, known && !figures),
            range(response, responseFacts, known && !figures),
            start,
            end,
            wall,
            timings,
            figures ? ackNanos(c) : OptionalLong.empty(),
            tcp(c, figures, reset, now),
            tls(c, e),
            error);
    if (figures && requestFacts.seen) {
      c.previousBegin = requestFacts.first;
    }
    if (known) {
      c.previousEnd =
          figures && responseFacts.covered && response.end > response.start
              ? Math.max(
                  responseFacts.last,
                  Math.max(ackTime(c.requests(), request), ackTime(c.responses(), response)))
              : flow.lastTime();
    }
    c.responseCut |= e.responseEnd < 0;
    c.responsesEnd = Math.max(c.responsesEnd, response.end);
    return exchange;
  }

  private Exchange.TraceIds trace(Connection c, Pending e) {
    MessageHead head = e.request;
    if (e.tunnelled != null && head.parent() == 0) {
      return tracing.tunnel(c.number, e.index, e.tunnelled);
    }
    return e.call != null
        ? tracing.call(e.call, head.state())
        : tracing.begin(c.number, e.index, head);
  }

  /** Of what the exchange was sent through: a tunnel's TLS is not that of what opened it. */
  private static Optional<Tls> tls(Connection c, Pending e) {
    return e.clear ? Optional.empty() : c.tls();
  }

  private static String protocol(int minor) {
    return switch (minor) {
      case 0 -> "1.0";
      case 1 -> "1.1";
      default -> minor < 0 ? "" : "1." + minor;
    };
  }

  private void extents(Connection c, Pending e, boolean known, boolean over) {
    Connection.Closing closing = c.closing;
    boolean client = c.client();
    MessageHead head = e.request;
    Timeline requests = known ? c.requests() : null;
    Timeline responses = known ? c.responses() : null;
    long out = closing == null ? -1 : closing.bytesOut();
    long in = closing == null ? -1 : closing.bytesIn();
    request.of(
        head,
        head.offset(),
        e.requestEnd,
        e.requestProven,
        !client,
        requests,
        closing == null ? Math.max(head.headEnd(), e.requestEnd) : client ? out : in,
        over);
    if (tls(c, e).isPresent() && e.requestEnd >= 0 && !e.requestProven) {
      request.ofRecords(head.offset(), e.requestEnd, client ? requests : null);
    }
    long from = responseStart(c, e);
    if (e.response == null && e.responseEnd < 0 && (c.responseCut || c.tls().isPresent())) {
      // Bytes behind the last response belong to the first exchange that lacks one; within TLS,
      // where they are a handshake's, a ticket's or an alert's, to none. What nobody decrypted
      // begins where decryption ended.
      response.unproven = client && arrivedUnread(c, responses);
      response.start = response.unproven ? Math.max(from, closing.understood()) : from;
      response.end = response.start;
      response.cut = true;
      response.moved = false;
      response.byPackets = false;
      return;
    }
    response.of(
        e.response,
        from,
        e.responseEnd,
        e.responseProven,
        client,
        responses,
        closing == null
            ? Math.max(e.responseEnd, e.response == null ? from : e.response.headEnd())
            : client ? in : out,
        over);
    if (tls(c, e).isPresent() && e.responseEnd >= 0 && !e.responseProven) {
      long began = e.response == null ? e.responseNext : from;
      response.ofRecords(began, e.responseEnd, client ? null : responses);
      response.unproven = client && arrivedUnread(c, responses);
    }
  }

  /** A record with nothing but an alert is not larger: by TLS 1.2, AES in GCM. */
  private static final int ALERT = 5 + 8 + 2 + 16;

  /**
   * Whether more arrived within TLS than was decrypted, such as an answer to who had given up: what
   * is in it nobody knows, unless it is so short that it can but be the peer's farewell.
   */
  private static boolean arrivedUnread(Connection c, Timeline arrives) {
    return c.tls().isPresent()
        && c.closing != null
        && arrives != null
        && arrives.contiguous() > c.closing.understood() + ALERT;
  }

  /** Whether more was acknowledged than what was cut is taken to hold, by the packets seen. */
  private static boolean goesOnUnseen(Timeline line, Extent of) {
    return of.byPackets && line.acked() > of.end + (line.fin() == of.end ? 1 : 0);
  }

  /** Whether a FIN stands where what was cut ends. */
  private boolean finCut(Connection c) {
    return (!request.cut || c.requests().fin() == request.end)
        && (!response.cut || c.responses().fin() == response.end)
        && (request.cut || response.cut);
  }

  /**
   * All that is judged from now on was drained by now: losses are read once for all of it, since a
   * reading is a system call.
   */
  void begin() {
    losses = UNREAD;
  }

  private long losses() {
    if (losses == UNREAD) {
      losses = kernel.recordsLost();
    }
    return losses;
  }

  private boolean lost(Connection c, long now) {
    Flow flow = c.wire.flow;
    long all = losses();
    if (all != c.wire.lossesRead) {
      c.wire.lossesRead = all;
      long own = kernel.recordsLost(c.wire.tuple);
      if (own < 0 ? !flow.ended() : (int) own != flow.lost()) {
        flow.gap(flow.lastTime(), Math.max(now, flow.lastTime()));
      }
    }
    long from = c.previousEnd;
    if (requestFacts.seen) {
      from = Math.min(from, requestFacts.first);
    }
    // Of what never ended, all that may be missing until now matters.
    long to = Long.MAX_VALUE;
    if (requestFacts.covered && responseFacts.covered && response.end > response.start) {
      long acked = Math.max(ackTime(c.requests(), request), ackTime(c.responses(), response));
      to = Math.max(Math.max(responseFacts.last, requestFacts.last), acked);
    }
    return flow.lostWithin(from, to);
  }

  private static long ackTime(Timeline line, Extent of) {
    long time = of.end > of.start ? line.ackTime(of.end - 1) : Long.MAX_VALUE;
    return time == Long.MAX_VALUE ? Long.MIN_VALUE : time;
  }

  /**
   * {@code all}: no packet is missing. Else the RST may be the one that is, and how it ended is not
   * known.
   */
  private static String error(Connection c, boolean known, boolean all) {
    SocketError told = c.closing == null ? SocketError.NONE : c.closing.error();
    if (told == SocketError.TIMEOUT) {
      return "timeout";
    }
    boolean reset = known ? c.wire.flow.resetTime() != 0 : told == SocketError.RESET;
    return reset ? "reset" : known && !all ? "" : "closed";
  }

  private void marks(Connection c, Pending e, boolean figures) {
    Marks m = marks;
    m.clear();
    if (requestFacts.seen) {
      m.requestFirst = requestFacts.first;
    }
    if (requestFacts.covered && request.end > request.start) {
      m.requestLast = requestFacts.last;
    }
    if (responseFacts.covered && response.end > response.start) {
      m.responseLast = responseFacts.last;
    }
    if (figures && e.response != null) {
      m.responseFirst = finalFirst(c, e);
    }
    if (c.client()) {
      call(c, e);
      Flow flow = c.wire == null ? null : c.wire.flow;
      if (e.index == 0 && flow != null && flow.synTime() != 0 && flow.handshakeAck() != 0) {
        m.connectStart = flow.synTime();
        m.connectEnd = flow.handshakeAck();
      }
      if (figures && e.handshakeTo > 0 && c.requests().trimmed() <= e.handshakeFrom) {
        handshake(c, e);
      }
      if (e.responseEnd >= 0 && e.responseProven) {
        m.responseRead = e.responseEndAt;
      }
    } else {
      m.accepted = c.entry;
      if (e.response != null) {
        m.responseWritten = e.response.finalFirst();
      }
    }
    m.requestMoved = e.request.first();
    if (e.requestEnd >= 0 && e.requestProven) {
      m.requestMovedAll = e.requestEndAt;
    }
  }

  /** A handshake is one of what was sent: from its first byte to its last before the request. */
  private void handshake(Connection c, Pending e) {
    c.requests().measureSent(e.handshakeFrom, e.handshakeTo, finalFacts);
    if (finalFacts.seen && finalFacts.covered) {
      marks.hello = finalFacts.first;
      marks.sslEnd = finalFacts.last;
    }
  }

  /** The call that waited for the connection; null: none is known. */
  private static Call waited(Pending e) {
    return e.tunnelled != null && e.index == 0 ? e.tunnelled : e.call;
  }

  private void call(Connection c, Pending e) {
    Call call = waited(e);
    if (call == null) {
      return;
    }
    marks.call = call.start;
    if (e.opened && c.granted() != 0) {
      // What it waited for until then is the tunnel's to tell.
      marks.taken = c.granted();
      return;
    }
    marks.taken = taken(c, e, call);
    if (call.taken == 0 && call.dnsStart != 0) {
      marks.dnsStart = call.dnsStart;
      marks.dnsEnd = call.dnsEnd;
    }
  }

  /** When the call that the exchange is of had its connection, or had it opened. */
  private static long taken(Connection c, Pending e, Call call) {
    if (e.inherited || c.entry < call.start) {
      // What it took was open. Or it had one opened, and was sent on another.
      return call.taken == 0 ? UNKNOWN : call.taken;
    }
    // Opened since the call began, and had by nobody else: it was waited for, though a hook that
    // did not see for whom it was opened takes it for one that was open.
    return e.opened || e.tunnelled != null ? c.entry : UNKNOWN;
  }

  /** When the final response's first byte was on the wire. */
  private long finalFirst(Connection c, Pending e) {
    long at = e.response.finalOffset();
    if (at == response.start) {
      return responseFacts.seen ? responseFacts.first : UNKNOWN;
    }
    if (at >= response.end) {
      return UNKNOWN;
    }
    if (c.client()) {
      long read = e.response.finalFirst();
      c.responses().measureArrived(at, at + 1, read, read, finalFacts);
    } else {
      c.responses().measureSent(at, at + 1, finalFacts);
    }
    return finalFacts.seen ? finalFacts.first : UNKNOWN;
  }

  private long start(Connection c, Pending e) {
    if (c.client()) {
      Call call = waited(e);
      return call != null ? call.start : e.index == 0 ? c.entry : e.request.first();
    }
    return marks.requestFirst != UNKNOWN ? marks.requestFirst : e.request.first();
  }

  private long end(Connection c, Pending e, long now, long start, boolean ended) {
    long end = UNKNOWN;
    Connection.Closing closing = c.closing;
    if (c.client()) {
      if (e.responseEnd >= 0) {
        end = e.responseEndAt;
      } else if (closing != null && response.end > response.start && closing.lastRead() > start) {
        end = closing.lastRead();
      }
    } else if (marks.responseLast != UNKNOWN) {
      end = marks.responseLast;
    } else if (e.responseEnd >= 0) {
      end = e.responseEndAt;
    } else if (closing != null && response.end > response.start && closing.lastWrite() > start) {
      end = closing.lastWrite();
    }
    if (end == UNKNOWN && ended) {
      // Nothing came back: the connection's end is the exchange's.
      long over = c.wire == null ? 0 : c.wire.flow.overTime();
      end = closing == null ? over : over == 0 ? closing.at() : Math.min(over, closing.at());
    }
    if (end == UNKNOWN) {
      end = Math.max(now, start);
    }
    return Math.max(start, end);
  }

  private static Exchange.Range range(Extent of, RangeFacts facts, boolean missing) {
    boolean any = facts.segments > 0;
    return new Exchange.Range(
        of.start,
        missing && of.byPackets ? -1 : of.end - of.start,
        facts.segments,
        facts.retransmits,
        facts.outOfOrder,
        any && facts.seen ? OptionalLong.of(facts.first) : OptionalLong.empty(),
        any && facts.covered ? OptionalLong.of(facts.last) : OptionalLong.empty());
  }

  private OptionalLong ackNanos(Connection c) {
    if (!responseFacts.covered || response.end == response.start) {
      return OptionalLong.empty();
    }
    Timeline line = c.responses();
    long time = line.ackTime(response.end - 1);
    if (time == Long.MAX_VALUE || line.ackCarriesData(response.end - 1)) {
      return OptionalLong.empty();
    }
    long nanos = time - responseFacts.last;
    return nanos >= -Phases.SKEW ? OptionalLong.of(Math.max(0, nanos)) : OptionalLong.empty();
  }

  private Exchange.Tcp tcp(Connection c, boolean figures, boolean reset, long now) {
    if (c.wire == null) {
      return c.info == null
          ? new Exchange.Tcp(OptionalLong.empty(), 0, false)
          : new Exchange.Tcp(
              OptionalLong.of(c.info.rttMicros() * 1_000),
              0,
              false,
              OptionalLong.of(c.info.retransmits()));
    }
    long zeros = 0;
    if (figures && requestFacts.seen) {
      boolean whole = responseFacts.covered && response.end > response.start;
      zeros = c.wire.flow.zeroWindows(requestFacts.first, whole ? responseFacts.last : now);
    }
    return new Exchange.Tcp(rtt(c), zeros, reset);
  }

  /**
   * The handshake's round trip as this end saw it; none if one of its two packets was sent again.
   */
  private static OptionalLong rtt(Connection c) {
    Flow flow = c.wire.flow;
    long from = c.client() ? flow.synTime() : flow.synAckTime();
    long to = c.client() ? flow.synAckTime() : flow.handshakeAck();
    boolean once = flow.synAcks() == 1 && (!c.client() || flow.syns() == 1);
    if (from == 0 || to == 0 || !once || to < from - Phases.SKEW) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Math.max(0, to - from));
  }

  private String interfaceName(Connection c) {
    if (c.wire == null) {
      return "";
    }
    int index = c.out().ifindex() != 0 ? c.out().ifindex() : c.in().ifindex();
    return index == 0 ? "" : kernel.interfaceName(index);
  }

  ConnectionOutcome connection(Connection c, long now) {
    Flow flow = c.wire == null ? null : c.wire.flow;
    Connection.Closing closing = c.closing;
    long wall = wallOffset.getAsLong();
    boolean first = c.exchanges == 0 && c.upgrade() == null;
    long outFrom = first ? 0 : c.client() ? c.requestsEnd : c.responsesEnd;
    long inFrom = first ? 0 : c.client() ? c.responsesEnd : c.requestsEnd;
    if (c.upgrade() != null) {
      outFrom = c.upgrade().outOffset();
      inFrom = c.upgrade().inOffset();
    }
    long outTo = closing == null ? outFrom : closing.bytesOut();
    long inTo = closing == null ? inFrom : closing.bytesIn();
    boolean known = flow != null && flow.known();
    boolean lost = known && lostSince(c, now);
    if (known && (closing == null || c.wireOnly)) {
      outTo = carried(c.out(), lost);
      inTo = carried(c.in(), lost);
    } else if (known) {
      outTo = c.out().contiguous();
      if (c.upgrade() != null) {
        // What another protocol left unread when it closed, often its last word, was carried, too.
        inTo = Math.max(inTo, c.in().contiguous());
      }
    } else if (c.wireOnly) {
      outFrom = inFrom = 0;
      outTo = inTo = -1;
    }
    boolean reset = flow != null && flow.resetTime() != 0;
    boolean connected = flow != null && flow.handshakeAck() != 0;
    String outcome = outcome(c, reset, connected);
    OptionalLong connectStart = OptionalLong.empty();
    OptionalLong connectEnd = OptionalLong.empty();
    if (c.client() && flow != null && flow.synTime() != 0 && first) {
      long failure = c.failed && closing != null ? closing.at() : 0;
      if (c.failed && reset && !connected) {
        failure = flow.resetTime();
      }
      long to = connected ? flow.handshakeAck() : failure;
      if (to >= flow.synTime()) {
        connectStart = OptionalLong.of(flow.synTime());
        connectEnd = OptionalLong.of(to);
      }
    }
    Verdict verdict = Verdict.INFERRED;
    Why why = null;
    if (c.wireOnly) {
      verdict = Verdict.WIRE_ONLY;
      why = Why.NOT_HOOKED;
    } else if (flow == null && kernel.tier() == 3) {
      why = c.info != null ? Why.TCP_INFO : kernel.lacking().orElse(Why.NO_RIGHTS);
    } else if (flow == null && kernel.tier() != 1) {
      verdict = Verdict.NOT_CAPTURED;
      why = kernel.lacking().orElse(Why.NO_NATIVE);
    } else if (!known && c.entry < kernel.attachedAt()) {
      why = Why.BEFORE_ATTACH;
    } else if (flow == null && c.unwatched) {
      why = Why.RECORDS_LOST;
    } else if (flow == null || flow.packets() == 0) {
      boolean unnamed = c.local.port() == 0;
      verdict = unnamed ? Verdict.INFERRED : Verdict.APP_ONLY;
      why = unnamed ? Why.ISN_UNKNOWN : Why.NO_PACKETS;
    } else if (c.failed && !connected) {
      // The peer's number is in no packet: a refusal has none.
      boolean proven = flow.synTime() != 0 && (reset || !outcome.equals("refused"));
      verdict = proven ? Verdict.MATCHED : Verdict.INFERRED;
      why = proven ? null : Why.ISN_UNKNOWN;
    } else if (!known) {
      why = Why.ISN_UNKNOWN;
    } else if (c.upgrade() != null && (!c.upgrade().named() || c.in().urgent() <= inFrom)) {
      why = Why.BOUNDARY_UNKNOWN;
    } else if (c.doubtful || lost) {
      why = Why.RECORDS_LOST;
    } else if (closing != null && Math.abs(wall - closing.wallOffset()) > Correlator.STEP) {
      why = Why.CLOCK_STEP;
    } else if (closing == null) {
      why = Why.SHUTDOWN;
    } else if (c.sentMoreThanTold()
        || c.out().contiguous() < closing.bytesOut() && !reset
        || c.in().contiguous() < closing.bytesIn()) {
      why = Why.RECORDS_LOST;
    } else if (!flow.over() && c.out().acked() < closing.bytesOut()) {
      why = Why.NO_PACKETS;
    } else {
      verdict = Verdict.MATCHED;
    }
    boolean untrusted = outcome.equals(TLS_FAILED);
    boolean call =
        c.failed && !outcome.equals("closed_idle") && !c.wireOnly || untrusted && c.client();
    long end = closing == null ? now : Math.max(c.entry, closing.at());
    OptionalLong sslStart = OptionalLong.empty();
    OptionalLong sslEnd = OptionalLong.empty();
    if (untrusted && known && c.secured.handshakeTo > 0) {
      c.out().measureSent(c.secured.handshakeFrom, c.secured.handshakeTo, requestFacts);
      c.in().measureArrived(inFrom, inTo, Long.MAX_VALUE, Long.MAX_VALUE, responseFacts);
      if (requestFacts.seen && requestFacts.covered) {
        sslStart = OptionalLong.of(requestFacts.first);
        long last =
            inTo > inFrom && responseFacts.covered
                ? Math.max(requestFacts.last, responseFacts.last)
                : requestFacts.last;
        sslEnd = OptionalLong.of(Math.max(last, gaveUp(c)));
      }
    }
    Call wanting = c.wanting();
    return new ConnectionOutcome(
        c.side(),
        verdict,
        Optional.ofNullable(why),
        outcome,
        c.number,
        c.local,
        c.peer,
        interfaceName(c),
        !call
            ? Exchange.TraceIds.NONE
            : wanting != null ? tracing.call(wanting, "") : tracing.root(c.number),
        call,
        wanting != null ? Math.min(wanting.start, c.entry) : c.entry,
        end,
        wall,
        flow == null ? 0 : flow.syns(),
        outFrom,
        outTo < 0 ? -1 : Math.max(0, outTo - outFrom),
        inFrom,
        inTo < 0 ? -1 : Math.max(0, inTo - inFrom),
        connectStart,
        connectEnd,
        sslStart,
        sslEnd,
        c.tls());
  }

  /** When a handshake failed that no alert ended: the end that left it did so. */
  private static long gaveUp(Connection c) {
    Tls.Failure failure = c.tls().flatMap(Tls::failure).orElseThrow();
    if (!failure.alert().isEmpty() || c.closing == null) {
      return Long.MIN_VALUE;
    }
    long peer = c.wire.flow.resetTime() != 0 ? c.wire.flow.resetTime() : c.in().finTime();
    long left = failure.by().equals("peer") && peer != 0 ? peer : c.closing.at();
    return Math.min(left, c.closing.at());
  }

  /** Where a direction ended of which only packets tell; -1: they don't. */
  private static long carried(Timeline line, boolean lost) {
    return !lost && line.contiguous() == line.highest() ? line.contiguous() : line.fin();
  }

  private boolean lostSince(Connection c, long now) {
    requestFacts.clear();
    responseFacts.clear();
    return lost(c, now);
  }

  private static String outcome(Connection c, boolean reset, boolean connected) {
    if (c.wireOnly) {
      return "shadow";
    }
    if (c.failedTls()) {
      return TLS_FAILED;
    }
    if (c.upgrade() != null) {
      return c.upgrade().outcome();
    }
    SocketError error = c.closing.error();
    if (c.failed) {
      return switch (error) {
        case REFUSED -> "refused";
        case TIMEOUT -> "timeout";
        case RESET -> "reset";
        case GIVEN_UP -> connected ? "closed_idle" : reset ? "refused" : "timeout";
        default -> "failed";
      };
    }
    return reset || error == SocketError.RESET ? "reset" : "closed_idle";
  }
}
