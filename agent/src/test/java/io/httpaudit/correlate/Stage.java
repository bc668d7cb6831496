package io.httpaudit.correlate;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A kernel, a report and clocks, played by hand around a real correlator. Times are microseconds on
 * stage.
 */
final class Stage implements KernelView, Outcomes, Tracing {
  static final int LO = 1;
  static final int ETH = 2;

  int tier = 1;
  Optional<Why> lacking = Optional.empty();
  long attachedAt;
  long lostByAll;
  final Map<FlowTuple, Long> lost = new HashMap<>();
  final Map<FlowTuple, Candidate> candidates = new HashMap<>();
  final List<Exchange> exchanges = new ArrayList<>();
  final List<ConnectionOutcome> connections = new ArrayList<>();
  final List<Long> ended = new ArrayList<>();
  final List<Endpoint> left = new ArrayList<>();
  long wallOffset = 1_700_000_000_000_000_000L;
  int home = ETH;
  boolean listens;
  int begun;
  Correlator correlator;

  Stage() {
    this(CorrelatorLimits.defaults());
  }

  Stage(CorrelatorLimits limits) {
    correlator = new Correlator(this, this, this, () -> wallOffset, limits);
  }

  static Endpoint at(String address, int port) {
    return Endpoint.of(new InetSocketAddress(address, port));
  }

  static long us(double micros) {
    return Math.round(micros * 1_000);
  }

  Exchange only() {
    if (exchanges.size() != 1) {
      throw new AssertionError("exchanges: " + exchanges);
    }
    return exchanges.get(0);
  }

  long tick(double micros) {
    return correlator.tick(us(micros));
  }

  @Override
  public int tier() {
    return tier;
  }

  @Override
  public Optional<Why> lacking() {
    return lacking;
  }

  @Override
  public long attachedAt() {
    return attachedAt;
  }

  @Override
  public Optional<Candidate> candidate(FlowTuple tuple) {
    return Optional.ofNullable(candidates.get(tuple));
  }

  @Override
  public long recordsLost() {
    return lostByAll;
  }

  @Override
  public long recordsLost(FlowTuple tuple) {
    return lost.getOrDefault(tuple, -1L);
  }

  @Override
  public void left(Endpoint local) {
    left.add(local);
  }

  @Override
  public void end(FlowTuple tuple, long flow) {
    ended.add(flow);
  }

  @Override
  public String interfaceName(int ifindex) {
    return ifindex == LO ? "lo" : ifindex == ETH ? "eth0" : "eth1";
  }

  @Override
  public boolean isOwnListeners(Endpoint peer, FlowTuple tuple) {
    return listens;
  }

  @Override
  public int homeInterface(Endpoint local, Endpoint peer) {
    return home;
  }

  @Override
  public void exchange(Exchange exchange) {
    exchanges.add(exchange);
  }

  @Override
  public void connection(ConnectionOutcome connection) {
    connections.add(connection);
  }

  @Override
  public Exchange.TraceIds begin(long connection, long index, MessageHead request) {
    return request.parent() == 0
        ? root(connection)
        : new Exchange.TraceIds(
            request.traceHigh(),
            request.traceLow(),
            3,
            request.parent(),
            request.state(),
            request.sampled());
  }

  @Override
  public Exchange.TraceIds root(long connection) {
    begun++;
    return new Exchange.TraceIds(1, 2, 3, 0, "", true);
  }

  @Override
  public Exchange.TraceIds tunnel(long connection, long index, Call call) {
    begun++;
    return new Exchange.TraceIds(
        call.traceHigh, call.traceLow, 1 + index, call.parent, "", call.sampled);
  }

  @Override
  public Exchange.TraceIds call(Call call, String state) {
    begun++;
    return new Exchange.TraceIds(
        call.traceHigh, call.traceLow, call.span, call.parent, state, call.sampled);
  }

  /** One TCP connection between a client and a server. */
  final class Talk {
    final Endpoint client;
    final Endpoint server;
    final FlowTuple tuple;
    final long flow;
    int clientIsn = 0xFFFF_FF00;
    int serverIsn = 0xFFFF_FFF0;
    int ifindex = ETH;
    int recordsLost;
    final List<Packet> kept = new ArrayList<>();

    Talk(long flow, Endpoint client, Endpoint server) {
      this.flow = flow;
      this.client = client;
      this.server = server;
      this.tuple = FlowTuple.of(client, server);
    }

