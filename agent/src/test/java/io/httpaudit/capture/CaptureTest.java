package io.httpaudit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.KernelView.Candidate;
import io.httpaudit.correlate.Side;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import io.httpaudit.kernel.KernelVersion;
import io.httpaudit.kernel.NeedsRights;
import java.io.BufferedReader;
import java.io.FileReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The kernel side with real connections over loopback. */
class CaptureTest {
  private AuditThread audit;
  private Capture capture;

  @BeforeEach
  void start() throws Exception {
    NeedsRights.assume();
    audit = new AuditThread();
    capture = audit.capture;
    assertThat(capture.missing()).isEmpty();
    assertThat(capture.tier()).isEqualTo(1);
  }

  @AfterEach
  void stop() throws Exception {
    if (audit != null) {
      audit.close();
    }
  }

  private static Endpoint local(Socket socket) {
    return Endpoint.of((InetSocketAddress) socket.getLocalSocketAddress());
  }

  private static Endpoint peer(Socket socket) {
    return Endpoint.of((InetSocketAddress) socket.getRemoteSocketAddress());
  }

  private static FlowTuple tuple(Socket socket) {
    return FlowTuple.of(local(socket), peer(socket));
  }

  private long records() throws Exception {
    return audit.ask(() -> capture.records());
  }

  private long packets() throws Exception {
    return audit.ask(() -> capture.packets());
  }

  private long lost(FlowTuple tuple) throws Exception {
    return audit.ask(() -> capture.recordsLost(tuple));
  }

  private List<Packet> all(Socket socket, long flow) throws Exception {
    List<Packet> all = new ArrayList<>();
    audit.ask(() -> capture.candidate(tuple(socket))).ifPresent(c -> all.addAll(c.packets()));
    for (Packet packet : audit.packets()) {
      if (packet.flow == flow) {
        all.add(packet);
      }
    }
    return all;
  }

  /** Stream positions that packets of one direction cover. */
  private static BitSet covered(List<Packet> packets, boolean fromUpper) {
    int isn = 0;
    boolean known = false;
    for (Packet packet : packets) {
      if (packet.has(Packet.SYN) && packet.fromUpper() == fromUpper) {
        isn = packet.seq;
        known = true;
      }
    }
    assertThat(known).isTrue();
    BitSet covered = new BitSet();
    for (Packet packet : packets) {
      if (packet.fromUpper() == fromUpper && packet.payload > 0) {
        int from = packet.seq - isn - 1;
        covered.set(from, from + packet.payload);
      }
    }
    return covered;
  }

  private static BitSet upTo(int bytes) {
    BitSet all = new BitSet();
    all.set(0, bytes);
    return all;
  }

