package io.httpaudit.correlate;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.Flow;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import io.httpaudit.flow.Timeline;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Joins what the JVM's hooks saw with what the kernel saw, by byte ranges, and judges each exchange
 * once it is final.
 *
 * <p>One thread, the audit thread: it passes the ring's records to {@link #packet}, the hooks'
 * events to the methods of {@link JvmEvents}, in any interleaving, and then calls {@link #tick}.
 * Times are nanoseconds of {@link System#nanoTime()}. Nothing here blocks, and everything is
 * bounded by {@link CorrelatorLimits}.
 */
public final class Correlator implements JvmEvents {
  static final long MILLISECOND = 1_000_000L;
  static final long SECOND = 1_000 * MILLISECOND;

  /**
   * After the JVM moved the last byte that the framing asks for, an exchange waits at most so long
   * for packets.
   */
  static final long FINALITY = 10 * SECOND;

  /**
   * A record may come by so much later than one that was taken after it, from another CPU. Of bytes
   * that were acknowledged no copy that matters follows: what is not here by then was lost on the
   * way, and waiting would only make more wait.
   */
  static final long LATE = 50 * MILLISECOND;

  /** A step of the wall clock against the monotonic one beyond this makes times of day doubtful. */
  static final long STEP = 10 * MILLISECOND;

  /** How often time alone is asked whether it ended something. */
  private static final long SWEEP = 20 * MILLISECOND;

  /** A packet that races the claim is in the candidate by then. */
  private static final long RACE = MILLISECOND;

  /** So many records a flow may have without being asked whether they are needed. */
  private static final int ASK = 15;

  /** A flow with less than this share of all records makes no room that lasts. */
  private static final int WORTH = 16;

  private static final String CONNECT = "CONNECT";

  private static final int CLOSED_REMEMBERED = 1 << 13;

  private final KernelView kernel;
  private final Outcomes outcomes;
  private final WallOffset wallOffset;
  private final CorrelatorLimits limits;
  private final Judge judge;

  private final LongMap<Connection> connections = new LongMap<>();
  private final LongMap<Wire> wires = new LongMap<>();
  private final LongMap<EarlyPackets> early = new LongMap<>();
  private int earlyCount;

  /**
   * Flows to a listener of this JVM, the other end of which was not accepted yet: it may be, after
   * the flow is over.
   */
  private final Map<FlowTuple, Wire> unaccepted = new HashMap<>();

  /** How many of these have no connection any more. */
  private int ownerless;

  /**
   * Flows that a server of this JVM accepted from this very host a moment ago: the other end may be
   * here, and be told of next. In the order of their coming.
   */
  private Map<FlowTuple, Wire> unasked = new LinkedHashMap<>();

  /** Flows that are done: a late packet of theirs is no unknown flow's. */
  private final LongMap<Boolean> done = new LongMap<>();

  private final long[] doneOrder = new long[CLOSED_REMEMBERED];
  private int doneNext;

  private final Calls calls = new Calls();
  private final ArrayDeque<Connection> dirty = new ArrayDeque<>();
  private final ArrayDeque<Connection> waiting = new ArrayDeque<>();
  private final Packet scratch = new Packet();
  private final long[] verdicts = new long[Verdict.values().length];

  /** Connections in doubt that were not open when last asked. */
  private Set<Long> absent = Set.of();

  private long nextSweep = Long.MIN_VALUE;
  private int records;

  /** No search for the largest flow before so many packets: it takes as many steps as flows. */
  private long nextScan;

  private boolean allInterfaces;
  private long packets;
  private long packetsDropped;
  private long exchangesDropped;
  private long connectionsDropped;
  private long eventsLost;

  /**
   * @param wallOffset nanoseconds to add to {@link System#nanoTime()} for nanoseconds since 1970,
   *     as of the call: {@link WallClock#offset}
   */
  public Correlator(
      KernelView kernel,
      Outcomes outcomes,
      Tracing tracing,
      LongSupplier wallOffset,
      CorrelatorLimits limits) {
    this.kernel = kernel;
    this.outcomes = outcomes;
    this.wallOffset = new WallOffset(wallOffset);
    this.limits = limits;
    this.judge = new Judge(kernel, tracing, this.wallOffset);
  }

  public Correlator(KernelView kernel, Outcomes outcomes, Tracing tracing) {
    this(kernel, outcomes, tracing, WallClock::offset, CorrelatorLimits.defaults());
  }

  // ---- what the kernel says

  /** A record of the ring, in ring order. {@code p} is not kept. */
  public void packet(Packet p) {
    packets++;
    Wire wire = wires.get(p.flow);
    if (wire == null) {
      early(p);
      return;
    }
    Flow flow = wire.flow;
    int before = flow.records();
    flow.packet(p);
    records += flow.records() - before;
    if (flow.records() >>> wire.ask != 0) {
      forgetUnneeded(wire);
    }
    if (records > limits.records()) {
      overflow(wire, p.time);
    }
    boolean over = flow.over();
    wake(wire.one, over);
    wake(wire.two, over);
  }

  private void wake(Connection c, boolean over) {
    if (c != null && !c.dirty && (c.waiting || over)) {
      touch(c);
    }
  }

  /**
   * A flow that carries no HTTP (any more), be it busy for days, keeps no packets. Asked when its
   * records have doubled or more, which costs a packet no more than its share.
   *
   * @return whether none of its packets is needed
   */
  private boolean forgetUnneeded(Wire wire) {
    Flow flow = wire.flow;
    boolean unneeded = isUnneeded(wire);
    if (unneeded) {
      if (!wire.settled) {
        lookLast(wire);
        settled(wire);
      }
      records -= flow.records();
      if (flow.known()) {
        flow.settle(LATE);
      } else {
        // Where its bytes stand, nothing will tell.
        flow.overflow(flow.lastTime());
      }
      records += flow.records();
    }
    wire.ask = (byte) (Integer.SIZE - Integer.numberOfLeadingZeros(2 * flow.records() | ASK));
    return unneeded;
  }

  private boolean isUnneeded(Wire wire) {
    Connection c = wire.one;
    long now = wire.flow.lastTime();
    if (c == null || now < c.exit + LATE) {
      // A packet that raced the claim may still be to come from the candidate.
      return false;
    }
    boolean unneeded = !needsPackets(c, now) && (wire.two == null || !needsPackets(wire.two, now));
    return unneeded && (now >= c.exit + FINALITY || unaccepted.get(wire.tuple) != wire);
  }

  /** Whether an exchange of it is still to be told with what packets say. */
  private static boolean needsPackets(Connection c, long now) {
    if (!c.isUnframed() && !c.wireOnly) {
      return true;
    }
    for (Pending e = c.first; e != null; e = e.next) {
      // What another protocol's server says first is no answer. A request may be told of a little
      // later than what answers it.
      boolean asks = e.request != null && e.passedAt == 0;
      if (asks || now < e.answeredAt() + LATE) {
        return true;
      }
    }
    return false;
  }

  /** Makes room: by the flow that takes most of it, if possible one that is not needed. */
  private void overflow(Wire arriving, long now) {
    Wire victim = arriving;
    if (packets >= nextScan) {
      nextScan = packets + wires.size();
      victim = largest();
      if (records <= limits.records()) {
        return;
      }
    }
    Flow flow = victim.flow;
    records -= flow.records();
    packetsDropped += flow.records();
    flow.overflow(Math.max(now, flow.lastTime()));
    records += flow.records();
  }

  private Wire largest() {
    Wire[] found = new Wire[2];
    wires.forEach(
        wire -> {
          int i = forgetUnneeded(wire) ? 0 : 1;
          if (found[i] == null || wire.flow.records() > found[i].flow.records()) {
            found[i] = wire;
          }
        });
    boolean worth =
        found[0] != null
            && (found[1] == null || found[0].flow.records() > limits.records() / WORTH);
    return worth ? found[0] : found[1];
  }

  private void early(Packet p) {
    if (p.flow <= 0 || done.get(p.flow) != null) {
      return;
    }
    EarlyPackets of = early.get(p.flow);
    if (of == null) {
      if (early.size() >= limits.early()) {
        packetsDropped++;
        return;
      }
      of = new EarlyPackets(p.flow, p.time);
      early.put(p.flow, of);
    }
    if (earlyCount >= limits.early()) {
      of.dropped = true;
      packetsDropped++;
      return;
    }
    earlyCount++;
    of.add(p);
  }

  /**
   * sock_diag found a connection of this process that no hook saw. It is told of when it is over.
   *
   * @param connection a number as of {@link #opened}
   * @param flow as of {@link #opened}
   */
  public void wireOnly(
      long connection, Side side, Endpoint local, Endpoint peer, long flow, long at) {
    Connection c = new Connection(connection, side, local, peer, at, at);
    c.wireOnly = true;
    if (opened(c, flow, flow > 0, 0)) {
      c.closing =
          new Connection.Closing(-1, -1, 0, 0, SocketError.NONE, at, -1, wallOffset.getAsLong());
      touch(c);
    }
  }

  /** That connection is gone from sock_diag. */
  public void wireOnlyGone(long connection, long at) {
    Connection c = connections.get(connection);
    if (c != null && c.wireOnly) {
      c.failed = true;
      touch(c);
    }
  }

  // ---- what the JVM says

  @Override
  public void opened(
      long connection,
      Side side,
      Endpoint local,
      Endpoint peer,
      long flow,
      long entry,
      long exit,
      long call) {
    opened(new Connection(connection, side, local, peer, entry, exit), flow, flow > 0, call);
  }

  /**
   * @return whether there is room for it
   */
  private boolean opened(Connection c, long flow, boolean admitted, long call) {
    if (connections.get(c.number) != null) {
      return false;
    }
    if (connections.size() >= limits.connections()) {
      connectionsDropped++;
      if (admitted) {
        kernel.left(c.local);
        if (wires.get(flow) == null) {
          // Else it is the other end's, too, which is known.
          kernel.end(FlowTuple.of(c.local, c.peer), flow);
        }
      }
      return false;
    }
    c.call = calls.get(call);
    connections.put(c.number, c);
    c.unwatched = flow < 0;
    if (flow > 0 && kernel.tier() == 1) {
      c.admitted = admitted;
      attach(c, flow);
      c.traffic = c.exit;
      wait(c);
    }
    return true;
  }

  private void attach(Connection c, long flow) {
    Wire wire = wires.get(flow);
    FlowTuple tuple = FlowTuple.of(c.local, c.peer);
    if (wire == null) {
      wire = otherEnd(c.client() ? unasked : unaccepted, tuple, flow);
    }
    if (wire != null) {
      // Were the flow another's after all, its packets would prove nothing.
      if (wire.two == null && wire.tuple.equals(tuple)) {
        unaccepted.remove(tuple, wire);
        unasked.remove(tuple, wire);
        if (wire.one == null) {
          ownerless--;
          wire.one = c;
        } else {
          wire.two = c;
        }
        c.wire = wire;
        records -= wire.flow.records();
        replay(wire, flow, c.exit);
        records += wire.flow.records();
      } else {
        c.unwatched = true;
      }
      return;
    }
    wire = new Wire(new Flow(flow), tuple);
    wire.one = c;
    c.wire = wire;
    wires.put(flow, wire);
    wire.flow.home(kernel.homeInterface(c.local, c.peer));
    look(wire);
    replay(wire, flow, c.exit);
    records += wire.flow.records();
    if (!c.client() && (c.peer.isLoopback() || c.peer.hasAddressOf(c.local))) {
      unasked.put(tuple, wire);
    }
    if (c.client() && !c.failed && kernel.isOwnListeners(c.peer, tuple)) {
      Wire before = unaccepted.put(tuple, wire);
      if (before != null && before.one == null) {
        ownerless--;
        forget(before);
      }
    }
  }

  private void replay(Wire wire, long flow, long exit) {
    EarlyPackets kept = early.remove(flow);
    if (kept != null) {
      earlyCount -= kept.count();
      kept.replay(wire.flow, scratch);
      if (kept.dropped) {
        wire.flow.gap(Long.MIN_VALUE, exit + SECOND);
      }
    }
  }

  /**
   * The flow of which the other end is known, under an id of its own: the claim of this one found
   * none, as that was over, or, before Linux 5.19, still waited for the audit thread. Null: there
   * is none.
   */
  private Wire otherEnd(Map<FlowTuple, Wire> among, FlowTuple tuple, long flow) {
    Wire wire = among.get(tuple);
    if (wire == null || wire.alias != 0) {
      return null;
    }
    for (Packet p : kernel.candidate(tuple).map(KernelView.Candidate::packets).orElse(List.of())) {
      if (p.has(Packet.SYN) && !p.has(Packet.ACK) && p.time == wire.flow.synTime()) {
        wire.alias = flow;
        wires.put(flow, wire);
        return wire;
      }
    }
    return null;
  }

  /** Reads the candidate, perhaps again. */
  private void look(Wire wire) {
    Connection c = wire.one;
    Optional<KernelView.Candidate> found = kernel.candidate(wire.tuple);
    if (found.isEmpty()) {
      return;
    }
    KernelView.Candidate candidate = found.get();
    boolean begins = false;
    for (Packet p : candidate.packets()) {
      // The key is a tuple, and a tuple may be used again: by time, this can't be our handshake.
      // What was accepted had its SYN before; that of a connect which does not wait may still be in
      // a queue, and what answers it comes whenever it comes.
      boolean answers = begins && c.client() && p.has(Packet.ACK);
      if (p.has(Packet.SYN)
          && (p.time > c.exit + (c.client() ? RACE : Phases.SKEW) && !answers
              || c.client() && !c.wireOnly && p.time < c.entry - RACE)) {
        return;
      }
      begins |= p.has(Packet.SYN) && !p.has(Packet.ACK);
    }
    if (wire.flow.candidate(
        candidate.packets(), candidate.syns(), candidate.synAcks(), candidate.handshakeAck())) {
      wire.overflowed = candidate.overflowed() || lapsed(c, candidate);
    }
  }

  /**
   * Whether the filter may have ceased to keep an outgoing connection's packets before it was
   * admitted.
   */
  private static boolean lapsed(Connection c, KernelView.Candidate candidate) {
    return c.client()
        && candidate.packets().stream()
            .anyMatch(
                p -> p.has(Packet.SYN) && p.has(Packet.ACK) && p.time < c.exit - KernelView.KEPT);
  }

  private void lookAgain(Wire wire) {
    records -= wire.flow.records();
    look(wire);
    records += wire.flow.records();
  }

  /** The look before something is judged: what the candidate lacks by now, nothing will bring. */
  private void lookLast(Wire wire) {
    lookAgain(wire);
    if (wire.overflowed && !wire.gapped) {
      wire.gapped = true;
      wire.flow.gap(Long.MIN_VALUE, wire.one.exit + RACE);
    }
  }

  private static void settled(Wire wire) {
    wire.settled = true;
    wire.flow.candidateDone();
  }

  @Override
  public void connectFailed(
      long connection,
      Endpoint local,
      Endpoint peer,
      long flow,
      long entry,
      long exit,
      SocketError error,
      long call) {
    boolean filtered = kernel.tier() == 1 && local.port() != 0;
    Endpoint from = filtered && local.isWildcard() ? kernel.source(local, peer) : local;
    // Never admitted: what there is of it is in the candidate.
    opened(
        new Connection(connection, Side.CLIENT, from, peer, entry, exit),
        filtered && flow <= 0 ? connection : flow,
        flow > 0,
        call);
    connectFailed(connection, error, exit);
  }

  @Override
  public void connectFailed(long connection, SocketError error, long at) {
    Connection c = connections.get(connection);
    if (c != null && c.closing == null) {
      c.failed = true;
      if (c.wanting() != null) {
        calls.take(c.wanting().span);
      }
      c.closing = new Connection.Closing(0, 0, 0, 0, error, at, 0, wallOffset.getAsLong());
      touch(c);
    }
  }

  @Override
  public void call(Call call) {
    calls.add(call);
  }

  @Override
  public void resolved(long span, long start, long end) {
    Call call = calls.get(span);
    if (call != null && call.dnsStart == 0) {
      call.dnsStart = start;
      call.dnsEnd = end;
    }
  }

  @Override
  public void route(long connection, long index, String route) {
    Connection c = connections.get(connection);
    Pending e = c == null ? null : c.find(index);
    if (e != null) {
      e.route = route;
    }
  }

  @Override
  public void messageHead(long connection, MessageHead head) {
    Pending e = pending(connection, head.index(), head.request());
    if (e == null) {
      return;
    }
    if (head.request()) {
      e.request = head;
      Connection c = connections.get(connection);
      if (head.parent() != 0) {
        outcomes.asked(c.client() ? Side.CLIENT : Side.SERVER, head.parent());
      }
      if (head.method().equals(CONNECT)) {
        // The call itself comes behind it.
        e.tunnelled = c.wanting();
        e.clear = c.tls().isEmpty();
        c.secured().begins = head.index() + 1;
      } else {
        if (c.client()) {
          e.call = calls.take(head.parent());
          e.opened = e.call != null && e.call == c.call;
          e.inherited = c.call != null && !e.opened;
        }
        c.call = Connection.ANOTHERS;
      }
      if (c.secured != null) {
        e.handshakeFrom = c.secured.handshakeFrom;
        e.handshakeTo = c.secured.handshakeTo;
        c.secured.handshakeTo = 0;
      }
    } else {
      e.response = head;
    }
  }

  @Override
  public void messageEnd(
      long connection, boolean request, long index, long end, long next, long at, boolean proven) {
    Pending e = pending(connection, index, false);
    if (e == null) {
      return;
    }
    Connection c = connections.get(connection);
    if (request) {
      e.requestEnd = end;
      e.requestNext = next;
      e.requestEndAt = at;
      e.requestProven = proven;
      c.requestsEnd = Math.max(c.requestsEnd, end);
    } else {
      e.responseEnd = end;
      e.responseNext = next;
      e.responseEndAt = at;
      e.responseProven = proven;
      if (e.tunnelled != null) {
        c.secured().granted = at;
      }
      if (proven) {
        // What was cut is still this exchange's, from where the one before ended.
        c.responsesEnd = Math.max(c.responsesEnd, end);
      }
    }
    if (e.whole() || !proven) {
      touch(c);
    }
  }

  /** The exchange that an event speaks of; null: none that is known, or there are too many. */
  private Pending pending(long connection, long index, boolean counts) {
    Connection c = connections.get(connection);
    if (c == null) {
      exchangesDropped += counts ? 1 : 0;
      return null;
    }
    Pending e = c.find(index);
    if (e != null) {
      return e;
    }
    if (c.pending >= limits.exchanges()) {
      exchangesDropped += counts ? 1 : 0;
      return null;
    }
    e = c.add(index);
    e.wallOffset = wallOffset.getAsLong();
    if (over(c)) {
      touch(c);
    }
    return e;
  }

  @Override
  public void boundaryUnknown(long connection, MessageHead partial) {
    Connection c = connections.get(connection);
    if (c == null) {
      return;
    }
    Pending known = c.find(partial.index());
    boolean asked = known != null && known.request != null;
    if (partial.request() && partial.method().isEmpty() && !asked) {
      // No HTTP: no exchange to tell of, and nothing to keep packets for. What answers it may have
      // been read before its write returned. Behind requests it is one that can't be framed.
      exchangesDropped += partial.index() > c.begins() ? 1 : 0;
      c.noRequests(partial.index());
      c.exchanges += known == null ? 1 : 0;
      touch(c);
      return;
    }
    Pending e = pending(connection, partial.index(), partial.request());
    if (e == null) {
      return;
    }
    e.ambiguous = true;
    c.unframed(partial.index());
    if (partial.request() && e.request == null) {
      e.request = partial;
    } else if (!partial.request() && e.response == null) {
      e.response = partial;
    }
    touch(c);
  }

  @Override
  public void upgraded(
      long connection, long outOffset, long inOffset, String outcome, boolean named) {
    Connection c = connections.get(connection);
    if (c != null && c.upgrade() == null) {
      c.upgrade(new Connection.Upgrade(outOffset, inOffset, outcome, named));
      touch(c);
    }
  }

  @Override
  public void handshake(long connection, long from, long to) {
    Connection c = connections.get(connection);
    if (c != null && c.client()) {
      c.secured().handshakeFrom = from;
      c.secured().handshakeTo = to;
    }
  }

  @Override
  public void tls(long connection, Tls tls) {
    Connection c = connections.get(connection);
    if (c != null) {
      c.secured().facts = Optional.of(tls);
    }
  }

  @Override
  public void tcpInfo(long connection, long rttMicros, long retransmits) {
    Connection c = connections.get(connection);
    if (c != null) {
      c.info = new Connection.Info(rttMicros, retransmits);
    }
  }

  @Override
  public void closed(
      long connection,
      long bytesOut,
      long bytesIn,
      long lastWrite,
      long lastRead,
      SocketError error,
      long at,
      long understood) {
    Connection c = connections.get(connection);
    if (c != null && c.closing == null) {
      c.closing =
          new Connection.Closing(
              bytesOut,
              bytesIn,
              lastWrite,
              lastRead,
              error,
              at,
              understood,
              wallOffset.getAsLong());
      touch(c);
    }
  }

  /** The hooks' ring was full: so many events never came; {@link #doubt} is due. */
  public void eventsLost(long count) {
    eventsLost += count;
  }

  /**
   * Something that a hook should have told is missing, nobody knows of which connection: of those
   * known by now.
   */
  public void doubt() {
    connections.forEach(
        c -> {
          c.doubtful = true;
          if (over(c)) {
            wait(c);
          }
        });
  }

  /**
   * Ends those in doubt that are open no more, whose end therefore was never told: without packets
   * nothing else would. To be called twice, and by the second time all events that were written by
   * the first must have been passed: one that is just being opened, or closed, is told of by then.
   *
   * @param open numbers of the connections that are open, ascending
   */
  public void endUntold(long[] open, long now) {
    Set<Long> missing = new HashSet<>();
    connections.forEach(
        c -> {
          if (!c.doubtful
              || c.wireOnly
              || c.closing != null
              || Arrays.binarySearch(open, c.number) >= 0) {
            return;
          }
          if (!absent.contains(c.number)) {
            missing.add(c.number);
            return;
          }
          while (c.first != null) {
            finish(c, c.first, now, false);
          }
          end(c, now, false);
        });
    absent = missing;
  }

  // ---- time

  private void touch(Connection c) {
    if (!c.dirty) {
      c.dirty = true;
      dirty.add(c);
    }
  }

  private void wait(Connection c) {
    if (!c.waiting) {
      c.waiting = true;
      waiting.add(c);
    }
  }

  /**
   * Judges what is final. To be called after the rings were drained.
   *
   * @param now a time before the drain began: all records and events up to it were passed
   * @return when to call again at the latest, {@link Long#MAX_VALUE}: only once something was
   *     passed
   */
  public long tick(long now) {
    wallOffset.expire();
    judge.begin();
    for (int n = dirty.size(); n > 0; n--) {
      Connection c = dirty.poll();
      c.dirty = false;
      process(c, now);
    }
    if (now >= nextSweep) {
      nextSweep = now + SWEEP;
      for (int n = waiting.size(); n > 0; n--) {
        Connection c = waiting.poll();
        c.waiting = false;
        if (!c.gone) {
          process(c, now);
        }
      }
      if (ownerless > 0) {
        for (Wire wire : List.copyOf(unaccepted.values())) {
          if (wire.one == null && now >= wire.keptUntil) {
            ownerless--;
            forget(wire);
          }
        }
      }
      if (!unasked.isEmpty()) {
        Iterator<Wire> oldest = unasked.values().iterator();
        while (oldest.hasNext() && now - oldest.next().one.exit > SECOND) {
          oldest.remove();
        }
        if (unasked.isEmpty()) {
          // A burst's table does not stay.
          unasked = new LinkedHashMap<>();
        }
      }
      if (early.size() > 0) {
        early.forEach(
            of -> {
              if (now - of.since > FINALITY) {
                early.remove(of.flow);
                earlyCount -= of.count();
                packetsDropped += of.count();
              }
            });
      }
    }
    wallOffset.expire();
    if (!dirty.isEmpty()) {
      return now + MILLISECOND;
    }
    return waiting.isEmpty() && early.size() == 0 && ownerless == 0 ? Long.MAX_VALUE : nextSweep;
  }

  /** Judges each open exchange as it stands, after the last drain; then nothing is left. */
  public void shutdown(long now) {
    wallOffset.expire();
    judge.begin();
    connections.forEach(
        c -> {
          while (c.first != null) {
            finish(c, c.first, now, true);
          }
          end(c, now, true);
        });
    dirty.clear();
    waiting.clear();
  }

  private void process(Connection c, long now) {
    if (c.gone) {
      return;
    }
    boolean wait = false;
    for (Pending e = c.first, next; e != null; e = next) {
      next = e.next;
      if (e.ambiguous || e.index > c.unframedFrom()) {
        e.ambiguous = true;
      }
      if (isFinal(c, e, now)) {
        finish(c, e, now, false);
      } else if (e.whole() || e.passedAt != 0 || c.closing != null) {
        wait = true;
      }
    }
    if (c.wire != null) {
      if (c.first == null && !needsPackets(c, now)) {
        // But what was seen stays seen.
        trim(c, Long.MAX_VALUE, Long.MAX_VALUE);
        forgetUnneeded(c.wire);
      }
      // Without an exchange there is nothing that time ends, but for a close that was not told of:
      // a connection that its peer reset may lie in a pool for days.
      wait |= over(c) && (c.first != null || c.doubtful);
      wait |= awaitsPackets(c, now);
    }
    if (c.closing == null && c.first == null && c.doubtful && overForLong(c, now)) {
      end(c, now, false);
      return;
    }
    if (c.closing != null && c.first == null) {
      if (canEnd(c, now)) {
        end(c, now, false);
        return;
      }
      wait = true;
    }
    if (wait) {
      wait(c);
    }
  }

  /** Traffic without packets in one direction after a second wants more interfaces tapped. */
  private boolean awaitsPackets(Connection c, long now) {
    if (c.traffic == 0 || allInterfaces) {
      return false;
    }
    Flow flow = c.wire.flow;
    boolean out = c.out().ifindex() != 0;
    boolean in = c.in().ifindex() != 0;
    if (out && in) {
      c.traffic = 0;
      return false;
    }
    if (now - c.traffic < SECOND) {
      return true;
    }
    c.traffic = 0;
    if (!out || !in && (c.judged || c.first != null || flow.packets() == 0)) {
      allInterfaces = true;
    }
    return false;
  }

  /** Whether {@code e} is final: INTERFACE.md, Verdicts. */
  private boolean isFinal(Connection c, Pending e, long now) {
    Connection.Closing closing = c.closing;
    boolean over = c.wire != null && c.wire.flow.over();
    if (e.whole() && !e.ambiguous) {
      if (now < e.wholeAt()) {
        return false;
      }
      if (c.wire == null) {
        // In tier 3, TCP_INFO comes behind the message's end.
        return kernel.tier() != 3
            || c.info != null
            || now >= e.wholeAt() + SWEEP
            || closing != null;
      }
      // What the stack had in hand when an RST came may still leave; not behind the close.
      boolean still =
          over && (c.wire.flow.resetTime() == 0 || closing != null && now >= closing.at());
      if (still || judge.settled(c, e) || now >= e.wholeAt() + FINALITY) {
        return true;
      }
      if (!c.wire.flow.known() && c.entry < kernel.attachedAt()) {
        return true;
      }
      if (!c.wire.settled && now >= c.wire.nextLook) {
        // A packet that raced the claim is in the candidate alone.
        c.wire.nextLook = now + SWEEP;
        lookAgain(c.wire);
        if (judge.settled(c, e)) {
          return true;
        }
      }
      return now >= e.wholeAt() + LATE && judge.acknowledged(c, e);
    }
    if (e.passedAt != 0 && now >= e.passedAt + FINALITY) {
      return true;
    }
    if (closing != null) {
      return now >= closing.at() && (c.wire == null || over || now >= closing.at() + FINALITY);
    }
    return overForLong(c, now);
  }

  private static boolean overForLong(Connection c, long now) {
    return over(c) && now >= c.wire.flow.overTime() + FINALITY;
  }

  private void finish(Connection c, Pending e, long now, boolean shutdown) {
    Wire wire = c.wire;
    if (wire != null && !wire.settled) {
      lookLast(wire);
      // The other end of the same connection may still ask for its first exchange.
      if (wire.two == null || c == wire.two || wire.two.judged || wire.one.judged) {
        settled(wire);
      }
    }
    boolean told = false;
    boolean head = isHead(c, e);
    boolean ended = e.whole() || e.ambiguous || shutdown || c.closing != null || over(c);
    if (e.request != null
        && !e.headless()
        && !e.neverSent()
        && (e.passedAt == 0 ? ended : e.tellable())) {
      Exchange exchange = judge.judge(c, e, now, shutdown);
      verdicts[exchange.verdict().ordinal()]++;
      outcomes.exchange(exchange);
      told = true;
    }
    if (!told) {
      untold(c, e);
    }
    c.judged = true;
    Pending next = e.next;
    for (Pending p = c.first; head && p != e; p = p.next) {
      p.passedAt = p.passedAt == 0 ? now : p.passedAt;
    }
    c.remove(e);
    if (wire != null && told && e.whole()) {
      // Answered, so accepted, by a server that the hooks don't see.
      unaccepted.remove(wire.tuple, wire);
    }
    if (wire != null && head && unaccepted.get(wire.tuple) != wire) {
      trim(
          c,
          next != null && next.request != null ? next.firstByte() : judge.requestNext(e),
          next != null && next.response != null ? next.response.offset() : judge.responseNext(e));
    }
  }

  /**
   * Whether no exchange before {@code e} needs packets. One that is not whole though a later one is
   * lacks an event: messages follow one another.
   */
  private static boolean isHead(Connection c, Pending e) {
    if (c.first != e && !(c.doubtful && e.whole())) {
      return false;
    }
    for (Pending p = c.first; p != e; p = p.next) {
      if (p.whole()) {
        return false;
      }
    }
    return true;
  }

  /** Something of {@code e} is known, but no request's head. */
  private void untold(Connection c, Pending e) {
    boolean headCut = e.request == null && e.requestEnd >= 0 && !e.requestProven;
    if ((headCut || e.neverSent()) && eventsLost == 0) {
      // The connection's end cut the head: no request was made. If it was the first, the
      // connection's own line tells it.
      c.exchanges--;
    } else if (!c.noRequests() && c.upgrade() == null) {
      exchangesDropped++;
    }
  }

  private static boolean over(Connection c) {
    return c.wire != null && c.wire.flow.over();
  }

  /**
   * Forgets packets below these positions, as far as the connection's other end, if it is here,
   * agrees.
   */
  private void trim(Connection c, long requests, long responses) {
    Wire wire = c.wire;
    c.needsRequests = Math.max(c.needsRequests, requests);
    c.needsResponses = Math.max(c.needsResponses, responses);
    Connection other = wire.one == c ? wire.two : wire.one;
    if (other != null) {
      requests = Math.min(c.needsRequests, other.needsRequests);
      responses = Math.min(c.needsResponses, other.needsResponses);
    }
    Flow flow = wire.flow;
    records -= flow.records();
    trim(c.requests(), requests);
    trim(c.responses(), responses);
    if (other == null || other.first == null) {
      // What comes next began after the request that was judged last.
      flow.trim(c.previousBegin);
    }
    if (wire.settled && !flow.known()) {
      // Where its bytes stand, nothing will tell: it would keep them all.
      flow.overflow(flow.lastTime());
    }
    records += flow.records();
  }

  private static void trim(Timeline line, long position) {
    line.trim(Math.min(position, position == Long.MAX_VALUE ? line.contiguous() : line.highest()));
  }

  private boolean canEnd(Connection c, long now) {
    if (now < c.closing.at()) {
      return false;
    }
    if (c.wireOnly) {
      return c.failed || over(c);
    }
    return c.wire == null || over(c) || c.failed || now >= c.closing.at() + FINALITY;
  }

  /** The last word about a connection. */
  private void end(Connection c, long now, boolean shutdown) {
    if (c.closing != null && (c.exchanges == 0 || c.upgrade() != null || c.failedTls())
        || shutdown && c.upgrade() != null) {
      if (c.wire != null && !c.wire.settled) {
        lookLast(c.wire);
      }
      ConnectionOutcome outcome = judge.connection(c, now);
      if (outcome.verdict() == Verdict.WIRE_ONLY) {
        verdicts[Verdict.WIRE_ONLY.ordinal()]++;
      }
      outcomes.connection(outcome);
    } else if (c.client() && c.sentMoreThanTold()) {
      // A request was sent of which nothing was told.
      exchangesDropped++;
    }
    c.gone = true;
    connections.remove(c.number);
    if (c.admitted) {
      kernel.left(c.local);
    }
    Wire wire = c.wire;
    if (wire == null) {
      return;
    }
    if (wire.one == c) {
      wire.one = wire.two;
    }
    wire.two = null;
    if (wire.one != null) {
      return;
    }
    if (!shutdown && ownerless < limits.early() && unaccepted.get(wire.tuple) == wire) {
      wire.keptUntil = now + FINALITY;
      ownerless++;
      return;
    }
    forget(wire);
  }

  private void forget(Wire wire) {
    unaccepted.remove(wire.tuple, wire);
    unasked.remove(wire.tuple, wire);
    records -= wire.flow.records();
    if (!wire.flow.ended()) {
      kernel.end(wire.tuple, wire.flow.id());
    }
    forget(wire.flow.id());
    if (wire.alias != 0) {
      kernel.end(wire.tuple, wire.alias);
      forget(wire.alias);
    }
  }

  private void forget(long flow) {
    wires.remove(flow);
    if (doneOrder[doneNext] != 0) {
      done.remove(doneOrder[doneNext]);
    }
    doneOrder[doneNext] = flow;
    doneNext = (doneNext + 1) % CLOSED_REMEMBERED;
    done.put(flow, Boolean.TRUE);
  }

  // ---- what the summary says

  /**
   * A claimed flow moved bytes for a second without packets: it takes an interface that has no tap.
   */
  public boolean wantsAllInterfaces() {
    return allInterfaces;
  }

  /** Exchanges (of {@link Verdict#WIRE_ONLY}: connections) judged so. */
  public long judged(Verdict verdict) {
    return verdicts[verdict.ordinal()];
  }

  /** Records of the ring passed. */
  public long packets() {
    return packets;
  }

  /** Records that no bound left room for, or that belonged to no connection. */
  public long packetsDropped() {
    return packetsDropped;
  }

  /** Exchanges of which something is known, but too little to tell of. */
  public long exchangesDropped() {
    return exchangesDropped;
  }

  /** Connections that found no room. */
  public long connectionsDropped() {
    return connectionsDropped;
  }

  /** As told by {@link #eventsLost(long)}. */
  public long eventsLost() {
    return eventsLost;
  }

  /** Phases left out since their marks were inverted. */
  public long phasesInverted() {
    return judge.phasesInverted();
  }

  /** Connections that are open, and flows and packets kept: for tests and the curious. */
  int connectionCount() {
    return connections.size();
  }

  int recordCount() {
    return records;
  }
}
