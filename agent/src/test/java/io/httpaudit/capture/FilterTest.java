package io.httpaudit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.capture.Filter.Kept;
import io.httpaudit.capture.Filter.Record;
import io.httpaudit.capture.Filter.Run;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.Packet;
import io.httpaudit.kernel.BpfObject;
import io.httpaudit.kernel.NeedsRights;
import io.httpaudit.kernel.TestRun;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The socket filter in the kernel, on crafted packets: what becomes a record, what a candidate, and
 * what nothing.
 */
class FilterTest {
  private static final int SYN = Packet.SYN;
  private static final int ACK = Packet.ACK;
  private static final int FIN = Packet.FIN;
  private static final int RST = Packet.RST;
  private static final int PSH = Packet.PSH;
  private static final int NOT_PARSED = 5;

  private static Filter filter;
  private static int lastPort = 1023;
  private static long lastFlow = 0x1000;
  private static int lastIsn;

  /** Of the test at hand: `client` is the lower end of either family. */
  private Endpoint client;

  private Endpoint server;
  private Endpoint client6;
  private Endpoint server6;
  private long flow;

  @BeforeAll
  static void load() throws Exception {
    NeedsRights.assume();
    filter = new Filter();
  }

  @AfterAll
  static void unload() {
    if (filter != null) {
      filter.close();
    }
  }

  @BeforeEach
  void tuples() throws Exception {
    another();
  }

  /** Another connection. */
  private void another() throws Exception {
    lastPort++;
    client = Endpoint.of(InetAddress.getByName("10.1.2.3"), lastPort);
    server = Endpoint.of(InetAddress.getByName("10.250.0.9"), 20_000 + lastPort);
    client6 = Endpoint.of(InetAddress.getByName("2001:db8::1"), lastPort);
    server6 = Endpoint.of(InetAddress.getByName("fd00:1:2:3:4:5:6:7"), 20_000 + lastPort);
    flow = ++lastFlow;
  }

  private Frame up() {
    return new Frame(client, server);
  }

  private Frame down() {
    return new Frame(server, client);
  }

  private Frame up6() {
    return new Frame(client6, server6);
  }

  private void admit() {
    filter.admit(client, server, flow);
    filter.admit(client6, server6, flow);
  }

  /** The record that this frame must make, on this flow. */
  private Record record(Frame frame, int payload) {
    return new Record(
        flow,
        frame.seq,
        frame.ack,
        payload,
        0,
        frame.ifindex,
        frame.window,
        frame.gsoSize,
        frame.gsoSegs,
        frame.flags,
        frame.from.compareTo(frame.to) > 0 ? Packet.FROM_UPPER : 0);
  }

  private void becomesItsRecord(Frame frame, int payload) {
    assertThat(filter.run(frame)).containsExactly(record(frame, payload));
    assertThat(filter.timed()).as("its time is the kernel's, in this JVM's clock").isTrue();
  }

  private void becomesNothing(Frame frame) {
    assertThat(filter.run(frame)).isEmpty();
  }

  /** Counted as a packet that could not be read. */
  private void isUnreadable(Frame frame) throws Exception {
    long before = filter.counter(NOT_PARSED);
    becomesNothing(frame);
    assertThat(filter.counter(NOT_PARSED)).isEqualTo(before + 1);
  }

  @Test
  void packetOfAnAdmittedFlowComesWholeByTheRing() {
    admit();
    becomesItsRecord(up().payload(100), 100);
    becomesItsRecord(down().payload(1).flags(ACK | PSH), 1);
    becomesItsRecord(up6().payload(1000), 1000);
    becomesItsRecord(new Frame(server6, client6), 0);
  }

  @Test
  void packetOfAnyOtherFlowIsNothing() throws Exception {
    admit();
    Endpoint[] near = {
      new Endpoint(server.high(), server.low(), 81),
      new Endpoint(server.high(), server.low() + 1, server.port()),
      new Endpoint(server.high() + 1, server.low(), server.port()),
      client
    };
    for (Endpoint other : near) {
      for (int flags : new int[] {ACK, ACK | PSH, FIN | ACK, RST, SYN | ACK}) {
        becomesNothing(new Frame(client, other).payload(10).flags(flags));
        becomesNothing(new Frame(other, client).payload(10).flags(flags));
        assertThat(filter.candidate(client, other)).isEmpty();
      }
    }
  }

