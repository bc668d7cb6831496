package io.httpaudit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.capture.Filter.Record;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.Packet;
import io.httpaudit.kernel.KernelVersion;
import io.httpaudit.kernel.Libc;
import io.httpaudit.kernel.NeedsRights;
import io.httpaudit.kernel.PacketSocket;
import io.httpaudit.kernel.TestRun;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The filter where the test run can't go: frames that leave, and that are too short, raw over a
 * veth pair.
 */
class FilterOnDevicesTest {
  private static final String NAME =
      "haf" + Long.toString(ProcessHandle.current().pid() % 100_000, 36);
  private static final String NEAR = NAME + "a";
  private static final String FAR = NAME + "b";

  private final List<Integer> sockets = new ArrayList<>();
  private Filter filter;
  private Endpoint one;
  private Endpoint other;
  private int near;
  private int far;
  private int sender;

  @BeforeEach
  void pair() throws Exception {
    NeedsRights.assume();
    run("ip", "link", "add", NEAR, "type", "veth", "peer", "name", FAR);
    run("ip", "link", "set", NEAR, "up");
    run("ip", "link", "set", FAR, "up");
    awaitUp(NEAR);
    awaitUp(FAR);
    near = index(NEAR);
    far = index(FAR);
    one = Endpoint.of(InetAddress.getByName("10.1.2.3"), 4000);
    other = Endpoint.of(InetAddress.getByName("10.1.2.4"), 80);
    filter = new Filter();
    filter.admit(one, other, 5);
    tap(near);
    tap(far);
    sender = TestRun.sender(near);
    sockets.add(sender);
  }

  @AfterEach
  void cleanUp() throws Exception {
    sockets.forEach(Libc::close);
    if (filter != null) {
      filter.close();
    }
    if (Files.exists(Path.of("/sys/class/net", NEAR))) {
      run("ip", "link", "del", NEAR);
    }
  }

  /** Until its queue is there, which comes some time after the command, what is sent is dropped. */
  private static void awaitUp(String name) throws Exception {
    Path state = Path.of("/sys/class/net", name, "operstate");
    for (int wait = 0; wait < 5_000 && !Files.readString(state).equals("up\n"); wait++) {
      Thread.sleep(1);
    }
    assertThat(Files.readString(state)).isEqualTo("up\n");
  }

  private static int index(String name) throws Exception {
    return Integer.parseInt(Files.readString(Path.of("/sys/class/net", name, "ifindex")).trim());
  }

  private void tap(int ifindex) throws Exception {
    int socket = PacketSocket.open(filter.object);
    PacketSocket.bind(socket, ifindex, false);
    sockets.add(socket);
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    int exit = process.waitFor();
    Assumptions.assumeFalse(output.contains("Unknown device type"), "needs the kernel's veth");
    assertThat(exit).as(String.join(" ", command) + ": " + output).isZero();
  }

  /** Sends it, and waits for what comes of it at both ends; `records` at most. */
  private List<Record> send(byte[] bytes, int records) throws Exception {
    assertThat(filter.testRun.send(sender, bytes)).isEqualTo(bytes.length);
    List<Record> seen = new ArrayList<>();
    for (int wait = 0; wait < 2_000 && seen.size() < records; wait++) {
      seen.addAll(filter.records());
      if (seen.size() < records) {
        Thread.sleep(1);
      }
    }
    return seen;
  }

  private Record seen(Frame frame, int ifindex, int direction) {
    return new Record(
        5,
        frame.seq,
        frame.ack,
        frame.payload.length,
        0,
        ifindex,
        frame.window,
        0,
        0,
        frame.flags,
        direction);
  }

  @Test
  void packetIsSeenAsItLeavesAndAsItArrives() throws Exception {
    Frame frame = new Frame(one, other).payload(9);
    assertThat(send(frame.bytes(), 2))
        .containsExactly(seen(frame, near, Packet.OUTGOING), seen(frame, far, 0));
    Frame back = new Frame(other, one).payload(9);
    assertThat(send(back.bytes(), 2))
        .containsExactly(
            seen(back, near, Packet.OUTGOING | Packet.FROM_UPPER),
            seen(back, far, Packet.FROM_UPPER));
  }

  @Test
  void paddingOfAShortFrameIsNoPayload() throws Exception {
    Frame frame = new Frame(one, other);
    frame.padding = 6;
    assertThat(send(frame.bytes(), 2))
        .containsExactly(seen(frame, near, Packet.OUTGOING), seen(frame, far, 0));
  }

