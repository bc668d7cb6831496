package io.httpaudit.flow;

import java.util.Arrays;
import java.util.List;

/**
 * The packets of one TCP connection, both directions. Fed with the kernel's candidate, which may be
 * read again and may then show more, and with the ring's records in ring order.
 *
 * <p>Where two interfaces on one path show the same packets, those of the home interface (which
 * holds the local address) count; a direction that only another interface shows is taken from
 * there. One thread.
 */
public final class Flow {
  private static final int GAPS = 16;
  private static final long[] NONE = {};

  private final long id;
  private final Timeline fromLower = new Timeline();
  private final Timeline fromUpper = new Timeline();

  private int home;
  private long packets;

  /** First SYN, first SYN-ACK, last ACK of the handshake; 0: not seen. */
  private long synTime;

  private long synAckTime;
  private long handshakeAck;
  private boolean synFromUpper;
  private short candidateSyns;
  private short candidateSynAcks;
  private short ringSyns;
  private short ringSynAcks;

  private boolean ended;

  private int lost;
  private long lastTime = Long.MIN_VALUE;

  /** Pairs: time of the last record before some were lost, and of the first one after. */
  private long[] gaps = NONE;

  /** Zero-window changes in the order of time: time << 2 | side << 1 | window is zero. */
  private long[] windows = NONE;

  private int windowsUsed;

  /** Whose window is zero: 1 the lower's, 2 the upper's. */
  private byte zeroNow;

  /**
   * Of the candidate's packets fed: payload and acknowledgement, to see what a second look brings.
   */
  private long[] fed = NONE;

  public Flow(long id) {
    this.id = id;
  }

  public long id() {
    return id;
  }

  /** The interface that holds the local address; 0: unknown. */
  public void home(int ifindex) {
    home = ifindex;
  }

  /** Bytes sent by the tuple's upper, or else lower, end. */
  public Timeline from(boolean upper) {
    return upper ? fromUpper : fromLower;
  }

  /** Packets that counted: of the ring and runs of the candidate. */
  public long packets() {
    return packets;
  }

  /** Whether both SYNs, and so the meaning of both directions' sequence numbers, are known. */
  public boolean known() {
    return fromLower.known() && fromUpper.known();
  }

  /** When the first SYN was on the wire, 0: not seen. */
  public long synTime() {
    return synTime;
  }

  /** When the first SYN-ACK was on the wire, 0: not seen. */
  public long synAckTime() {
    return synAckTime;
  }

  /** When the last ACK of the handshake was on the wire, 0: not seen. */
  public long handshakeAck() {
    return handshakeAck;
  }

  /** Copies of the SYN. */
  public int syns() {
    return candidateSyns + ringSyns;
  }

  /** Copies of the SYN-ACK. */
  public int synAcks() {
    return candidateSynAcks + ringSynAcks;
  }

  /** When the first RST was on the wire, 0: not seen. */
  public long resetTime() {
    long lower = fromLower.resetTime();
    long upper = fromUpper.resetTime();
    return lower == 0 || upper == 0 ? lower + upper : Math.min(lower, upper);
  }

  /**
   * An RST was seen, behind which only what a stack had in hand still leaves; both FINs were
   * acknowledged; or the kernel ended the admission.
   */
  public boolean over() {
    return ended || resetTime() != 0 || fromLower.finAcked() && fromUpper.finAcked();
  }

  /** The kernel ended the admission with a record that was seen: nothing was lost behind it. */
  public boolean ended() {
    return ended;
  }

  /** When {@link #over} became true, as far as it is known; else 0. */
  public long overTime() {
    return resetTime() != 0
        ? resetTime()
        : over() ? Math.max(lastTime, Math.max(fromLower.finTime(), fromUpper.finTime())) : 0;
  }

  /** The loss counter of the last record. */
  public int lost() {
    return lost;
  }

  /** Time of the latest record. */
  public long lastTime() {
    return lastTime;
  }

  /** Records kept: what memory depends on. */
  public int records() {
    return fromLower.records() + fromUpper.records() + windowsUsed;
  }