  @Test
  void ipv4OptionsAreSteppedOver() throws Exception {
    admit();
    for (int words = 0; words <= 10; words++) {
      Frame frame = up().payload(30);
      frame.ipOptions = words;
      frame.tcpOptions = 10 - words;
      becomesItsRecord(frame, 30);
    }
    for (int words = 0; words < 5; words++) {
      Frame frame = up().payload(30);
      frame.ihl = words;
      isUnreadable(frame);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {Frame.HOP_BY_HOP, Frame.ROUTING, Frame.DESTINATION, Frame.AUTHENTICATION})
  void ipv6ExtensionHeaderIsSteppedOver(int kind) {
    admit();
    for (int bytes : new int[] {8, 16, 24, 1024}) {
      becomesItsRecord(up6().extension(kind, bytes).payload(7), 7);
    }
  }

  @Test
  void longestIpv6ExtensionHeadersAreSteppedOver() {
    admit();
    becomesItsRecord(up6().extension(Frame.DESTINATION, 2048).payload(7), 7);
    becomesItsRecord(up6().extension(Frame.AUTHENTICATION, 1028).payload(7), 7);
  }

  @Test
  void severalIpv6ExtensionHeadersAreSteppedOverUpToEight() throws Exception {
    admit();
    Frame frame = up6().payload(7).extension(Frame.HOP_BY_HOP, 8).extension(Frame.DESTINATION, 16);
    frame.extension(Frame.ROUTING, 24).fragment6(0, false).extension(Frame.AUTHENTICATION, 12);
    frame.extension(Frame.DESTINATION, 8);
    becomesItsRecord(frame, 7);
    becomesItsRecord(frame.extension(Frame.DESTINATION, 8).extension(Frame.DESTINATION, 8), 7);
    isUnreadable(frame.extension(Frame.DESTINATION, 8));
  }

  @Test
  void firstFragmentHasItsOwnBytesAndNoFin() {
    admit();
    Frame frame = up().payload(64).flags(ACK | FIN | PSH);
    frame.fragment = 0x2000;
    assertThat(filter.run(frame)).containsExactly(record(up().flags(ACK | PSH), 64));
    Frame frame6 = up6().payload(64).flags(ACK | FIN | PSH).fragment6(0, true);
    assertThat(filter.run(frame6)).containsExactly(record(up6().flags(ACK | PSH), 64));
    assertThat(filter.lost(client, server)).as("still admitted").isZero();
  }

  @Test
  void laterFragmentIsUnreadable() throws Exception {
    admit();
    for (int offset : new int[] {1, 5, 0x1fff}) {
      Frame frame = up().payload(64);
      frame.fragment = offset;
      isUnreadable(frame);
      frame.fragment = offset | 0x2000;
      isUnreadable(frame);
      isUnreadable(up6().payload(64).fragment6(offset, false));
      isUnreadable(up6().payload(64).fragment6(offset, true));
    }
  }

  @Test
  void fragmentThatCutsTheTcpHeaderIsUnreadable() throws Exception {
    admit();
    for (int content : new int[] {8, 16}) {
      Frame frame = up();
      frame.fragment = 0x2000;
      frame.length = 20 + content;
      isUnreadable(frame);
      Frame frame6 = up6().fragment6(0, true);
      frame6.length = 8 + content;
      isUnreadable(frame6);
    }
  }

  @Test
  void dontFragmentIsNoFragment() {
    admit();
    Frame frame = up().payload(5);
    frame.fragment = 0x4000;
    becomesItsRecord(frame, 5);
  }

  @Test
  void v4MappedAddressesAreTheSameFlowAsIpv4() {
    admit();
    Frame frame = up().payload(5);
    frame.v6 = true;
    becomesItsRecord(frame, 5);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void vlanTagsInTheDataAreSteppedOver(int tags) {
    admit();
    Frame frame = up().payload(5);
    frame.tags = tags;
    becomesItsRecord(frame, 5);
    frame = up6().extension(Frame.DESTINATION, 8).payload(5);
    frame.tags = tags;
    becomesItsRecord(frame, 5);
  }

  @Test
  void threeVlanTagsAreNotFollowed() {
    admit();
    Frame frame = up().payload(5);
    frame.tags = 3;
    becomesNothing(frame);
  }

  /**
   * The test run takes no fewer bytes than an IP header; what is shorter goes over a veth pair, in
   * FilterOnDevicesTest.
   */
  @Test
  void packetCutAnywhereInItsHeadersIsNothing() {
    admit();
    List<Frame> whole = new ArrayList<>();
    Frame options = up();
    options.ipOptions = 3;
    options.tcpOptions = 4;
    Frame tagged = up();
    tagged.tags = 2;
    Frame extended =
        up6()
            .extension(Frame.HOP_BY_HOP, 8)
            .fragment6(0, false)
            .extension(Frame.AUTHENTICATION, 16);
    extended.tcpOptions = 5;
    whole.addAll(List.of(up(), options, tagged, up6(), extended));
    for (Frame frame : whole) {
      byte[] bytes = frame.bytes();
      int tried = 0;
      for (int length = 14; length < bytes.length; length++) {
        // The length field says what there was, ...
        if (filter.tryRun(Arrays.copyOf(bytes, length), 1, 0, 0) == 0) {
          tried++;
          assertThat(filter.records()).as(length + " of " + bytes.length).isEmpty();
        }
      }
      assertThat(tried).isGreaterThanOrEqualTo(bytes.length - 54);
      // ... or what there is, with padding that looks like the rest.
      for (int length = 0;
          length < frame.headers() - 4 * frame.tags - (frame.v6 ? 40 : 0);
          length++) {
        frame.length = length == 0 ? 1 : length;
        becomesNothing(frame);
      }
      frame.length = null;
      becomesItsRecord(frame, 0);
    }
  }

  @Test
  void packetThatLacksPayloadWhichItsHeaderPromisesIsNothing() {
    admit();
    for (Frame frame : List.of(up().payload(100), up6().payload(100))) {
      byte[] bytes = frame.bytes();
      assertThat(filter.tryRun(Arrays.copyOf(bytes, bytes.length - 1), 1, 0, 0)).isZero();
      assertThat(filter.records()).isEmpty();
    }
  }

  @Test
  void eachCombinationOfFlagsIsInTheRecord() throws Exception {
    for (int flags = 0; flags < 256; flags++) {
      another();
      admit();
      filter.run(down());
      Frame frame = up().payload(3).flags(flags);
      boolean ends = (flags & (SYN | ACK | RST)) == SYN;
      Record expected = ends ? usedAgain(frame) : record(frame, 3);
      assertThat(filter.run(frame)).as("flags " + flags).containsExactly(expected);
      assertThat(filter.lost(client, server)).as("flags " + flags).isEqualTo(ends ? -1 : 0);
    }
  }

  /** A connect that does not wait returns while its SYN may still lie in a queueing discipline. */
  @Test
  void aSynThatLeavesAfterItsOwnAdmissionBeginsTheFlow() throws Exception {
    admit();
    Frame syn = up().flags(SYN);
    assertThat(filter.run(syn)).containsExactly(record(syn, 0));
    assertThat(filter.lost(client, server)).isZero();
    Frame again = up().seq(12_345).flags(SYN);
    assertThat(filter.run(again)).containsExactly(usedAgain(again));
    assertThat(filter.lost(client, server)).isEqualTo(-1);
  }

  /** Given up while its peer was silent; before the JVM ends the admission, others may connect. */
  @Test
  void aSynBehindTheOneThatTheAdmittedFlowHadBeforeIsTheNextConnections() throws Exception {
    filter.run(up().seq(99).flags(SYN));
    admit();
    Frame next = up().seq(500).flags(SYN);
    assertThat(filter.run(next, up().seq(501).payload(7))).containsExactly(usedAgain(next));
    assertThat(filter.lost(client, server)).isEqualTo(-1);
    assertThat(filter.candidate(client, server).orElseThrow().synIsn()).isEqualTo(500);
  }

  /** Of an earlier connection on the tuple, that is: it was refused, or is two seconds old. */
  @Test
  void aSynBehindOneThatWasNotTheAdmittedFlowsBeginsTheFlow() throws Exception {
    filter.run(up().seq(99).flags(SYN), down().seq(0).ack(100).flags(RST | ACK));
    admit();
    becomesItsRecord(up().seq(500).flags(SYN), 0);
    another();
    filter.run(up().seq(99).flags(SYN));
    filter.age(client, server, 2_000_000_000);
    admit();
    becomesItsRecord(up().seq(500).flags(SYN), 0);
    assertThat(filter.lost(client, server)).isZero();
  }

  /**
   * What was reset before it was accepted shows no packet afterwards; its port may be used again.
   */
  @Test
  void aSynThatFollowsTheAdmissionOfWhatWasAcceptedIsTheNextConnections() throws Exception {
    filter.run(up().seq(77).flags(SYN));
    filter.accept(server, client, flow);
    Frame next = up().seq(9_000_000).flags(SYN);
    assertThat(filter.run(next)).containsExactly(usedAgain(next));
    assertThat(filter.lost(client, server)).isEqualTo(-1);
    assertThat(filter.candidate(client, server)).contains(began(false, 9_000_000));
  }

  /**
   * Of the next connection on the tuple, perhaps another process's, nothing but that it is there.
   */
  private Record usedAgain(Frame syn) {
    return ended(
        new Record(flow, 0, 0, 0, 0, syn.ifindex, 0, 0, 0, SYN, record(syn, 0).direction()));
  }

  private static Record ended(Record r) {
    return new Record(
        r.flow(),
        r.seq(),
        r.ack(),
        r.payload(),
        r.lost(),
        r.ifindex(),
        r.window(),
        r.gsoSize(),
        r.gsoSegs(),
        r.flags(),
        r.direction() | Packet.ENDED);
  }

  @Test
  void extremesOfEachFieldPassUnchanged() {
    admit();
    for (int value : new int[] {0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      Frame frame = up().seq(value).ack(~value);
      frame.window = value & 0xffff;
      becomesItsRecord(frame, 0);
    }
  }

  @Test
  void segmentSizesOfALargePacketAreInTheRecord() {
    admit();
    // The test run takes no more than a page.
    becomesItsRecord(up().payload(3000).gso(1448, 3), 3000);
    becomesItsRecord(up6().payload(2800).gso(100, 28), 2800);
    becomesItsRecord(up().payload(3000).gso(65_535, 65_535), 3000);
    // virtio_net and tun.
    becomesItsRecord(up().payload(3000).gso(1448, 0), 3000);
  }

  @Test
  void lengthZeroMeansAllThereIs() {
    admit();
    for (Frame frame : List.of(up(), up6(), up6().extension(Frame.HOP_BY_HOP, 8))) {
      frame.payload(3000).gso(1400, 3);
      frame.length = 0;
      becomesItsRecord(frame, 3000);
    }
  }

  @Test
  void paddingBehindThePacketIsNoPayload() {
    admit();
    for (int padding = 1; padding < 40; padding++) {
      Frame frame = up().payload(2);
      frame.padding = padding;
      becomesItsRecord(frame, 2);
      frame = up6().payload(2);
      frame.padding = padding;
      becomesItsRecord(frame, 2);
    }
  }

  @Test
  void whatIsNotTcpIsNothing() throws Exception {
    admit();
    long before = filter.counter(NOT_PARSED);
    for (int protocol = 0; protocol < 256; protocol++) {
      if (protocol == Frame.TCP) {
        continue;
      }
      Frame frame = up().payload(30);
      frame.protocol = protocol;
      becomesNothing(frame);
      boolean extension = List.of(0, 43, 44, 51, 60).contains(protocol);
      if (!extension) {
        frame = up6().payload(30);
        frame.protocol = protocol;
        becomesNothing(frame);
      }
    }
    assertThat(filter.counter(NOT_PARSED)).isEqualTo(before);
  }

  @Test
  void tcpHeaderLengthThatCannotBeIsUnreadable() throws Exception {
    admit();
    for (int words = 0; words < 5; words++) {
      Frame frame = up().payload(30);
      frame.dataOffset = words;
      isUnreadable(frame);
      frame = up6().payload(30);
      frame.dataOffset = words;
      isUnreadable(frame);
    }
    Frame beyond = up().payload(3);
    beyond.dataOffset = 6;
    isUnreadable(beyond);
  }

  @Test
  void whatTheStackStillSendsBehindAResetIsInTheRing() {
    admit();
    Frame reset = down().flags(RST | ACK);
    Frame late = up().payload(1);
    assertThat(filter.run(reset, late)).containsExactly(record(reset, 0), record(late, 1));
    assertThat(filter.lost(client, server)).isZero();
  }

  @Test
  void bothFinsAcknowledgedEndTheAdmission() {
    admit();
    Frame finUp = up().seq(1000).ack(500).payload(10).flags(FIN | ACK);
    Frame early = down().seq(500).ack(1010).flags(ACK);
    Frame finDown = down().seq(500).ack(1011).flags(FIN | ACK);
    Frame half = up().seq(1011).ack(500).flags(ACK);
    Frame last = up().seq(1011).ack(501).flags(ACK);
    assertThat(filter.run(finUp, early, finDown, half))
        .containsExactly(record(finUp, 10), record(early, 0), record(finDown, 0), record(half, 0));
    assertThat(filter.lost(client, server)).isZero();
    assertThat(filter.run(last, last)).containsExactly(ended(record(last, 0)));
    assertThat(filter.lost(client, server)).isEqualTo(-1);
  }

  @Test
  void whatFollowsTheEndOfAnAdmissionIsKeptNowhere() throws Exception {
    filter.run(up().seq(999).flags(SYN));
    admit();
    Frame finUp = up().seq(1000).ack(500).flags(FIN | ACK);
    Frame finDown = down().seq(500).ack(1001).flags(FIN | ACK);
    Frame last = up().seq(1001).ack(501).flags(ACK);
    filter.run(finUp, finDown, last);
    for (int i = 0; i < 20; i++) {
      assertThat(filter.run(down().seq(400 - i).ack(1001).payload(1), up().seq(1001).flags(RST)))
          .isEmpty();
    }
    assertThat(filter.candidate(client, server))
        .contains(new Kept(false, "syn", 999, 0, 1, 0, 0, 0, 2, 1, 0, 1, List.of()));
  }

  @Test
  void finsAreComparedModuloTwoToThe32() {
    admit();
    Frame finUp = up().seq(-6).ack(-1).payload(10).flags(FIN | ACK);
    Frame finDown = down().seq(-1).ack(5).flags(FIN | ACK);
    Frame last = up().seq(5).ack(0).flags(ACK);
    assertThat(filter.run(finUp, finDown, last))
        .containsExactly(record(finUp, 10), record(finDown, 0), ended(record(last, 0)));
  }

  @Test
  void newSynEndsTheAdmissionAndBeginsACandidate() throws Exception {
    Frame syn = up().seq(77).flags(SYN);
    filter.run(syn);
    admit();
    Frame next = up().seq(9_000_000).ack(0).flags(SYN);
    assertThat(filter.run(syn)).as("sent again").containsExactly(record(syn, 0));
    assertThat(filter.lost(client, server)).isZero();
    assertThat(filter.run(next)).containsExactly(usedAgain(next));
    assertThat(filter.lost(client, server)).isEqualTo(-1);
    assertThat(filter.candidate(client, server)).contains(began(false, 9_000_000));
  }

  private static Kept began(boolean inbound, int isn) {
    return new Kept(inbound, "syn", isn, 0, 1, 0, 0, 0, 0, 1, 0, 1, List.of());
  }

  private static Run run(Frame frame, int payload) {
    int segments =
        payload == 0 ? 0 : frame.gsoSize == 0 ? 1 : (payload + frame.gsoSize - 1) / frame.gsoSize;
    return new Run(
        frame.seq,
        frame.ack,
        payload,
        segments,
        frame.ifindex,
        frame.window,
        frame.gsoSize,
        frame.flags,
        frame.from.compareTo(frame.to) > 0 ? Packet.FROM_UPPER : 0,
        1);
  }

  @Test
  void candidateHoldsHandshakeAndFirstBytesOfAConnectionThatBegins() throws Exception {
    Frame syn = up().seq(99).ack(0).flags(SYN);
    Frame synAck = down().seq(499).ack(100).flags(SYN | ACK);
    Frame ack = up().seq(100).ack(500);
    Frame request = up().seq(100).ack(500).payload(187).flags(ACK | PSH);
    Frame response = down().seq(500).ack(287).payload(3000).gso(1448, 3);
    assertThat(filter.run(syn, synAck, ack, request, response)).isEmpty();
    assertThat(filter.candidate(client, server))
        .contains(
            new Kept(
                false,
                "syn synack ack",
                99,
                499,
                1,
                1,
                0,
                0,
                0,
                1,
                1,
                5,
                List.of(run(ack, 0), run(request, 187), run(response, 3000))));
  }

  @Test
  void candidateOfAListenerIsInbound() throws Exception {
    filter.listen(server);
    filter.run(up().seq(99).flags(SYN));
    assertThat(filter.candidate(client, server)).contains(began(true, 99));
    // To another port of the same address: of interest as one that leaves, since this is lo.
    Endpoint other = new Endpoint(server.high(), server.low(), 81);
    filter.run(new Frame(client, other).seq(98).flags(SYN));
    assertThat(filter.candidate(client, other)).contains(began(false, 98));
  }

  @Test
  void listenerOnAllAddressesCoversTheLoopbackNetworkAndNoOther() throws Exception {
    filter.listen(new Endpoint(0, 0xffff_0000_0000L, 7777));
    for (String address : new String[] {"127.0.0.1", "127.1.2.3", "127.255.255.255"}) {
      Endpoint at = Endpoint.of(InetAddress.getByName(address), 7777);
      filter.run(new Frame(client, at).seq(5).flags(SYN));
      assertThat(filter.candidate(client, at).orElseThrow().inbound()).isTrue();
    }
    for (String address : new String[] {"126.0.0.1", "128.0.0.1", "10.0.0.127"}) {
      Endpoint at = Endpoint.of(InetAddress.getByName(address), 7777);
      filter.run(new Frame(client, at).seq(5).flags(SYN));
      assertThat(filter.candidate(client, at).orElseThrow().inbound()).isFalse();
    }
  }

  @Test
  void dataInASynIsARunBehindIt() throws Exception {
    Frame syn = up().seq(99).ack(0).flags(SYN | PSH).payload(50);
    Frame synAck = down().seq(499).ack(150).flags(SYN | ACK);
    filter.run(syn, synAck);
    Frame data = up().seq(100).ack(0).flags(PSH);
    assertThat(filter.candidate(client, server))
        .contains(
            new Kept(false, "syn synack", 99, 499, 1, 1, 0, 0, 0, 1, 1, 3, List.of(run(data, 50))));
  }

  @Test
  void dataInASynOfAnAdmittedFlowIsInItsRecord() {
    // Sent again after the claim: the ring tells it with its SYN.
    filter.run(up().seq(99).flags(SYN));
    admit();
    becomesItsRecord(up().seq(99).flags(SYN).payload(50), 50);
  }

  @Test
  void repeatedSynAndSynAckAreCounted() throws Exception {
    Frame syn = up().seq(99).flags(SYN);
    Frame synAck = down().seq(499).ack(100).flags(SYN | ACK);
    filter.run(syn, syn, synAck, syn, synAck);
    assertThat(filter.candidate(client, server))
        .contains(new Kept(false, "syn synack", 99, 499, 3, 2, 0, 0, 0, 1, 1, 5, List.of()));
  }

  /** Of a VLAN and its link both of which are tapped, say: each sees every packet. */
  @Test
  void synAndSynAckThatPassTwoInterfacesWereSentOnce() throws Exception {
    int link = interfaceBesideLoopback();
    filter.listen(server);
    List<Frame> passing = new ArrayList<>();
    for (int ifindex : new int[] {1, link}) {
      passing.add(up().seq(99).flags(SYN).on(ifindex));
    }
    for (int ifindex : new int[] {link, 1}) {
      passing.add(down().seq(499).ack(100).flags(SYN | ACK).on(ifindex));
    }
    Frame[] frames = passing.toArray(new Frame[0]);
    filter.run(frames);
    assertThat(filter.candidate(client, server))
        .contains(new Kept(true, "syn synack", 99, 499, 1, 1, 0, 0, 0, 1, link, 2, List.of()));
    filter.run(frames);
    assertThat(filter.candidate(client, server))
        .as("both sent again")
        .contains(new Kept(true, "syn synack", 99, 499, 2, 2, 0, 0, 0, 1, link, 4, List.of()));
  }

  private static int interfaceBesideLoopback() throws Exception {
    try (Stream<Path> links = Files.list(Path.of("/sys/class/net"))) {
      for (Path link : links.sorted().toList()) {
        // A file there need be no link: bonding_masters.
        Path index = link.resolve("ifindex");
        if (Files.exists(index) && !link.endsWith("lo")) {
          return Integer.parseInt(Files.readString(index).trim());
        }
      }
    }
    return Assumptions.abort("needs an interface beside lo");
  }

  @Test
  void synAckOfAnotherConnectionIsNotThisOnes() throws Exception {
    Frame syn = up().seq(99).flags(SYN);
    Frame stale = down().seq(123).ack(5_000_000).flags(SYN | ACK);
    Frame own = up().seq(123).ack(100).flags(SYN | ACK);
    filter.run(syn, stale, own);
    assertThat(filter.candidate(client, server)).contains(began(false, 99));
  }

  @Test
  void listenerThatForgotTheSynMayChooseAnotherIsn() throws Exception {
    filter.run(
        up().seq(99).flags(SYN),
        down().seq(499).ack(100).flags(SYN | ACK),
        down().seq(7499).ack(100).flags(SYN | ACK));
    assertThat(filter.candidate(client, server).orElseThrow().synAckIsn()).isEqualTo(7499);
    filter.run(up().seq(100).ack(7500), down().seq(31).ack(100).flags(SYN | ACK));
    assertThat(filter.candidate(client, server).orElseThrow().synAckIsn())
        .as("once acknowledged")
        .isEqualTo(7499);
  }

  @Test
  void candidateIsKeptOnlyForSomeTimeUnlessItsPortIsOurs() throws Exception {
    Frame data = up().seq(100).ack(500).payload(10);
    filter.run(up().seq(99).flags(SYN));
    filter.lapse(client.port());
    filter.run(data);
    assertThat(filter.candidate(client, server)).contains(began(false, 99));
    // Its SYN again, or a SYN-ACK, begins that time anew.
    filter.run(up().seq(99).flags(SYN), data);
    assertThat(filter.candidate(client, server).orElseThrow().runs())
        .containsExactly(run(data, 10));
    filter.lapse(client.port());
    filter.listen(server);
    filter.run(up().seq(500).ack(500).payload(20));
    assertThat(filter.candidate(client, server).orElseThrow().runs()).hasSize(2);
  }

  @Test
  void refusedConnectionIsACandidateThatEnded() throws Exception {
    Frame reset = down().seq(0).ack(100).flags(RST | ACK);
    filter.run(up().seq(99).flags(SYN), reset);
    assertThat(filter.candidate(client, server))
        .contains(new Kept(false, "syn", 99, 0, 1, 0, 0, 0, 1, 1, 0, 2, List.of(run(reset, 0))));
  }

  @Test
  void abortByTheCallerIsNoHandshakesEnd() throws Exception {
    filter.run(
        up().seq(99).flags(SYN),
        down().seq(499).ack(100).flags(SYN | ACK),
        up().seq(100).ack(500).flags(RST | ACK));
    assertThat(filter.candidate(client, server).orElseThrow().marks()).isEqualTo("syn synack");
  }

  @Test
  void tupleUsedAgainIsAnotherCandidate() throws Exception {
    filter.run(up().seq(99).flags(SYN), up().seq(100).payload(5));
    filter.run(up().seq(12345).flags(SYN));
    assertThat(filter.candidate(client, server)).contains(began(false, 12345));
    // Now to a listener: it moves to the other map.
    filter.listen(server);
    filter.run(up().seq(54321).flags(SYN));
    assertThat(filter.candidate(client, server)).contains(began(true, 54321));
  }

  @Test
  void bytesInOrderWithin50MicrosecondsAreOneRun() throws Exception {
    Frame syn = up().seq(99).flags(SYN);
    Frame[] data = new Frame[3];
    for (int i = 0; i < 3; i++) {
      data[i] = up().seq(100 + 1000 * i).ack(500).payload(i == 2 ? 400 : 1000);
    }
    data[2].flags(ACK | PSH);
    Run merged = new Run(100, 500, 2400, 3, 1, 0x1234, 1000, ACK | PSH, 0, 3);
    runsWithin50Microseconds(new Frame[] {syn, data[0], data[1], data[2]}, List.of(merged));
  }

  @Test
  void risingAcknowledgementsWithNothingBetweenAreOneRun() throws Exception {
    Frame syn = up().seq(99).flags(SYN);
    Frame one = up().seq(100).ack(500);
    Frame two = up().seq(100).ack(900);
    two.window = 0x2000;
    runsWithin50Microseconds(
        new Frame[] {syn, one, two}, List.of(new Run(100, 900, 0, 0, 1, 0x2000, 0, ACK, 0, 2)));
  }

  /** Another connection each time, until the machine is quick enough. */
  private void runsWithin50Microseconds(Frame[] frames, List<Run> expected) throws Exception {
    List<Run> runs = List.of();
    for (int attempt = 0; attempt < 500 && !runs.equals(expected); attempt++) {
      for (Frame frame : frames) {
        filter.tryRun(frame.bytes(), 1, frame.gsoSize, frame.gsoSegs);
      }
      runs = filter.candidate(client, server).orElseThrow().runs();
      lastIsn += 1_000_003;
      frames[0].seq(lastIsn);
    }
    assertThat(runs).isEqualTo(expected);
  }

  /** What must not be joined, however close: tried until it was proven close. */
  private void staysApart(Frame... data) throws Exception {
    boolean close = false;
    for (int attempt = 0; attempt < 500 && !close; attempt++) {
      lastIsn += 1_000_003;
      filter.run(up().seq(lastIsn).flags(SYN));
      filter.run(data);
      close = filter.took() < 50_000;
      assertThat(filter.candidate(client, server).orElseThrow().runs()).hasSize(data.length);
    }
    assertThat(close).as("two packets within 50 us").isTrue();
  }

  @Test
  void whatIsNotInOrderUnderOneAcknowledgementStaysApart() throws Exception {
    Frame first = up().seq(100).ack(500).payload(1000);
    Frame zero = up().seq(1100).ack(500).payload(1000);
    zero.window = 0;
    Frame later = up().seq(1100).ack(500).payload(1000);
    later.ifindex = 1;
    staysApart(first, up().seq(1101).ack(500).payload(1000));
    staysApart(first, first);
    staysApart(first, up().seq(1100).ack(501).payload(1000));
    staysApart(first, up().seq(1100).ack(500).payload(1001));
    staysApart(first, up().seq(1100).ack(500).payload(1000).flags(FIN | ACK));
    staysApart(first, up().seq(1100).ack(500).payload(1000).flags(RST));
    staysApart(first, up().seq(1100).ack(500).payload(1000).flags(ACK | 32));
    staysApart(first, zero);
    staysApart(zero, up().seq(2100).ack(500).payload(1000));
    staysApart(first, down().seq(1100).ack(500).payload(1000));
    staysApart(first, up().seq(1100).ack(501));
    staysApart(up().seq(100).ack(500), first);
    // An acknowledgement is never dated before the bytes it covers.
    staysApart(
        up().seq(100).ack(500), down().seq(500).ack(100).payload(50), up().seq(100).ack(550));
  }

  @Test
  void probesOfAClosedWindowAndTheirAnswersTakeNoRunOfTheirOwn() throws Exception {
    Frame data = up().seq(100).ack(500).payload(1000);
    Frame full = down().seq(500).ack(1100);
    full.window = 0;
    Frame probe = up().seq(1099).ack(500);
    Frame open = down().seq(500).ack(1100);
    filter.run(up().seq(99).flags(SYN), data, full);
    for (int i = 0; i < 3; i++) {
      filter.run(probe, full);
    }
    filter.run(open);
    Run dataAndProbes = new Run(100, 500, 1000, 1, 1, 0x1234, 0, ACK, 0, 4);
    Run closed = new Run(500, 1100, 0, 0, 1, 0, 0, ACK, Packet.FROM_UPPER, 4);
    assertThat(filter.candidate(client, server).orElseThrow().runs())
        .containsExactly(dataAndProbes, closed, run(open, 0));
  }

  @Test
  void shortSegmentEndsARun() throws Exception {
    staysApart(
        up().seq(100).ack(500).payload(1000).gso(300, 4),
        up().seq(1100).ack(500).payload(300).gso(300, 1));
  }

  @Test
  void bytesMoreThan50MicrosecondsApartAreRunsOfTheirOwn() throws Exception {
    filter.run(up().seq(99).flags(SYN), up().seq(100).ack(500).payload(10));
    Thread.sleep(1);
    filter.run(up().seq(110).ack(500).payload(10));
    assertThat(filter.candidate(client, server).orElseThrow().runs()).hasSize(2);
  }

  @Test
  void seventeenthRunIsMarkedAsOverflow() throws Exception {
    Frame[] frames = new Frame[18];
    frames[0] = up().seq(99).flags(SYN);
    List<Run> runs = new ArrayList<>();
    for (int i = 1; i < 18; i++) {
      // Backwards, so that none goes on where another ended.
      frames[i] = up().seq(10_000 - 100 * i).ack(500).payload(10);
      if (i < 17) {
        runs.add(run(frames[i], 10));
      }
    }
    long before = filter.counter(4);
    filter.run(Arrays.copyOf(frames, 17));
    assertThat(filter.candidate(client, server))
        .contains(new Kept(false, "syn ack", 99, 0, 1, 0, 0, 0, 0, 1, 0, 17, runs));
    filter.run(frames[17]);
    filter.run(frames[17]);
    assertThat(filter.candidate(client, server))
        .contains(new Kept(false, "syn ack", 99, 0, 1, 0, 0, 1, 0, 1, 0, 19, runs));
    assertThat(filter.counter(4)).isEqualTo(before + 1);
  }

  @Test
  void floodOfOutgoingConnectionsEvictsNoIncomingOne() throws Exception {
    filter.listen(server);
    filter.run(up().seq(99).flags(SYN));
    Endpoint to = new Endpoint(server.high(), server.low() + 9, 443);
    Frame first = new Frame(new Endpoint(0, 0xffff_0b00_0000L, 5), to).flags(SYN);
    filter.run(first);
    int flood = 3 * filter.object.map("outbound").maxEntries();
    for (int i = 0; i < flood; i++) {
      filter.tryRun(
          new Frame(new Endpoint(0, 0xffff_0c00_0000L + i, 5), to).flags(SYN).bytes(), 1, 0, 0);
    }
    assertThat(filter.candidate(client, server)).contains(began(true, 99));
    assertThat(filter.candidate(first.from, to)).as("evicted: nothing is known of it").isEmpty();
  }

  @Test
  void recordsWithoutRoomAreCountedInTheirFlow() throws Exception {
    try (Filter full = new Filter()) {
      full.admit(client, server, flow);
      byte[] frame = up().payload(10).bytes();
      int fits = (4 << 20) / (Layout.PACKET + 8);
      for (int i = 0; i < fits + 100; i++) {
        full.tryRun(frame, 1, 0, 0);
      }
      long lost = full.lost(client, server);
      assertThat(lost).isBetween(100L, 102L);
      assertThat(full.counter(Layout.RECORDS_LOST)).isEqualTo(lost);
      assertThat(full.counter(Layout.RECORDS)).isEqualTo(fits + 100 - lost);
      assertThat(full.records())
          .hasSize((int) (fits + 100 - lost))
          .allMatch(record -> record.lost() == 0);
      assertThat(full.run(up().payload(10))).extracting(Record::lost).containsExactly((int) lost);
    }
  }

  @Test
  void randomBytesNeitherCrashNorMakeARecordOfAnotherFlow() throws Exception {
    admit();
    Random random = new Random(20261122);
    byte[][] seeds = {
      up().payload(40).bytes(),
      up6().extension(Frame.HOP_BY_HOP, 8).fragment6(0, false).payload(40).bytes(),
      new Frame(new Endpoint(0, 0xffff_0a01_0203L, 1), new Endpoint(0, 0xffff_0a01_0204L, 2))
          .flags(SYN)
          .bytes()
    };
    int ran = 0;
    for (int i = 0; i < 60_000; i++) {
      byte[] frame;
      if (i % 3 == 0) {
        frame = new byte[14 + random.nextInt(200)];
        random.nextBytes(frame);
        frame[12] = (byte) (i % 2 == 0 ? 0x08 : 0x86);
        frame[13] = (byte) (i % 2 == 0 ? 0x00 : 0xdd);
      } else {
        frame = seeds[random.nextInt(seeds.length)].clone();
        for (int n = random.nextInt(6); n >= 0; n--) {
          frame[random.nextInt(frame.length)] = (byte) random.nextInt();
        }
        frame = Arrays.copyOf(frame, 14 + random.nextInt(frame.length - 13));
      }
      if (filter.tryRun(
              frame, 1, random.nextInt(3) == 0 ? random.nextInt(65536) : 0, random.nextInt(100))
          != 0) {
        continue;
      }
      ran++;
      byte[] made = frame;
      assertThat(filter.records())
          .allSatisfy(
              record ->
                  assertThat(carries(made))
                      .as("made a record of " + Arrays.toString(made))
                      .isTrue());
      if (i % 200 == 0) {
        admit();
      }
    }
    assertThat(ran).isGreaterThan(30_000);
  }

  /**
   * By means other than the filter's: the admitted addresses and ports are among the frame's bytes.
   */
  private boolean carries(byte[] frame) {
    String text = new String(frame, java.nio.charset.StandardCharsets.ISO_8859_1);
    boolean v4 = text.contains(text(client, 4)) && text.contains(text(server, 4));
    boolean v6 = text.contains(text(client6, 16)) && text.contains(text(server6, 16));
    return (v4 || v6) && text.contains(port(client)) && text.contains(port(server));
  }

  private static String port(Endpoint endpoint) {
    return "" + (char) (endpoint.port() >> 8) + (char) (endpoint.port() & 0xff);
  }

  private static String text(Endpoint endpoint, int bytes) {
    StringBuilder text = new StringBuilder();
    for (int i = 16 - bytes; i < 16; i++) {
      long word = i < 8 ? endpoint.high() : endpoint.low();
      text.append((char) (word >>> 56 - 8 * (i % 8) & 0xff));
    }
    return text.toString();
  }

  @Test
  void fitsWhereASocketMayHold20Kilobytes() throws Exception {
    // sk_attach_bpf charges struct bpf_prog, less than 256 bytes, and the instructions;
    // net.core.optmem_max was 20,480.
    int bytes = filter.testRun.programBytes();
    assertThat(bytes).isPositive().isLessThan(2_000 * 8);
    assertThat(256 + bytes).isLessThan(20_480);
  }

  @Test
  void usesNoAtomicThatFetches() throws Exception {
    // BPF_STX | BPF_ATOMIC: anything but a plain BPF_ADD in the immediate needs Linux 5.12.
    int atomics = 0;
    long[] instructions = TestRun.instructions(BpfObject.read());
    for (int i = 0; i < instructions.length; i++) {
      int code = (int) instructions[i] & 0xff;
      if (code == 0x18) {
        i++;
      } else if (code == 0xc3 || code == 0xdb) {
        atomics++;
        assertThat(instructions[i] >>> 32).isZero();
      }
    }
    assertThat(atomics).isPositive();
  }

  @Test
  void recordIsTheSameWhateverThePayload() throws Exception {
    admit();
    Random random = new Random(7);
    Frame request = up().seq(100).ack(500).payload(1000);
    byte[] marker =
        "planted-marker-0123456789".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    for (int i = 0; i < 1000 - marker.length; i++) {
      request.payload[i] = (byte) random.nextInt();
    }
    System.arraycopy(marker, 0, request.payload, 0, marker.length);
    List<Record> one = filter.run(request);
    Arrays.fill(request.payload, (byte) 0);
    assertThat(filter.run(request)).as("whatever the payload").isEqualTo(one).hasSize(1);
  }
}