    Packet make(boolean fromClient, long seq, long ack, int payload, int flags, double micros) {
      Packet p = new Packet();
      p.flow = flow;
      p.time = us(micros);
      p.seq = (int) seq + 1 + (fromClient ? clientIsn : serverIsn);
      p.ack = (flags & Packet.ACK) == 0 ? 0 : (int) ack + 1 + (fromClient ? serverIsn : clientIsn);
      p.payload = payload;
      p.flags = flags;
      p.window = (flags & Packet.RST) != 0 ? 0 : 500;
      p.ifindex = ifindex;
      p.lost = recordsLost;
      boolean upper = tuple.upper().equals(fromClient ? client : server);
      p.direction = upper ? Packet.FROM_UPPER : 0;
      return p;
    }

    /** The handshake at {@code micros}, +100, +110, as the kernel's candidate. */
    Talk handshake(double micros) {
      kept.clear();
      kept.add(make(true, -1, 0, 0, Packet.SYN, micros));
      kept.add(make(false, -1, 0, 0, Packet.SYN | Packet.ACK, micros + 100));
      kept.add(make(true, 0, 0, 0, Packet.ACK, micros + 110));
      candidates.put(tuple, new Candidate(false, 1, 1, us(micros + 110), List.copyOf(kept)));
      return this;
    }

    /** A further run of the candidate. */
    Talk early(Packet run) {
      kept.add(run);
      candidates.put(tuple, new Candidate(false, 1, 1, kept.get(2).time, List.copyOf(kept)));
      return this;
    }

    Talk send(Packet p) {
      correlator.packet(p);
      return this;
    }

    /** Payload of the client, or an acknowledgement without any. */
    Talk up(long seq, int payload, long ack, double micros) {
      return send(make(true, seq, ack, payload, Packet.ACK, micros));
    }

    Talk down(long seq, int payload, long ack, double micros) {
      return send(make(false, seq, ack, payload, Packet.ACK, micros));
    }

    Talk flagged(boolean fromClient, long seq, long ack, int flags, double micros) {
      return send(make(fromClient, seq, ack, 0, flags, micros));
    }

    Talk openedByClient(long connection, double entry, double exit) {
      return openedFor(0, connection, entry, exit);
    }

    Talk openedFor(long call, long connection, double entry, double exit) {
      correlator.opened(connection, Side.CLIENT, client, server, flow, us(entry), us(exit), call);
      return this;
    }

    Talk accepted(long connection, double at) {
      correlator.opened(connection, Side.SERVER, server, client, flow, us(at), us(at), 0);
      return this;
    }

    Talk request(long connection, long index, long from, long to, double first, double last) {
      requestHead(connection, index, from, to, to, first);
      correlator.messageEnd(connection, true, index, to, to, us(last), true);
      return this;
    }

    /** One that carries a context, of this span. */
    Talk requestBelow(
        long parent, long connection, long index, long from, long to, double first, double last) {
      correlator.messageHead(
          connection,
          new MessageHead(
              true, index, from, from, to, to, us(first), us(first), "GET", "/pay", "shop", 0, 1,
              parent, 1, 2, true, "rojo=1"));
      correlator.messageEnd(connection, true, index, to, to, us(last), true);
      return this;
    }

    Talk requestHead(
        long connection, long index, long from, long headEnd, long expected, double first) {
      correlator.messageHead(
          connection,
          new MessageHead(
              true, index, from, from, headEnd, expected, us(first), us(first), "GET", "/pay",
              "shop", 0, 1, 0, 0, 0, false, ""));
      return this;
    }

    Talk response(long connection, long index, long from, long to, double first, double last) {
      responseHead(connection, index, from, from, to, to, first, first);
      correlator.messageEnd(connection, false, index, to, to, us(last), true);
      return this;
    }

    Talk responseHead(
        long connection,
        long index,
        long from,
        long finalFrom,
        long headEnd,
        long expected,
        double first,
        double finalFirst) {
      correlator.messageHead(
          connection,
          new MessageHead(
              false,
              index,
              from,
              finalFrom,
              headEnd,
              expected,
              us(first),
              us(finalFirst),
              "",
              "",
              "",
              200,
              1,
              0,
              0,
              0,
              false,
              ""));
      return this;
    }

    Talk closed(long connection, long out, long in, SocketError error, double at) {
      return closed(connection, out, in, in, error, at);
    }

    /** Within TLS of what arrived but a part was decrypted. */
    Talk closed(long connection, long out, long in, long understood, SocketError error, double at) {
      correlator.closed(connection, out, in, us(at - 1), us(at - 1), error, us(at), understood);
      return this;
    }

    Talk secure(long connection) {
      correlator.tls(connection, new Tls("1.3", "", "", "", Optional.empty(), Optional.empty()));
      return this;
    }
  }

  Talk talk(long flow) {
    return new Talk(flow, at("10.9.0.1", 40022), at("10.9.0.2", 8080));
  }
}