  /**
   * What the kernel kept before the admission. May be called again: then only what is new counts.
   *
   * @param packets the first SYN, the first SYN-ACK, then the runs
   * @return false: it is another connection's on the same tuple, and was not taken
   */
  public boolean candidate(List<Packet> packets, int syns, int synAcks, long handshakeAck) {
    for (Packet p : packets) {
      if (p.has(Packet.SYN) && from(p.fromUpper()).known() && !from(p.fromUpper()).isn(p.seq)) {
        return false;
      }
    }
    candidateSyns = (short) Math.max(candidateSyns, Math.min(syns, Short.MAX_VALUE));
    candidateSynAcks = (short) Math.max(candidateSynAcks, Math.min(synAcks, Short.MAX_VALUE));
    if (handshakeAck != 0 && (this.handshakeAck == 0 || handshakeAck < this.handshakeAck)) {
      this.handshakeAck = handshakeAck;
    }
    long began = synAckTime;
    for (Packet p : packets) {
      if (p.has(Packet.SYN) && p.has(Packet.ACK)) {
        began = began == 0 ? p.time : Math.min(began, p.time);
      }
    }
    if (fed.length < 2 * packets.size()) {
      fed = Arrays.copyOf(fed, 2 * packets.size());
    }
    for (int i = 0; i < packets.size(); i++) {
      Packet p = packets.get(i);
      if (!p.has(Packet.SYN) && p.time < began) {
        // Of the connection that the tuple was before, to the peer's mind (RFC 9293, 3.5.1).
        continue;
      }
      // Which of a run's bytes were told before; a mark that no first look leaves: its flags, moved
      // up.
      long told = fed[2 * i];
      long state = (long) p.flags << 40 | 1L << 39 | p.payload;
      long ack = (long) p.ack << 16 | p.window;
      if (told == state && fed[2 * i + 1] == ack) {
        continue;
      }
      fed[2 * i] = state;
      fed[2 * i + 1] = ack;
      if (p.has(Packet.SYN) || p.ifindex == 0 || counts(from(p.fromUpper()), p.ifindex)) {
        take(p, (int) (told & 0x7f_ffff_ffffL));
      }
    }
    return true;
  }

  /** No second look will come. */
  public void candidateDone() {
    fed = NONE;
  }

  /** Packets may be missing between these times. */
  public void gap(long from, long to) {
    int n = gaps.length;
    boolean touches = n > 0 && from <= gaps[n - 1] && to >= gaps[n - 2];
    if (touches || n == 2 * GAPS) {
      gaps[n - 1] = Math.max(gaps[n - 1], to);
      gaps[n - 2] = Math.min(gaps[n - 2], from);
      return;
    }
    gaps = Arrays.copyOf(gaps, n + 2);
    gaps[n] = from;
    gaps[n + 1] = to;
  }

  /** Whether records may be missing of what happened between these times. */
  public boolean lostWithin(long from, long to) {
    for (int i = 0; i < gaps.length; i += 2) {
      if (gaps[i + 1] >= from && gaps[i] <= to) {
        return true;
      }
    }
    return false;
  }

  /** A record of the ring. */
  public void packet(Packet p) {
    if (ended) {
      return;
    }
    if (p.lost != lost) {
      gap(lastTime, p.time);
      lost = p.lost;
    }
    Timeline line = from(p.fromUpper());
    boolean again = (p.direction & Packet.ENDED) != 0 || line.known() && !line.isn(p.seq);
    if (p.has(Packet.SYN) && again) {
      // The tuple is used again: this flow was over before; or someone forged a SYN, and it goes on
      // unseen.
      if (!over()) {
        gap(lastTime + 1, Long.MAX_VALUE);
      }
      ended = true;
      return;
    }
    lastTime = Math.max(lastTime, p.time);
    int chosen = line.ifindex();
    if (counts(line, p.ifindex)) {
      if (p.has(Packet.SYN)) {
        // What another interface showed of it so far was the same one.
        boolean instead = chosen != 0 && chosen != p.ifindex;
        if (p.has(Packet.ACK)) {
          ringSynAcks = (short) (instead ? 1 : ringSynAcks + 1);
        } else {
          ringSyns = (short) (instead ? 1 : ringSyns + 1);
        }
      }
      take(p, 0);
    }
    if ((p.direction & Packet.ENDED) != 0) {
      ended = true;
    }
  }

  private boolean counts(Timeline line, int ifindex) {
    int chosen = line.ifindex();
    if (chosen == ifindex) {
      return true;
    }
    if (chosen != 0 && ifindex != home) {
      return false;
    }
    if (chosen != 0) {
      line.restart();
    }
    line.ifindex(ifindex);
    return true;
  }

