package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Call;
import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Correlator;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.KernelView;
import io.httpaudit.correlate.MessageHead;
import io.httpaudit.correlate.Outcomes;
import io.httpaudit.correlate.Tracing;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

/**
 * What a connection costs that is open, had an exchange, and waits: in all rooms together at most 1
 * KB.
 */
class IdleConnectionTest {
  private static final int CONNECTIONS = 40_000;
  private static final byte[] REQUEST =
      "GET /pay HTTP/1.1\r\nHost: shop.test\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] RESPONSE =
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(StandardCharsets.ISO_8859_1);

  private static final Endpoint SERVER = Endpoint.of(InetAddress.getLoopbackAddress(), 80);

  private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)$");

  private final Kernel kernel = new Kernel();

  /**
   * Shows each connection's handshake and request in its candidate, as it is for a connection that
   * was accepted.
   */
  static class Kernel implements KernelView, Outcomes, Tracing {
    long matched;

    /** When the connection that is about to be accepted began. */
    long now;

    @Override
    public int tier() {
      return 1;
    }

    @Override
    public Optional<Why> lacking() {
      return Optional.empty();
    }

    @Override
    public long attachedAt() {
      return Long.MIN_VALUE;
    }

    @Override
    public Optional<Candidate> candidate(FlowTuple tuple) {
      boolean upper = !tuple.upper().equals(SERVER);
      Packet syn = packet(upper, 99, 0, 0, Packet.SYN, now);
      Packet synAck = packet(!upper, 999, 100, 0, Packet.SYN | Packet.ACK, now);
      Packet request = packet(upper, 100, 1000, REQUEST.length, Packet.ACK, now);
      return Optional.of(new Candidate(false, 1, 1, now, List.of(syn, synAck, request)));
    }

    static Packet packet(boolean upper, int seq, int ack, int payload, int flags, long time) {
      Packet p = new Packet();
      p.direction = upper ? Packet.FROM_UPPER : 0;
      p.seq = seq;
      p.ack = ack;
      p.payload = payload;
      p.flags = flags;
      p.window = 1000;
      p.ifindex = 1;
      p.time = time;
      return p;
    }

    @Override
    public long recordsLost() {
      return 0;
    }

    @Override
    public long recordsLost(FlowTuple tuple) {
      return 0;
    }

    @Override
    public void left(Endpoint local) {}

    @Override
    public void end(FlowTuple tuple, long flow) {}

    @Override
    public String interfaceName(int ifindex) {
      return "lo";
    }

    @Override
    public int homeInterface(Endpoint local, Endpoint peer) {
      return 1;
    }

    @Override
    public void exchange(Exchange exchange) {
      matched += exchange.verdict() == Verdict.MATCHED ? 1 : 0;
    }

    @Override
    public void connection(ConnectionOutcome connection) {}

    @Override
    public Exchange.TraceIds begin(long connection, long index, MessageHead request) {
      return root(connection);
    }

    @Override
    public Exchange.TraceIds root(long connection) {
      return new Exchange.TraceIds(0, 0, 0, 0, "", false);
    }

    @Override
    public Exchange.TraceIds tunnel(long connection, long index, Call call) {
      return root(0);
    }

    @Override
    public Exchange.TraceIds call(Call call, String state) {
      return root(0);
    }
  }

  @Test
  void anIdleConnectionCostsAtMostOneKilobyte() throws InterruptedException, JMException {
    Sockets sockets = new Sockets();
    Correlator correlator = new Correlator(kernel, kernel, kernel);
    converse(sockets, correlator, 0, 1_000);
    long before = live();
    converse(sockets, correlator, 1_000, CONNECTIONS);
    long each = (live() - before) / CONNECTIONS;
    assertThat(kernel.matched).isEqualTo(CONNECTIONS + 1_000);
    System.out.println("an idle connection: " + each + " bytes");
    assertThat(each).isBetween(200L, 1_024L);
    // Still there, and alive.
    converse(sockets, correlator, 0, 1);
  }

  private void converse(Sockets sockets, Correlator correlator, int from, int count)
      throws InterruptedException {
    for (int i = from; i < from + count; i++) {
      int port = 10_000 + i;
      if (from > 0 || count > 1) {
        kernel.now = System.nanoTime();
        sockets.accept(i, port);
      }
      sockets.read(i, REQUEST);
      sockets.write(i, RESPONSE);
      sockets.observer.drain(correlator, Integer.MAX_VALUE);
      boolean upper = Endpoint.of(sockets.here, port).compareTo(SERVER) > 0;
      long now = System.nanoTime();
      // The number of a connection is its flow's.
      answer(correlator, i + 1, upper, now);
      correlator.tick(now + 1);
    }
    Thread.sleep(1_100);
    for (int i = 0; i < 3; i++) {
      correlator.tick(System.nanoTime() + i * 30_000_000L);
    }
  }

  private static void answer(Correlator correlator, long flow, boolean clientIsUpper, long now) {
    Packet response =
        Kernel.packet(!clientIsUpper, 1000, 100 + REQUEST.length, RESPONSE.length, Packet.ACK, now);
    Packet ack =
        Kernel.packet(
            clientIsUpper, 100 + REQUEST.length, 1000 + RESPONSE.length, 0, Packet.ACK, now);
    response.flow = ack.flow = flow;
    correlator.packet(response);
    correlator.packet(ack);
  }

  /** Bytes of all objects that are reachable: what a collector leaves unused between them isn't. */
  private static long live() throws JMException {
    Object histogram =
        ManagementFactory.getPlatformMBeanServer()
            .invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                "gcClassHistogram",
                new Object[] {new String[0]},
                new String[] {String[].class.getName()});
    Matcher total = TOTAL.matcher((String) histogram);
    assertThat(total.find()).isTrue();
    return Long.parseLong(total.group(1));
  }
}
