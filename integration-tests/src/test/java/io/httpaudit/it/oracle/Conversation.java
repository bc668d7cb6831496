package io.httpaudit.it.oracle;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * One TCP connection, as tcpdump saw it: from its first SYN to what came before the next one on the
 * same ends.
 */
public final class Conversation {
  private static final int PLAIN_HEADER = 20;

  /** RFC 9293, 3.7.1: without the option, over IPv4. */
  private static final int DEFAULT_MAXIMUM = 536;

  private final String client;
  private final String server;
  private final int clientIsn;
  private final Stream requests = new Stream();
  private final Stream responses = new Stream();
  private final List<Long> zeroWindows = new ArrayList<>();
  private final TreeSet<Integer> clientHalves = new TreeSet<>();
  private final TreeSet<Integer> serverHalves = new TreeSet<>();
  private int clientShift;
  private int serverShift;
  private int clientMaximum;
  private int serverMaximum;
  private int syns;
  private int synAcks;
  private long synTime;
  private long synAckTime;
  private long handshakeAck;
  private long resetTime;
  private long resetOrder = Long.MAX_VALUE;
  private boolean clientAtZero;
  private boolean serverAtZero;
  private long order;
  private final List<Long> times = new ArrayList<>();

  Conversation(Packet syn) {
    client = syn.from();
    server = syn.to();
    clientIsn = syn.sequence();
    synTime = syn.time();
  }

  boolean isOpenedBy(Packet syn) {
    return syn.from().equals(client) && syn.sequence() == clientIsn;
  }

  void take(Packet p) {
    order++;
    times.add(p.time());
    boolean fromClient = p.from().equals(client);
    Stream own = fromClient ? requests : responses;
    Stream other = fromClient ? responses : requests;
    if (p.syn()) {
      handshake(p, own, fromClient);
    } else if (fromClient && p.ack() && !p.rst() && handshakeAck == 0 && synAckTime != 0) {
      handshakeAck = p.time();
    }
    if (!own.isKnown()) {
      // The refusal of a connection.
      reset(p);
      return;
    }
    long position = own.position(p.sequence() + (p.syn() ? 1 : 0));
    if (!p.rst()) {
      // An RST's payload is no byte of the stream (RFC 9293, 3.5.2), nor is its window one.
      own.payload(position, p.payload(), units(p, fromClient), p.time(), order);
      offered(p, fromClient);
      if (p.fin()) {
        own.fin(position + p.payload().length, order);
      }
      if (!p.syn()) {
        window(fromClient, p);
      }
    }
    if (p.ack() && other.isKnown()) {
      other.acknowledged(
          other.position(p.acknowledgement()), p.time(), order, p.payload().length > 0);
    }
    reset(p);
  }

  private void handshake(Packet p, Stream own, boolean fromClient) {
    own.syn(p.sequence());
    int maximum = p.maximum() == 0 ? DEFAULT_MAXIMUM : p.maximum();
    if (fromClient) {
      syns++;
      clientMaximum = maximum;
      clientShift = p.shift();
    } else {
      synAcks++;
      serverMaximum = maximum;
      serverShift = p.shift();
      if (synAckTime == 0) {
        synAckTime = p.time();
      }
    }
  }

  private void reset(Packet p) {
    if (p.rst() && resetTime == 0) {
      resetTime = p.time();
      resetOrder = order;
    }
  }

  /**
   * Sizes that the wire segments of a packet may have: one that is larger is cut behind the tap. A
   * segment's size leaves room for the options in the packet's header (RFC 6691), and Linux keeps
   * it at half of the largest window that the peer has ever offered, as the sender knew it when it
   * cut: of that the capture knows only how large it had become by then. On loopback, where a
   * segment may be 64 KiB, that matters.
   */
  private int[] units(Packet p, boolean fromClient) {
    int length = Math.max(1, p.payload().length);
    int options = p.header() - PLAIN_HEADER;
    int whole = Math.min(length, Math.max(1, Math.min(clientMaximum, serverMaximum) - options));
    TreeSet<Integer> sizes = new TreeSet<>();
    sizes.add(whole);
    for (int half : fromClient ? serverHalves : clientHalves) {
      sizes.add(Math.min(whole, half));
    }
    return sizes.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Keeps halves of the largest windows that an end has offered, one after the other. */
  private void offered(Packet p, boolean fromClient) {
    long window =
        p.syn() ? p.window() : (long) p.window() << (fromClient ? clientShift : serverShift);
    TreeSet<Integer> halves = fromClient ? clientHalves : serverHalves;
    int half = (int) Math.min(Integer.MAX_VALUE, window / 2);
    if (window > DEFAULT_MAXIMUM && (halves.isEmpty() || half > halves.last())) {
      halves.add(half);
    }
  }

  private void window(boolean fromClient, Packet p) {
    boolean zero = p.window() == 0;
    if (zero && !(fromClient ? clientAtZero : serverAtZero)) {
      zeroWindows.add(p.time());
    }
    if (fromClient) {
      clientAtZero = zero;
    } else {
      serverAtZero = zero;
    }
  }

  void done() {
    requests.done();
    responses.done();
  }

  /** {@code 127.0.0.1:40022}. */
  public String client() {
    return client;
  }

  public String server() {
    return server;
  }

  /** What that side sent, as it was on the wire. */
  public String sent(Side by, long from, long to) {
    byte[] bytes = (by == Side.CLIENT ? requests : responses).bytes();
    return new String(bytes, (int) from, (int) (to - from), StandardCharsets.ISO_8859_1);
  }

  Stream requests() {
    return requests;
  }

  Stream responses() {
    return responses;
  }

  public boolean isEstablished() {
    return handshakeAck != 0;
  }

  public int syns() {
    return syns;
  }

  long synTime() {
    return synTime;
  }

  long handshakeAck() {
    return handshakeAck;
  }

  /** When the first RST was seen; 0: none was. */
  long resetTime() {
    return resetTime;
  }

  /** The first RST's place in the capture; beyond all without one. */
  long resetOrder() {
    return resetOrder;
  }

  boolean isReset() {
    return resetTime != 0;
  }

  /** Whether this end has closed, or at least ended its half, before the other did. */
  boolean isEndedFirstBy(Side side) {
    long client = requests.finOrder();
    long server = responses.finOrder();
    return side == Side.CLIENT ? client < server : server < client;
  }

  /** Whether this end had neither ended its half nor cut the connection, at a time. */
  boolean isOpenAt(long time, Side side) {
    long fin = (side == Side.CLIENT ? requests : responses).finOrder();
    boolean ended = fin <= times.size() && times.get((int) fin - 1) <= time;
    return !ended && (resetTime == 0 || resetTime > time);
  }

  /** Nothing can follow: both ends have said so, or one has cut it. */
  boolean isOver() {
    return isReset() || requests.hasFin() && responses.hasFin();
  }

  /**
   * The handshake's round trip as one end sees it, in nanoseconds; -1: one of its two packets was
   * sent again.
   */
  long roundTrip(Side side) {
    if (handshakeAck == 0 || synAcks != 1 || side == Side.CLIENT && syns != 1) {
      return -1;
    }
    return side == Side.CLIENT ? synAckTime - synTime : handshakeAck - synAckTime;
  }

  /** Packets up to a time. */
  long packets(long to) {
    return times.stream().filter(time -> time <= to).count();
  }

  /** Transitions of either window to 0 between two times. */
  long zeroWindows(long from, long to) {
    return zeroWindows.stream().filter(time -> time >= from && time <= to).count();
  }

  @Override
  public String toString() {
    return client + "→" + server;
  }
}