  @Test
  void frameCutAtEachByteOfItsHeadersIsNothing() throws Exception {
    Endpoint one6 = Endpoint.of(InetAddress.getByName("2001:db8::1"), 4000);
    Endpoint other6 = Endpoint.of(InetAddress.getByName("2001:db8::2"), 80);
    filter.admit(one6, other6, 5);
    Frame options = new Frame(one, other);
    options.ipOptions = 2;
    options.tcpOptions = 3;
    Frame extended = new Frame(one6, other6).extension(Frame.DESTINATION, 8);
    for (Frame frame : List.of(new Frame(one, other), options, new Frame(one6, other6), extended)) {
      byte[] whole = frame.bytes();
      for (int length = 15; length < whole.length; length++) {
        assertThat(filter.testRun.send(sender, Arrays.copyOf(whole, length))).isEqualTo(length);
      }
      // The whole one behind them: when it was seen, so would they have been.
      assertThat(send(whole, 2))
          .containsExactly(seen(frame, near, Packet.OUTGOING), seen(frame, far, 0));
    }
  }

  /**
   * As a device that can't tag sends it, and as it arrives: there the kernel takes the outer tag
   * away.
   */
  @Test
  void tagOfAPacketThatLeavesIsBeforeTheNetworkHeader() throws Exception {
    Assumptions.assumeTrue(
        KernelVersion.running().atLeast(5, 19),
        "needs Linux 5.19, where a raw frame's tag is told from its network header");
    Frame tagged = new Frame(one, other).payload(9);
    tagged.tags = 1;
    assertThat(send(tagged.bytes(), 2))
        .containsExactly(seen(tagged, near, Packet.OUTGOING), seen(tagged, far, 0));
    Frame twice = new Frame(one, other).payload(9);
    twice.tags = 2;
    assertThat(send(twice.bytes(), 2))
        .containsExactly(seen(twice, near, Packet.OUTGOING), seen(twice, far, 0));
  }

  @Test
  void synThatArrivesForNobodyHereIsNoCandidateAndOneThatLeavesIs() throws Exception {
    Endpoint stranger = Endpoint.of(InetAddress.getByName("10.1.2.5"), 80);
    try (Filter arriving = new Filter()) {
      int socket = PacketSocket.open(arriving.object);
      sockets.add(socket);
      PacketSocket.bind(socket, far, false);
      arriving.admit(one, other, 5);
      Frame syn = new Frame(one, stranger).seq(99).flags(Packet.SYN);
      assertThat(filter.testRun.send(sender, syn.bytes())).isPositive();
      assertThat(filter.testRun.send(sender, new Frame(one, other).bytes())).isPositive();
      List<Record> behind = new ArrayList<>();
      for (int wait = 0; wait < 2_000 && behind.isEmpty(); wait++) {
        behind.addAll(arriving.records());
        Thread.sleep(1);
      }
      assertThat(behind).hasSize(1);
      assertThat(arriving.candidate(one, stranger)).isEmpty();
      arriving.listen(stranger);
      assertThat(filter.testRun.send(sender, syn.bytes())).isPositive();
      until(arriving, stranger, true);
      assertThat(arriving.candidate(one, stranger).orElseThrow().inbound()).isTrue();
      arriving.unlisten(stranger);
      // Another connection's SYN, for nobody here: what was is over all the same.
      assertThat(filter.testRun.send(sender, syn.seq(12345).bytes())).isPositive();
      until(arriving, stranger, false);
      assertThat(arriving.candidate(one, stranger)).isEmpty();
    }
    Filter.Kept left = filter.candidate(one, stranger).orElseThrow();
    assertThat(left.inbound()).isFalse();
    assertThat(left.synDirection() & Packet.OUTGOING).isNotZero();
    assertThat(left.ifindex()).isEqualTo(near);
  }

  private void until(Filter arriving, Endpoint stranger, boolean there) throws Exception {
    for (int wait = 0;
        wait < 2_000 && arriving.candidate(one, stranger).isPresent() != there;
        wait++) {
      Thread.sleep(1);
    }
  }

  @Test
  void theSocketItselfHoldsNoPacket() throws Exception {
    assertThat(send(new Frame(one, other).payload(9).bytes(), 2)).hasSize(2);
    for (int socket : sockets) {
      if (socket != sender) {
        assertThat(TestRun.holdsPacket(socket)).isFalse();
      }
    }
  }
}