  private void roundTrip(String address, long seed) throws Exception {
    Random random = new Random(seed);
    InetAddress loopback = InetAddress.getByName(address);
    try (ServerSocket server = new ServerSocket(0, 5, loopback)) {
      Endpoint listener = Endpoint.of(loopback, server.getLocalPort());
      capture.listening(listener);
      for (int round = 0; round < 20; round++) {
        capture.connecting(listener);
        try (Socket client = new Socket(loopback, server.getLocalPort())) {
          long number = 100 * seed + 2 * round + 1;
          long flow = capture.admit(local(client), peer(client), Side.CLIENT, number);
          assertThat(flow).isEqualTo(number);
          int early = random.nextInt(3000);
          client.getOutputStream().write(new byte[early]);
          try (Socket accepted = server.accept()) {
            assertThat(capture.admit(local(accepted), peer(accepted), Side.SERVER, number + 1))
                .as("the other end's flow")
                .isEqualTo(claimsAtOnce() ? number : number + 1);
            int late = random.nextInt(200_000);
            int back = random.nextInt(200_000);
            Thread writer =
                new Thread(
                    () -> {
                      try {
                        client.getOutputStream().write(new byte[late]);
                      } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                      }
                    });
            writer.start();
            assertThat(accepted.getInputStream().readNBytes(early + late)).hasSize(early + late);
            writer.join();
            accepted.getOutputStream().write(new byte[back]);
            assertThat(client.getInputStream().readNBytes(back)).hasSize(back);
            List<Packet> packets = all(client, flow);
            boolean clientIsUpper = local(client).equals(tuple(client).upper());
            assertThat(covered(packets, clientIsUpper)).isEqualTo(upTo(early + late));
            assertThat(covered(packets, !clientIsUpper)).isEqualTo(upTo(back));
            assertThat(packets).allMatch(p -> !p.outgoing(), "lo shows packets as they arrive");
            assertThat(packets)
                .allMatch(p -> capture.interfaceName(p.ifindex).equals("lo"), "on lo");
            assertThat(lost(tuple(client))).isZero();
          }
        }
      }
      capture.unlistening(listener);
    }
    long lost = audit.ask(() -> capture.recordsLost());
    assertThat(lost).isZero();
    assertThat(records()).isPositive();
  }

  @Test
  void seesEachByteOfAnIpv4ConnectionOnce() throws Exception {
    roundTrip("127.0.0.1", 1);
  }

  @Test
  void seesEachByteOfAnIpv6Connection() throws Exception {
    roundTrip("::1", 2);
  }

  @Test
  void candidateHoldsTheHandshakeAndTheRequestBeforeTheClaim() throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    try (ServerSocket server = new ServerSocket(0, 5, loopback)) {
      Endpoint listener = Endpoint.of(loopback, server.getLocalPort());
      capture.listening(listener);
      long before = System.nanoTime();
      try (Socket client = new Socket(loopback, server.getLocalPort())) {
        client.getOutputStream().write(new byte[187]);
        Thread.sleep(50);
        long after = System.nanoTime();
        try (Socket accepted = server.accept()) {
          Candidate candidate = audit.ask(() -> capture.candidate(tuple(accepted))).orElseThrow();
          assertThat(candidate.syns()).isEqualTo(1);
          assertThat(candidate.synAcks()).isEqualTo(1);
          assertThat(candidate.overflowed()).isFalse();
          Packet syn = candidate.packets().get(0);
          Packet synAck = candidate.packets().get(1);
          assertThat(syn.flags & (Packet.SYN | Packet.ACK)).isEqualTo(Packet.SYN);
          assertThat(synAck.flags & (Packet.SYN | Packet.ACK)).isEqualTo(Packet.SYN | Packet.ACK);
          assertThat(synAck.fromUpper()).isNotEqualTo(syn.fromUpper());
          assertThat(synAck.ack).isEqualTo(syn.seq + 1);
          assertThat(before).isLessThanOrEqualTo(syn.time);
          assertThat(syn.time).isLessThanOrEqualTo(synAck.time);
          assertThat(synAck.time).isLessThanOrEqualTo(candidate.handshakeAck());
          assertThat(candidate.handshakeAck()).isLessThanOrEqualTo(after);
          boolean clientIsUpper = local(client).equals(tuple(client).upper());
          assertThat(covered(candidate.packets(), clientIsUpper)).isEqualTo(upTo(187));
        }
      }
    }
  }

  @Test
  void onlyAdmittedConnectionsComeByTheRing() throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    try (ServerSocket server = new ServerSocket(0, 5, loopback)) {
      capture.listening(Endpoint.of(loopback, server.getLocalPort()));
      long records = records();
      long packets = packets();
      for (int i = 0; i < 50; i++) {
        try (Socket other = new Socket(loopback, server.getLocalPort());
            Socket accepted = server.accept()) {
          other.getOutputStream().write(new byte[1000]);
          accepted.getInputStream().readNBytes(1000);
        }
      }
      assertThat(packets()).isGreaterThan(packets + 50 * 6);
      assertThat(records()).isEqualTo(records);
      assertThat(audit.packets()).isEmpty();
    }
  }

  @Test
  void endedFlowSendsNothingMore() throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    try (ServerSocket server = new ServerSocket(0, 5, loopback)) {
      capture.listening(Endpoint.of(loopback, server.getLocalPort()));
      try (Socket client = new Socket(loopback, server.getLocalPort());
          Socket accepted = server.accept()) {
        long flow = capture.admit(local(client), peer(client), Side.CLIENT, 77);
        // A claim that was left to the audit thread is made by then.
        audit.packets();
        client.getOutputStream().write(1);
        accepted.getInputStream().read();
        Thread.sleep(60);
        assertThat(audit.packets()).isNotEmpty();
        audit.ask(
            () -> {
              capture.end(tuple(client), flow + 1);
              return null;
            });
        assertThat(lost(tuple(client))).as("another flow's end").isZero();
        audit.ask(
            () -> {
              capture.end(tuple(client), flow);
              return null;
            });
        assertThat(lost(tuple(client))).isEqualTo(-1);
        int seen = audit.packets().size();
        client.getOutputStream().write(1);
        accepted.getInputStream().read();
        Thread.sleep(60);
        assertThat(audit.packets()).hasSize(seen);
      }
    }
  }

  /**
   * Before Linux 5.19 the audit thread makes the claims, and both ends learn of each other by their
   * candidate only.
   */
  private static boolean claimsAtOnce() {
    return KernelVersion.running().atLeast(5, 19);
  }

  @Test
  void staleClaimOfTheSameSideIsReplaced() {
    Assumptions.assumeTrue(claimsAtOnce(), "needs Linux 5.19, where a hook makes the claim itself");
    Endpoint one = new Endpoint(0, 0xffff_c000_0201L, 1000);
    Endpoint other = new Endpoint(0, 0xffff_c000_0202L, 80);
    assertThat(capture.admit(one, other, Side.CLIENT, 5)).isEqualTo(5);
    assertThat(capture.admit(one, other, Side.CLIENT, 6)).isEqualTo(6);
    assertThat(capture.admit(other, one, Side.SERVER, 7)).isEqualTo(6);
    assertThat(capture.admit(other, one, Side.SERVER, 8)).isEqualTo(6);
  }

  @Test
  void aConnectionForWhichTheKernelHasNoRoomIsRefused() {
    Assumptions.assumeTrue(claimsAtOnce(), "needs Linux 5.19, where a hook makes the claim itself");
    Endpoint server = new Endpoint(0, 0xffff_c000_0202L, 80);
    int number = 0;
    for (int host = 1; host <= 2; host++) {
      for (int port = 1; port <= 32_768; port++) {
        Endpoint client = new Endpoint(0, 0xffff_c000_0300L + host, port);
        assertThat(capture.admit(client, server, Side.CLIENT, ++number)).isEqualTo(number);
      }
    }
    Endpoint tooMany = new Endpoint(0, 0xffff_c000_0303L, 1);
    assertThat(capture.admit(tooMany, server, Side.CLIENT, ++number)).isEqualTo(Admission.REFUSED);
    assertThat(capture.admissionsRefused()).isEqualTo(1);

    // One that nobody is told of makes room.
    capture.withdraw(new Endpoint(0, 0xffff_c000_0301L, 7), server, 7, 7);
    assertThat(capture.admit(tooMany, server, Side.CLIENT, number)).isEqualTo(number);
  }

  @Test
  void auditThreadHasGivenUpItsRights() throws Exception {
    // All of the above works without them; the test's own thread still has them.
    long theirs = audit.ask(() -> capabilities());
    // Before 5.19 each use of a map needs CAP_BPF: the audit thread's alone keeps it.
    long given = claimsAtOnce() ? 1L << 13 | 1L << 39 : 1L << 13;
    assertThat(theirs & given).isZero();
    assertThat(capabilities() & 1L << 13).isNotZero();
  }

  @Test
  void dropReachesTheCallingThreadAndThoseItStarts() throws Exception {
    long[] seen = new long[2];
    Thread main =
        new Thread(
            () -> {
              try {
                capture.dropRightsOfThisThread();
                seen[0] = capabilities();
                Thread child = new Thread(() -> seen[1] = capabilities());
                child.start();
                child.join();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    main.start();
    main.join();
    assertThat(seen[0] & (1L << 13 | 1L << 39)).isZero();
    assertThat(seen[0]).as("the others stay").isNotZero();
    assertThat(seen[1]).isEqualTo(seen[0]);
  }

  /** Permitted and effective of this thread, or'ed. */
  private static long capabilities() {
    try (BufferedReader in = new BufferedReader(new FileReader("/proc/thread-self/status"))) {
      return in.lines()
          .filter(line -> line.startsWith("CapPrm:") || line.startsWith("CapEff:"))
          .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).trim(), 16))
          .reduce(0, (a, b) -> a | b);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void connectionThatNoHookSawIsProvenOurs() throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    try (ServerSocket server = new ServerSocket(0, 5, loopback);
        Socket client = new Socket(loopback, server.getLocalPort());
        Socket accepted = server.accept()) {
      List<UnhookedConnection> found = audit.ask(() -> capture.unhooked(fd -> false)).orElseThrow();
      assertThat(found)
          .as("by which end listens, though no hook saw that either")
          .extracting(UnhookedConnection::side, UnhookedConnection::local, UnhookedConnection::peer)
          .contains(
              Tuple.tuple(Side.CLIENT, local(client), peer(client)),
              Tuple.tuple(Side.SERVER, local(accepted), peer(accepted)));
      int fd =
          found.stream()
              .filter(c -> c.local().equals(local(client)))
              .findFirst()
              .orElseThrow()
              .fd();
      assertThat(audit.ask(() -> capture.unhooked(known -> known == fd)).orElseThrow())
          .extracting(UnhookedConnection::local)
          .contains(local(accepted))
          .doesNotContain(local(client));
    }
  }

  /** Where the start takes longer than a hooked call waits for it, on a machine that is busy. */
  @Test
  void aListenerThatIsOlderThanTheKernelSideIsAuditedOnceThatIsUp() throws Exception {
    try (Capture late = new Capture(Set.of(), true);
        ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      late.listening(Endpoint.of((InetSocketAddress) listener.getLocalSocketAddress()));
      late.start();
      assertThat(late.tapped()).containsExactly("lo");

      try (Socket client = new Socket(listener.getInetAddress(), listener.getLocalPort());
          Socket accepted = listener.accept()) {
        assertThat(late.candidate(tuple(accepted))).isPresent();
        assertThat(tuple(client)).isEqualTo(tuple(accepted));
      }
    }
  }
}
