package io.httpaudit.correlate;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.Timeline;
import java.util.Optional;

/**
 * A connection of this JVM, from its opening to the last word about it. Idle, it is meant to be
 * small.
 */
final class Connection {
  final long number;
  private final boolean client;
  final Endpoint local;
  final Endpoint peer;
  final long entry;
  final long exit;

  /** Whether the local end is the tuple's upper one. */
  final boolean upper;

  /** Null: no packets are to be had. */
  Wire wire;

  /**
   * There are packets, perhaps, but no room was left to have them, or they are told of as others'.
   */
  boolean unwatched;

  /** Exchanges that are not final, by index. */
  Pending first;

  Pending last;

  short pending;

  /** Exchanges judged, dropped, or begun: 0 makes it a connection line. */
  int exchanges;

  /** An exchange of it was final. */
  boolean judged;

  /** End of the last request and response that ended. */
  long requestsEnd;

  long responsesEnd;

  /** When the exchange before had its last packet: losses before are none of the next one's. */
  long previousEnd = Long.MIN_VALUE;

  /** When the exchange before had its first packet. */
  long previousBegin = Long.MIN_VALUE;

  /** Below these positions no packet is needed any more. */
  long needsRequests;

  long needsResponses;

  /**
   * An exchange was judged whose response never ended: what follows on that direction is none's.
   */
  boolean responseCut;

  /** When bytes were first moved whose packets are awaited, 0: not. */
  long traffic;

  /**
   * Of a connection on which a request was sent, other than to open a tunnel: to the next call it
   * is another's.
   */
  static final Call ANOTHERS = new Call(0, 0, 0, 0, false, 0, 0, 0);

  /** The call that wanted it, or {@link #ANOTHERS}; null: not known. */
  Call call;

  /** The kernel counts its local port. */
  boolean admitted;

  boolean failed;
  boolean wireOnly;

  /** A hook may have missed something of it. */
  boolean doubtful;

  Closing closing;

  /** Null: both directions are framed, as far as is known. */
  private Unframed unframed;

  Info info;

  /** Null: neither TLS, as far as is known, nor a tunnel. */
  Secured secured;

  /** Queued for the next tick. */
  boolean dirty;

  /** Has something that time alone may end. */
  boolean waiting;

  boolean gone;

  /** The call that wanted it, until it sends something; null: not known. */
  Call wanting() {
    return call == ANOTHERS ? null : call;
  }

  /**
   * @param understood up to where what arrived was understood: within TLS, was decrypted
   */
  record Closing(
      long bytesOut,
      long bytesIn,
      long lastWrite,
      long lastRead,
      SocketError error,
      long at,
      long understood,
      long wallOffset) {}

  /** From where on a connection's bytes are no exchanges', as far as is known. */
  private static final class Unframed {
    /** Index of the first message that isn't framed. */
    long from = Long.MAX_VALUE;

    /**
     * What the client sends is no HTTP from some message on: answers to it, such as a 400, are no
     * exchange's.
     */
    boolean noRequests;

    /** Null: no other protocol was agreed on. */
    Upgrade upgrade;
  }

  /** Exchange {@code index} isn't framed, nor is any behind it. */
  void unframed(long index) {
    unframed().from = Math.min(unframed().from, index);
  }

  /** And that is since the client speaks no HTTP. */
  void noRequests(long index) {
    unframed(index);
    unframed().noRequests = true;
  }

  void upgrade(Upgrade upgrade) {
    unframed().upgrade = upgrade;
  }

  private Unframed unframed() {
    if (unframed == null) {
      unframed = new Unframed();
    }
    return unframed;
  }

  /** Whether some exchange is the last that is framed. */
  boolean isUnframed() {
    return unframed != null;
  }

  /** Index of the first exchange that isn't framed. */
  long unframedFrom() {
    return unframed == null ? Long.MAX_VALUE : unframed.from;
  }

  /** Whether the client speaks no HTTP, or none any more. */
  boolean noRequests() {
    return unframed != null && unframed.noRequests;
  }

  /** The other protocol that was agreed on, or null. */
  Upgrade upgrade() {
    return unframed == null ? null : unframed.upgrade;
  }

  /**
   * @param named whether it is known which protocol
   */
  record Upgrade(long outOffset, long inOffset, String outcome, boolean named) {}

  /** A connection's TLS, or the tunnel in which that begins. */
  static final class Secured {
    /** When a proxy's grant of the tunnel was read; 0: there is none. */
    long granted;

    Optional<Tls> facts = Optional.empty();

    /** A handshake that no exchange followed yet; to 0: none. */
    long handshakeFrom;

    long handshakeTo;

    /** Index of the first request that is no tunnel's. */
    long begins;
  }

  Secured secured() {
    if (secured == null) {
      secured = new Secured();
    }
    return secured;
  }

  /** Index of the first request that is no tunnel's. */
  long begins() {
    return secured == null ? 0 : secured.begins;
  }

  /** When a proxy's grant of a tunnel was read; 0: there is none. */
  long granted() {
    return secured == null ? 0 : secured.granted;
  }

  Optional<Tls> tls() {
    return secured == null ? Optional.empty() : secured.facts;
  }

  /** A handshake failed, perhaps one behind a tunnel's exchange. */
  boolean failedTls() {
    return tls().flatMap(Tls::failure).isPresent();
  }

  record Info(long rttMicros, long retransmits) {}

  Connection(long number, Side side, Endpoint local, Endpoint peer, long entry, long exit) {
    this.number = number;
    client = side == Side.CLIENT;
    this.local = local;
    this.peer = peer;
    this.entry = entry;
    this.exit = exit;
    this.upper = local.compareTo(peer) > 0;
  }

  boolean client() {
    return client;
  }

  Side side() {
    return client ? Side.CLIENT : Side.SERVER;
  }

  Timeline out() {
    return wire.flow.from(upper);
  }

  Timeline in() {
    return wire.flow.from(!upper);
  }

  /** Packets show more than the hooks told, which tell all that is written: they missed some. */
  boolean sentMoreThanTold() {
    return closing != null
        && wire != null
        && wire.flow.known()
        && out().contiguous() > closing.bytesOut;
  }

  Timeline requests() {
    return client() ? out() : in();
  }

  Timeline responses() {
    return client() ? in() : out();
  }

  /** The exchange of this index, or null. */
  Pending find(long index) {
    // Events come in the order of their exchanges, nearly, and many may wait between two rounds.
    if (last == null || index > last.index) {
      return null;
    }
    if (index == last.index) {
      return last;
    }
    for (Pending p = first; p != null && p.index <= index; p = p.next) {
      if (p.index == index) {
        return p;
      }
    }
    return null;
  }

  /** Adds an exchange in its place. */
  Pending add(long index) {
    Pending added = new Pending(index);
    if (last != null && last.index < index) {
      last.next = added;
      last = added;
    } else if (first == null || first.index > index) {
      added.next = first;
      first = added;
      last = last == null ? added : last;
    } else {
      Pending at = first;
      while (at.next != null && at.next.index < index) {
        at = at.next;
      }
      added.next = at.next;
      at.next = added;
    }
    pending++;
    exchanges++;
    return added;
  }

  void remove(Pending removed) {
    if (first == removed) {
      first = removed.next;
      last = first == null ? null : last;
    } else {
      Pending at = first;
      while (at.next != removed) {
        at = at.next;
      }
      at.next = removed.next;
      last = removed == last ? at : last;
    }
    pending--;
  }
}