  /** Takes a packet without its first {@code told} bytes, which were taken before. */
  private void take(Packet p, int told) {
    boolean upper = p.fromUpper();
    Timeline line = from(upper);
    Timeline other = from(!upper);
    if (line.ifindex() == 0) {
      line.ifindex(p.ifindex);
    }
    packets++;
    int seq = p.seq;
    if (p.has(Packet.SYN)) {
      boolean first = !line.known();
      line.isn(seq);
      seq++;
      if (p.has(Packet.ACK)) {
        if (first) {
          begin(line, other, p.time);
        }
        if (synAckTime == 0 || p.time < synAckTime) {
          synAckTime = p.time;
        }
      } else if (synTime == 0 || p.time < synTime) {
        synTime = p.time;
        synFromUpper = upper;
      }
    } else if (handshakeAck == 0
        && synTime != 0
        && synAckTime != 0
        && upper == synFromUpper
        && p.has(Packet.ACK)
        && !p.has(Packet.RST)) {
      handshakeAck = p.time;
    }
    long position = line.position(seq);
    if (p.has(Packet.URG) && !p.has(Packet.RST)) {
      line.urgent(position);
    }
    // Some stacks put a reason's text into an RST: no byte of the stream (RFC 9293, 3.5.2).
    if (p.payload > told && !p.has(Packet.RST)) {
      line.data(position + told, p.payload - told, p.gsoSize, p.time);
    }
    if (p.has(Packet.RST)) {
      line.reset(p.time);
    } else if (p.has(Packet.FIN)) {
      line.fin(position + p.payload, p.time);
    }
    if (p.has(Packet.ACK)) {
      other.ack(other.position(p.ack), p.payload > 0, p.time);
    }
    if (!p.has(Packet.RST) && !p.has(Packet.SYN)) {
      window(upper, p.window == 0, p.time);
    }
  }

  /**
   * A SYN-ACK has come, the first: a peer that reuses a tuple which this end has not forgotten is
   * first answered with an old ACK, resets that, and begins again (RFC 9293, figure 9). Neither is
   * this connection's; data in a SYN may be.
   */
  private void begin(Timeline server, Timeline client, long time) {
    server.beginAt(time, true);
    client.beginAt(time, false);
  }

  private void window(boolean upper, boolean zero, long time) {
    byte side = (byte) (upper ? 2 : 1);
    if (((zeroNow & side) != 0) == zero) {
      return;
    }
    zeroNow ^= side;
    if (windowsUsed == windows.length) {
      windows = Arrays.copyOf(windows, Math.max(4, windows.length * 2));
    }
    windows[windowsUsed++] = time << 2 | (upper ? 2 : 0) | (zero ? 1 : 0);
  }

  /** Transitions of either end's window to 0 between these times, both included. */
  public long zeroWindows(long from, long to) {
    long count = 0;
    for (int i = 0; i < windowsUsed; i++) {
      long time = windows[i] >> 2;
      if ((windows[i] & 1) != 0 && time >= from && time <= to) {
        count++;
      }
    }
    return count;
  }

  /** Forgets what concerns only times before {@code time}. */
  public void trim(long time) {
    int kept = 0;
    for (int i = 0; i < windowsUsed; i++) {
      if (windows[i] >> 2 >= time) {
        windows[kept++] = windows[i];
      }
    }
    windowsUsed = kept;
    if (kept == 0) {
      windows = NONE;
    }
    if (gaps.length > 0) {
      long[] left = new long[gaps.length];
      int n = 0;
      for (int i = 0; i < gaps.length; i += 2) {
        if (gaps[i + 1] >= time) {
          left[n++] = gaps[i];
          left[n++] = gaps[i + 1];
        }
      }
      gaps = n == 0 ? NONE : Arrays.copyOf(left, n);
    }
  }

  /**
   * Forgets what no exchange needs any more: how far each direction went, and how it ended, stays
   * known. What was missed on the way counts as lost.
   *
   * @param late by so much a record may come after one that was taken later, in nanoseconds
   */
  public void settle(long late) {
    if (!known()) {
      return;
    }
    long before = lastTime == Long.MIN_VALUE ? lastTime : lastTime - late;
    boolean lower = fromLower.settle(before);
    boolean upper = fromUpper.settle(before);
    if (!lower || !upper) {
      gap(before, lastTime);
    }
    forgetWindows();
  }

  /** Gives up all records: what they told counts as lost. */
  public void overflow(long now) {
    gap(Long.MIN_VALUE, now);
    fromLower.forget();
    fromUpper.forget();
    forgetWindows();
  }

  private void forgetWindows() {
    windowsUsed = 0;
    windows = NONE;
  }
}
