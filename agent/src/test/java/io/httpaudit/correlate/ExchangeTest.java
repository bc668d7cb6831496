package io.httpaudit.correlate;

import static io.httpaudit.correlate.Stage.us;
import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Exchange.Timing;
import io.httpaudit.flow.Packet;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ExchangeTest {
  private final Stage stage = new Stage();

  @Test
  void aClientsExchangeIsMatchedWithEachFigure() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 100, 0, 1_230)
        .down(0, 0, 100, 1_330)
        .down(0, 300, 100, 2_000)
        .up(100, 0, 300, 2_010);
    talk.request(7, 0, 0, 100, 1_200, 1_240).response(7, 0, 0, 300, 2_100, 2_100);
    stage.tick(2_200);

    assertThat(stage.only())
        .isEqualTo(
            new Exchange(
                Side.CLIENT,
                Verdict.MATCHED,
                Optional.empty(),
                7,
                0,
                talk.client,
                talk.server,
                "eth0",
                stage.only().trace(),
                "GET",
                "/pay",
                "shop",
                "",
                OptionalLong.of(200),
                "1.1",
                0,
                new Exchange.Range(
                    0, 100, 1, 0, 0, OptionalLong.of(us(1_230)), OptionalLong.of(us(1_230))),
                new Exchange.Range(
                    0, 300, 1, 0, 0, OptionalLong.of(us(2_000)), OptionalLong.of(us(2_000))),
                us(990),
                us(2_100),
                stage.wallOffset,
                java.util.List.of(
                    new Timing(Phase.CONNECT, us(1_000), us(1_110)),
                    new Timing(Phase.QUEUE, us(1_200), us(1_230)),
                    new Timing(Phase.SEND, us(1_230), us(1_230)),
                    new Timing(Phase.WAIT, us(1_230), us(2_000)),
                    new Timing(Phase.RECEIVE, us(2_000), us(2_000)),
                    new Timing(Phase.LAG, us(2_000), us(2_100))),
                OptionalLong.of(us(10)),
                new Exchange.Tcp(OptionalLong.of(us(100)), 0, false),
                java.util.Optional.empty(),
                ""));
    assertThat(stage.begun).isEqualTo(1);
  }

  @Test
  void aServersExchangeThatWaitedForAcceptIsMatchedWithEachPhase() {
    Stage.Talk talk = stage.talk(3).handshake(1_000);
    talk.early(talk.make(true, 0, 0, 100, Packet.ACK, 1_120));
    talk.early(talk.make(false, 0, 100, 0, Packet.ACK, 1_121));
    talk.accepted(3, 5_000);
    talk.request(3, 0, 0, 100, 6_000, 6_000).response(3, 0, 0, 300, 9_000, 9_050);
    talk.down(0, 300, 100, 9_020).up(100, 0, 300, 9_100);
    stage.tick(9_200);

    Exchange exchange = stage.only();
    assertThat(exchange.verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(exchange.phases())
        .containsExactly(
            new Timing(Phase.ACCEPT_WAIT, us(1_120), us(5_000)),
            new Timing(Phase.READ_WAIT, us(5_000), us(6_000)),
            new Timing(Phase.RECEIVE, us(6_000), us(6_000)),
            new Timing(Phase.PROCESS, us(6_000), us(9_000)),
            new Timing(Phase.SEND, us(9_000), us(9_020)));
    assertThat(exchange.start()).isEqualTo(us(1_120));
    assertThat(exchange.end()).isEqualTo(us(9_020));
    assertThat(exchange.ackNanos()).hasValue(us(80));
    assertThat(exchange.tcp().rttNanos()).hasValue(us(10));
  }

  /** Without packets, that is; a table that fills up ends the whole audit. */
  @Test
  void aConnectionWhoseEndWasNeverToldIsNotKept() {
    stage.tier = 3;
    Stage.Talk talk = new Stage().talk(0);
    for (long number = 1; number <= 3; number++) {
      stage.correlator.opened(
          number, Side.SERVER, talk.server, talk.client, 0, us(100), us(100), 0);
    }
    stage.correlator.messageHead(
        1,
        new MessageHead(
            true, 0, 0, 0, 9, 9, us(200), us(200), "GET", "/", "", 0, 1, 0, 0, 0, false, ""));
    long[] open = {2};
    stage.correlator.endUntold(open, us(300));
    stage.correlator.doubt();
    stage.correlator.opened(4, Side.SERVER, talk.server, talk.client, 0, us(350), us(350), 0);
    stage.correlator.endUntold(open, us(400));
    // Its end was about to be told.
    talk = stage.talk(0).closed(3, 0, 0, SocketError.NONE, 450);
    assertThat(stage.correlator.connectionCount()).isEqualTo(4);
    stage.correlator.endUntold(open, us(500));
    assertThat(stage.correlator.connectionCount()).isEqualTo(3);
    assertThat(stage.correlator.exchangesDropped()).isEqualTo(1);
    stage.tick(600);
    assertThat(stage.connections).hasSize(1);
    assertThat(stage.correlator.connectionCount()).isEqualTo(2);
  }

  /** An urgent byte has a position on the wire, and is not among those that are read. */
  @Test
  void behindAnUrgentByteThatArrivedNoPlaceIsKnown() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.request(7, 0, 0, 100, 1_200, 1_220).response(7, 0, 0, 300, 2_100, 2_100);
    talk.up(0, 100, 0, 1_230).down(0, 300, 100, 2_000).up(100, 0, 300, 2_110);
    stage.tick(3_000);
    talk.send(talk.make(false, 300, 100, 1, Packet.ACK | Packet.URG, 3_100));
    talk.request(7, 1, 100, 200, 4_200, 4_220).response(7, 1, 300, 600, 5_100, 5_100);
    talk.up(100, 100, 301, 4_230).down(301, 300, 200, 5_000).up(200, 0, 601, 5_110);
    stage.tick(30_000);

    assertThat(stage.exchanges)
        .extracting(Exchange::verdict)
        .containsExactly(Verdict.MATCHED, Verdict.INFERRED);
    Exchange behind = stage.exchanges.get(1);
    assertThat(behind.why()).hasValue(Why.BOUNDARY_UNKNOWN);
    assertThat(behind.response().first()).isEmpty();
  }

  @Test
  void norOfARequestBehindOneThatOnlyTheCandidateHas() {
    Stage.Talk talk = stage.talk(3).handshake(1_000);
    talk.early(talk.make(true, 0, 0, 1, Packet.ACK | Packet.URG, 1_115));
    talk.early(talk.make(true, 1, 0, 100, Packet.ACK, 1_120));
    talk.accepted(3, 5_000);
    talk.request(3, 0, 0, 100, 6_000, 6_000).response(3, 0, 0, 300, 9_000, 9_050);
    talk.down(0, 300, 101, 9_020).up(101, 0, 300, 9_100);
    stage.tick(9_200);
    assertThat(stage.only().why()).hasValue(Why.BOUNDARY_UNKNOWN);
  }

  /** What this end sends, it knows. */
  @Test
  void anUrgentByteThatWasSentDisplacesNothing() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.send(talk.make(true, 0, 0, 1, Packet.ACK | Packet.URG, 1_160));
    talk.request(7, 0, 1, 101, 1_200, 1_220).response(7, 0, 0, 300, 2_100, 2_100);
    talk.up(1, 100, 0, 1_230).down(0, 300, 101, 2_000).up(101, 0, 300, 2_110);
    stage.tick(3_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.only().request().offset()).isEqualTo(1);
  }

  @Test
  void nothingIsFinalBeforeTheResponseIsAcknowledged() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000);
    stage.tick(3_000);
    assertThat(stage.exchanges).isEmpty();
    talk.up(100, 0, 200, 3_100);
    stage.tick(3_200);
    assertThat(stage.exchanges).isEmpty();
    talk.up(100, 0, 300, 3_300);
    stage.tick(3_400);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.only().ackNanos()).hasValue(us(1_300));
  }

  @Test
  void whatThePeerNeverAcknowledgesIsInferredAfterTenSeconds() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000);
    stage.tick(2_050 + 9_999_000);
    assertThat(stage.exchanges).isEmpty();
    // Time alone is looked at every 20 ms.
    stage.tick(2_050 + 10_019_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.NO_PACKETS);
  }

  @Test
  void whatWasNotAcknowledgedWhenTheTupleWasUsedAgainIsNotMatched() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000);
    talk.closed(3, 300, 100, SocketError.NONE, 2_100);
    Packet syn = talk.make(true, 77_000, 0, 0, Packet.SYN, 5_000);
    syn.direction |= Packet.ENDED;
    talk.send(syn);
    stage.tick(5_100);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.NO_PACKETS);
  }

  /**
   * RFC 5961, 4.2: a SYN within a connection is answered, and changes nothing. The filter can't
   * know.
   */
  @Test
  void whatAForgedSynHidesIsNoEndOfTheExchange() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_200);
    talk.up(0, 100, 0, 1_300).down(0, 0, 100, 1_301);
    talk.requestHead(3, 0, 0, 80, 100, 1_400);
    stage.correlator.messageEnd(3, true, 0, 100, 100, us(1_410), true);
    Packet syn = talk.make(true, 77_000, 0, 0, Packet.SYN, 5_000);
    syn.direction |= Packet.ENDED;
    talk.send(syn);
    stage.tick(20_000_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.RECORDS_LOST);
    assertThat(stage.only().error()).isEmpty();
  }

  @Test
  void whileBytesAreDueItStaysOpen() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_200);
    talk.up(0, 100, 0, 1_300).down(0, 0, 100, 1_301);
    talk.requestHead(3, 0, 0, 80, 200, 1_400);
    stage.tick(60_000_000);
    assertThat(stage.exchanges).isEmpty();
    talk.up(100, 100, 0, 60_000_100).down(0, 300, 200, 60_000_300).up(200, 0, 300, 60_000_400);
    stage.correlator.messageEnd(3, true, 0, 200, 200, us(60_000_200), true);
    talk.response(3, 0, 0, 300, 60_000_250, 60_000_350);
    stage.tick(60_001_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.only().request().segments()).isEqualTo(2);
  }

  @Test
  void anAckThatCarriesDataIsNoMeasureOfTheWayBack() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000).up(100, 50, 300, 22_000);
    stage.tick(23_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.only().ackNanos()).isEmpty();
  }

  @Test
  void aLostRecordCostsExactlyTheExchangesItTouches() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    stage.tick(2_200);
    // Between the second request and its acknowledgement one record finds no room.
    talk.up(100, 100, 300, 3_000);
    talk.recordsLost = 1;
    talk.down(300, 0, 200, 3_100);
    talk.request(3, 1, 100, 200, 3_200, 3_200).response(3, 1, 300, 600, 3_300, 3_310);
    talk.down(300, 300, 200, 3_305).up(200, 0, 600, 3_400);
    stage.tick(3_500);
    talk.up(200, 100, 600, 4_000).down(600, 0, 300, 4_100);
    talk.request(3, 2, 200, 300, 4_200, 4_200).response(3, 2, 600, 900, 4_300, 4_310);
    talk.down(600, 300, 300, 4_305).up(300, 0, 900, 4_400);
    stage.tick(4_500);
    assertThat(stage.exchanges)
        .extracting(Exchange::verdict)
        .containsExactly(Verdict.MATCHED, Verdict.INFERRED, Verdict.MATCHED);
    assertThat(stage.exchanges.get(1).why()).hasValue(Why.RECORDS_LOST);
    assertThat(stage.exchanges.get(1).request().first()).isEmpty();
  }

  @Test
  void aLossAfterTheLastRecordIsFoundInTheKernel() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    stage.lostByAll = 1;
    stage.lost.put(talk.tuple, 1L);
    stage.tick(2_200);
    assertThat(stage.only().why()).hasValue(Why.RECORDS_LOST);
  }

  @Test
  void lossesOfOtherFlowsCostNothing() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    stage.lostByAll = 5;
    stage.lost.put(talk.tuple, 0L);
    stage.tick(2_200);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
  }

  @Test
  void anOverflowedCandidateCostsTheFirstExchangeAlone() {
    Stage.Talk talk = stage.talk(3).handshake(1_000);
    stage.candidates.computeIfPresent(
        talk.tuple, (t, c) -> new KernelView.Candidate(true, 1, 1, c.handshakeAck(), c.packets()));
    talk.accepted(3, 1_200);
    talk.up(0, 100, 0, 5_000).down(0, 0, 100, 5_001);
    talk.request(3, 0, 0, 100, 5_100, 5_100).response(3, 0, 0, 300, 5_200, 5_210);
    talk.down(0, 300, 100, 5_205).up(100, 0, 300, 5_300);
    stage.tick(5_400);
    talk.up(100, 100, 300, 6_000).down(300, 0, 200, 6_001);
    talk.request(3, 1, 100, 200, 6_100, 6_100).response(3, 1, 300, 600, 6_200, 6_210);
    talk.down(300, 300, 200, 6_205).up(200, 0, 600, 6_300);
    stage.tick(6_400);
    assertThat(stage.exchanges)
        .extracting(Exchange::verdict)
        .containsExactly(Verdict.INFERRED, Verdict.MATCHED);
    assertThat(stage.exchanges.get(0).why()).hasValue(Why.RECORDS_LOST);
  }

  @Test
  void aCandidateThatWasReadWhileItWasWrittenCostsNothingIfTheSecondLookIsWhole() {
    Stage.Talk talk = stage.talk(3).handshake(1_000);
    overflowed(talk, true);
    talk.accepted(3, 1_200);
    overflowed(talk, false);
    talk.up(0, 100, 0, 5_000).down(0, 0, 100, 5_001);
    talk.request(3, 0, 0, 100, 5_100, 5_100).response(3, 0, 0, 300, 5_200, 5_210);
    talk.down(0, 300, 100, 5_205).up(100, 0, 300, 5_300);
    stage.tick(5_400);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
  }

  @Test
  void aCandidateThatOverflowedBetweenTheLooksIsRecordsLost() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_200);
    overflowed(talk, true);
    talk.up(0, 100, 0, 5_000).down(0, 0, 100, 5_001);
    talk.request(3, 0, 0, 100, 5_100, 5_100).response(3, 0, 0, 300, 5_200, 5_210);
    talk.down(0, 300, 100, 5_205).up(100, 0, 300, 5_300);
    stage.tick(5_400);
    assertThat(stage.only().why()).hasValue(Why.RECORDS_LOST);
  }

  private void overflowed(Stage.Talk talk, boolean overflowed) {
    stage.candidates.computeIfPresent(
        talk.tuple,
        (t, c) -> new KernelView.Candidate(overflowed, 1, 1, c.handshakeAck(), c.packets()));
  }

  @Test
  void aPacketThatRacedTheClaimIsFoundByTheSecondLook() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_200);
    // In neither the first look nor the ring.
    talk.early(talk.make(true, 0, 0, 100, Packet.ACK, 1_199));
    talk.down(0, 0, 100, 1_201);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    stage.tick(2_200);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.only().request().first()).hasValue(us(1_199));
  }

  @Test
  void packetsThatComeBeforeTheConnectionIsToldOfAreKept() {
    Stage.Talk talk = stage.talk(3).handshake(1_000);
    talk.up(0, 100, 0, 1_300).down(0, 0, 100, 1_301);
    talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    assertThat(stage.tick(2_150)).isLessThan(Long.MAX_VALUE);
    talk.accepted(3, 1_200);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    stage.tick(2_200);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.correlator.packetsDropped()).isZero();
  }

  @Test
  void bothEndsInOneJvmHaveEachTheirOwnViewOfTheSamePackets() {
    stage.home = Stage.LO;
    Stage.Talk talk = stage.talk(7).handshake(1_000);
    talk.ifindex = Stage.LO;
    talk.openedByClient(7, 990, 1_150).accepted(8, 1_160);
    talk.up(0, 100, 0, 1_230)
        .down(0, 0, 100, 1_231)
        .down(0, 300, 100, 2_000)
        .up(100, 0, 300, 2_010);
    talk.request(7, 0, 0, 100, 1_200, 1_240).response(7, 0, 0, 300, 2_100, 2_100);
    talk.request(8, 0, 0, 100, 1_500, 1_500).response(8, 0, 0, 300, 1_990, 2_003);
    stage.tick(2_200);
    assertThat(stage.exchanges).extracting(Exchange::verdict).containsOnly(Verdict.MATCHED);
    assertThat(stage.exchanges)
        .extracting(Exchange::side)
        .containsExactly(Side.CLIENT, Side.SERVER);
    assertThat(stage.exchanges.get(1).phase(Phase.READ_WAIT).orElseThrow().nanos())
        .isEqualTo(us(270));
    talk.closed(7, 100, 300, SocketError.NONE, 3_000).closed(8, 300, 100, SocketError.NONE, 3_000);
    talk.flagged(true, 100, 300, Packet.FIN | Packet.ACK, 3_000);
    talk.flagged(false, 300, 101, Packet.FIN | Packet.ACK, 3_001);
    talk.flagged(true, 101, 301, Packet.ACK, 3_002);
    assertThat(stage.tick(3_010)).isEqualTo(Long.MAX_VALUE);
    assertThat(stage.connections).isEmpty();
    assertThat(stage.ended).containsExactly(7L);
    assertThat(stage.correlator.connectionCount()).isZero();
    assertThat(stage.correlator.recordCount()).isZero();
  }

  /**
   * Before Linux 5.19 each is told its own id, and the kernel reports under that of one of them.
   */
  @Test
  void twoEndsInOneJvmThatClaimedTheirFlowEachByItselfShareItsPackets() {
    for (int order = 0; order < 4; order++) {
      Stage own = new Stage();
      own.home = Stage.LO;
      own.listens = true;
      Stage.Talk talk =
          own.new Talk(order < 2 ? 7 : 8, Stage.at("127.0.0.1", 40_022), Stage.at("127.0.0.1", 80));
      talk.ifindex = Stage.LO;
      talk.handshake(1_000);
      boolean clientFirst = order % 2 == 0;
      for (boolean client : new boolean[] {clientFirst, !clientFirst}) {
        if (client) {
          own.correlator.opened(7, Side.CLIENT, talk.client, talk.server, 7, us(990), us(1_150), 0);
          talk.up(0, 100, 0, 1_230).down(0, 0, 100, 1_231);
        } else {
          own.correlator.opened(
              8, Side.SERVER, talk.server, talk.client, 8, us(1_160), us(1_160), 0);
          talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_010);
        }
      }
      talk.request(7, 0, 0, 100, 1_200, 1_240).response(7, 0, 0, 300, 2_100, 2_100);
      talk.request(8, 0, 0, 100, 1_500, 1_500).response(8, 0, 0, 300, 1_990, 2_003);
      own.tick(2_200);
      assertThat(own.exchanges).as("order %s", order).hasSize(2);
      assertThat(own.exchanges).extracting(Exchange::verdict).containsOnly(Verdict.MATCHED);
      talk.flagged(true, 100, 300, Packet.RST | Packet.ACK, 3_000);
      talk.closed(7, 100, 300, SocketError.NONE, 3_000);
      talk.closed(8, 300, 100, SocketError.RESET, 3_000);
      own.tick(3_100);
      assertThat(own.ended).containsExactlyInAnyOrder(7L, 8L);
      assertThat(own.correlator.connectionCount()).isZero();
      assertThat(own.correlator.recordCount()).isZero();
    }
  }

  @Test
  void aConnectionOlderThanTheFirstTapIsBeforeAttach() {
    stage.attachedAt = us(1_500);
    Stage.Talk talk = stage.talk(3).accepted(3, 1_200);
    talk.up(0, 100, 0, 1_600);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    stage.tick(2_100);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.BEFORE_ATTACH);
    assertThat(stage.only().phases())
        .extracting(Timing::phase)
        .containsExactly(Phase.RECEIVE, Phase.PROCESS);
  }

  @Test
  void withoutTheInitialSequenceNumbersNothingIsMatched() {
    Stage.Talk talk = stage.talk(3).accepted(3, 1_200);
    talk.up(0, 100, 0, 1_300).down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    stage.tick(3_000);
    stage.tick(2_050 + 10_000_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.ISN_UNKNOWN);
  }

  @Test
  void anExchangeWithoutPacketsIsAppOnlyAndWantsMoreInterfaces() {
    Stage.Talk talk = stage.talk(3).accepted(3, 1_200);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    stage.tick(3_000);
    assertThat(stage.correlator.wantsAllInterfaces()).isFalse();
    stage.tick(1_003_000);
    assertThat(stage.correlator.wantsAllInterfaces()).isTrue();
    stage.tick(11_000_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.APP_ONLY);
    assertThat(stage.only().why()).hasValue(Why.NO_PACKETS);
  }

  @Test
  void anExchangeWhosePacketsFoundNoRoomIsNotOneWithoutPackets() {
    Stage.Talk talk = stage.talk(-1).handshake(1_000).accepted(3, 1_200);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    stage.tick(3_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.RECORDS_LOST);
    stage.talk(-1).accepted(4, 3_200);
    talk.closed(4, 0, 0, SocketError.NONE, 4_000);
    stage.tick(5_000);
    assertThat(stage.connections)
        .singleElement()
        .satisfies(
            connection -> {
              assertThat(connection.verdict()).isEqualTo(Verdict.INFERRED);
              assertThat(connection.why()).hasValue(Why.RECORDS_LOST);
            });
    assertThat(stage.correlator.wantsAllInterfaces()).isFalse();
  }

  @Test
  void aThirdConnectionOnOneFlowIsNotOneWithoutPackets() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.accepted(8, 1_160).accepted(9, 1_170);
    talk.request(9, 0, 0, 100, 1_400, 1_400).response(9, 0, 0, 300, 1_990, 2_050);
    stage.tick(3_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.RECORDS_LOST);
  }

  @Test
  void aStepOfTheWallClockIsTold() {
    Stage.Talk talk = served();
    stage.wallOffset += 11_000_000;
    talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    stage.tick(2_200);
    assertThat(stage.only().why()).hasValue(Why.CLOCK_STEP);
  }

  @Test
  void aShutdownJudgesEachExchangeAsItStands() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000);
    stage.correlator.shutdown(us(2_100));
    assertThat(stage.only().why()).hasValue(Why.SHUTDOWN);

    Stage other = new Stage();
    Stage.Talk whole = served(other);
    whole.down(0, 300, 100, 2_000).up(100, 0, 300, 2_090);
    other.correlator.shutdown(us(2_100));
    assertThat(other.only().verdict()).isEqualTo(Verdict.MATCHED);
  }

  @Test
  void tierThreeTellsWhatTcpInfoSays() {
    stage.tier = 3;
    stage.lacking = Optional.of(Why.NO_RIGHTS);
    Stage.Talk talk = stage.talk(0).accepted(3, 1_200);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    stage.correlator.tcpInfo(3, 41, 2);
    stage.tick(2_100);
    assertThat(stage.only().why()).hasValue(Why.TCP_INFO);
    assertThat(stage.only().tcp())
        .isEqualTo(new Exchange.Tcp(OptionalLong.of(us(41)), 0, false, OptionalLong.of(2)));
  }

  @Test
  void tierThreeWithoutTcpInfoSaysWhatIsLacking() {
    stage.tier = 3;
    stage.lacking = Optional.of(Why.NO_RIGHTS);
    Stage.Talk talk = stage.talk(0).accepted(3, 1_200);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    stage.tick(2_100);
    stage.tick(30_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.NO_RIGHTS);
  }

  @Test
  void withoutAnythingNativeItIsNotCaptured() {
    stage.tier = 4;
    stage.lacking = Optional.of(Why.NOT_LINUX);
    Stage.Talk talk = stage.talk(0).accepted(3, 1_200);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    stage.tick(2_100);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.NOT_CAPTURED);
    assertThat(stage.only().why()).hasValue(Why.NOT_LINUX);
  }

  @Test
  void aResponseCutByAResetHasTheBytesThatWereOnTheWire() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 300, 100, 2_000).up(100, 0, 300, 2_010);
    talk.request(7, 0, 0, 100, 1_200, 1_240).responseHead(7, 0, 0, 0, 80, 1_000, 2_100, 2_100);
    talk.flagged(false, 300, 100, Packet.RST | Packet.ACK, 2_500);
    talk.closed(7, 100, 300, SocketError.RESET, 2_600);
    stage.tick(2_700);
    Exchange exchange = stage.only();
    assertThat(exchange.verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(exchange.error()).isEqualTo("reset");
    assertThat(exchange.tcp().reset()).isTrue();
    assertThat(exchange.status()).hasValue(200);
    assertThat(exchange.response().bytes()).isEqualTo(300);
    assertThat(exchange.phase(Phase.LAG)).isEmpty();
  }

  @Test
  void anAnswerCutWithinItsHeadBeginsWhereTheOneBeforeEnded() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 66, 100, 2_000).up(100, 0, 66, 2_010);
    talk.request(7, 0, 0, 100, 1_200, 1_240);
    talk.flagged(false, 66, 100, Packet.FIN | Packet.ACK, 2_500);
    stage.correlator.messageEnd(7, false, 0, 66, 66, us(2_550), false);
    talk.flagged(true, 100, 67, Packet.FIN | Packet.ACK, 2_600);
    talk.flagged(false, 67, 101, Packet.ACK, 2_700);
    talk.closed(7, 100, 66, SocketError.NONE, 2_590);
    stage.tick(2_800);
    Exchange exchange = stage.only();
    assertThat(exchange.verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(exchange.error()).isEqualTo("closed");
    assertThat(exchange.response().offset()).isZero();
    assertThat(exchange.response().bytes()).isEqualTo(66);
  }

  @Test
  void aServerInTheSameJvmThatAcceptsWhatWasResetBeforeKnowsItsPackets() {
    stage.listens = true;
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 879, 0, 1_230).down(0, 0, 879, 1_240);
    talk.requestHead(7, 0, 0, 80, 5_000, 1_200);
    talk.flagged(true, 879, 0, Packet.RST | Packet.ACK, 1_500);
    talk.closed(7, 879, 0, SocketError.NONE, 1_490);
    stage.tick(30_000);
    assertThat(stage.only().error()).isEqualTo("reset");

    // The RST ended the client's admission, so the server has another one.
    stage.correlator.opened(8, Side.SERVER, talk.server, talk.client, 8, us(40_000), us(40_000), 0);
    talk.requestHead(8, 0, 0, 80, 5_000, 41_000);
    talk.closed(8, 0, 879, SocketError.RESET, 42_000);
    stage.tick(80_000);
    assertThat(stage.exchanges).hasSize(2);
    Exchange server = stage.exchanges.get(1);
    assertThat(server.verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(server.error()).isEqualTo("reset");
    assertThat(server.request())
        .isEqualTo(
            new Exchange.Range(
                0, 879, 1, 0, 0, OptionalLong.of(us(1_230)), OptionalLong.of(us(1_230))));
    assertThat(server.phase(Phase.ACCEPT_WAIT)).isPresent();
    assertThat(stage.correlator.connectionCount()).isZero();
    assertThat(stage.correlator.recordCount()).isZero();
  }

  @Test
  void whatWasResetBeforeAcceptIsForgottenIfNobodyAcceptsIt() {
    stage.listens = true;
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 879, 0, 1_230).down(0, 0, 879, 1_240);
    talk.requestHead(7, 0, 0, 80, 5_000, 1_200);
    talk.flagged(true, 879, 0, Packet.RST | Packet.ACK, 1_500);
    talk.closed(7, 879, 0, SocketError.NONE, 1_490);
    stage.tick(30_000);
    assertThat(stage.correlator.recordCount()).isPositive();
    assertThat(stage.tick(10_100_000)).isEqualTo(Long.MAX_VALUE);
    assertThat(stage.correlator.recordCount()).isZero();
  }

  @Test
  void whatWasReadButNotSeenIsNeverMatched() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_200);
    talk.requestHead(3, 0, 0, 80, 5_000, 1_400);
    talk.flagged(true, 879, 0, Packet.RST | Packet.ACK, 1_500);
    stage.correlator.messageEnd(3, true, 0, 879, 879, us(1_600), false);
    talk.closed(3, 0, 879, SocketError.RESET, 1_600);
    stage.tick(1_700);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.RECORDS_LOST);
    assertThat(stage.only().request().bytes()).isEqualTo(879);
  }

  @Test
  void whereItWasCutIsNotToldIfPacketsAreMissing() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 300, 100, 2_000).up(100, 0, 300, 2_010);
    talk.request(7, 0, 0, 100, 1_200, 1_240).responseHead(7, 0, 0, 0, 80, 1_000, 2_100, 2_100);
    talk.recordsLost = 1;
    talk.flagged(true, 100, 301, Packet.FIN | Packet.ACK, 2_500);
    talk.closed(7, 100, 300, SocketError.NONE, 2_600);
    stage.tick(2_700);
    stage.tick(10_003_000);
    Exchange exchange = stage.only();
    assertThat(exchange.why()).hasValue(Why.RECORDS_LOST);
    assertThat(exchange.response().bytes()).isEqualTo(-1);
    assertThat(exchange.request().bytes()).isEqualTo(100);
    assertThat(exchange.error()).as("an RST may be what was lost").isEmpty();
  }

  @Test
  void whatLeavesBehindAResetThatArrivedIsOfTheRequest() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 0, 100, 1_231);
    talk.requestHead(7, 0, 0, 80, 1_000, 1_200);
    talk.flagged(false, 0, 100, Packet.RST | Packet.ACK, 1_500);
    stage.tick(1_600);
    assertThat(stage.exchanges).isEmpty();
    // The stack had it in hand.
    talk.up(100, 300, 0, 1_510);
    talk.closed(7, 400, 0, SocketError.RESET, 1_700);
    stage.tick(1_800);
    assertThat(stage.only().request().bytes()).isEqualTo(400);
    assertThat(stage.only().error()).isEqualTo("reset");
  }

  @Test
  void aWholeExchangeThatAResetEndsWaitsForTheClose() {
    Stage.Talk talk = served();
    talk.down(0, 100, 100, 2_000);
    talk.flagged(true, 100, 0, Packet.RST | Packet.ACK, 2_100);
    stage.tick(2_200);
    assertThat(stage.exchanges).isEmpty();
    talk.down(100, 100, 100, 2_110);
    talk.closed(3, 300, 100, SocketError.RESET, 2_300);
    stage.tick(2_400);
    assertThat(stage.only().response().bytes()).isEqualTo(200);
    assertThat(stage.only().error()).isEqualTo("reset");
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
  }

  @Test
  void aStatusThatWasWrittenButNeverOnTheWireIsNotTold() {
    Stage.Talk talk = served();
    talk.flagged(true, 100, 0, Packet.RST | Packet.ACK, 1_900);
    talk.closed(3, 300, 100, SocketError.RESET, 2_300);
    stage.tick(2_400);
    assertThat(stage.only().status()).isEmpty();
    assertThat(stage.only().response().bytes()).isZero();
    assertThat(stage.only().error()).isEqualTo("reset");
  }

  @Test
  void whatThePeerAcknowledgedWasNotCutWhereNoPacketIsSeenOfIt() {
    Stage.Talk talk = served();
    talk.down(0, 100, 100, 2_000).up(100, 0, 300, 2_100);
    talk.flagged(true, 100, 300, Packet.RST | Packet.ACK, 2_200);
    talk.closed(3, 300, 100, SocketError.RESET, 2_300);
    stage.tick(20_000_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.INFERRED);
    assertThat(stage.only().why()).hasValue(Why.RECORDS_LOST);
    assertThat(stage.only().response().bytes()).isEqualTo(-1);
  }

  @Test
  void aPooledConnectionThatItsPeerResetLetsTheAuditRest() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    stage.tick(2_200);
    talk.flagged(true, 100, 300, Packet.RST | Packet.ACK, 2_000_000);
    stage.tick(2_000_100);
    assertThat(stage.tick(2_100_000)).isEqualTo(Long.MAX_VALUE);
    assertThat(stage.correlator.connectionCount()).isOne();
    // What the application sends on it all the same is told of, though nobody closes it.
    talk.requestHead(3, 1, 100, 150, 200, 20_000_000);
    stage.tick(20_000_100);
    assertThat(stage.exchanges).hasSize(2);
  }

  @Test
  void aConnectionWhoseCloseNobodyToldOfIsForgottenOnceItIsOver() {
    Stage.Talk talk = served();
    talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    stage.tick(2_200);
    talk.flagged(true, 100, 300, Packet.RST | Packet.ACK, 3_000);
    stage.tick(3_100);
    stage.correlator.eventsLost(1);
    stage.correlator.doubt();
    stage.tick(9_000_000);
    assertThat(stage.correlator.connectionCount()).isOne();
    stage.tick(10_010_000);
    assertThat(stage.correlator.connectionCount()).isZero();
    assertThat(stage.left).containsExactly(talk.server);
    assertThat(stage.ended).containsExactly(3L);
    assertThat(stage.tick(10_100_000)).isEqualTo(Long.MAX_VALUE);
  }

  /** Of a connect that does not wait, and a claim that does, for the audit thread. */
  @Test
  void theAnswerToTheSynMayComeLongAfterConnectHasReturned() {
    Stage.Talk talk = stage.talk(7);
    talk.kept.add(talk.make(true, -1, 0, 0, Packet.SYN, 1_000));
    talk.kept.add(talk.make(false, -1, 0, 0, Packet.SYN | Packet.ACK, 3_000));
    talk.kept.add(talk.make(true, 0, 0, 0, Packet.ACK, 3_010));
    stage.candidates.put(talk.tuple, new KernelView.Candidate(false, 1, 1, us(3_010), talk.kept));
    talk.openedByClient(7, 990, 1_050);
    talk.up(0, 100, 0, 5_000).down(0, 300, 100, 8_000).up(100, 0, 300, 8_010);
    talk.request(7, 0, 0, 100, 4_990, 5_010).response(7, 0, 0, 300, 8_100, 8_100);
    stage.tick(8_200);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.only().tcp().rttNanos()).hasValue(us(2_000));
  }

  @Test
  void aSynAckAloneThatCameAfterConnectHadReturnedMayBeAnothers() {
    Stage.Talk talk = stage.talk(7);
    Packet synAck = talk.make(false, -1, 0, 0, Packet.SYN | Packet.ACK, 3_000);
    stage.candidates.put(
        talk.tuple, new KernelView.Candidate(false, 0, 1, 0, java.util.List.of(synAck)));
    talk.openedByClient(7, 990, 1_050);
    talk.up(0, 100, 0, 5_000).down(0, 300, 100, 8_000).up(100, 0, 300, 8_010);
    talk.request(7, 0, 0, 100, 4_990, 5_010).response(7, 0, 0, 300, 8_100, 8_100);
    stage.tick(10_200_000);
    assertThat(stage.only().why()).hasValue(Why.ISN_UNKNOWN);
    assertThat(stage.only().tcp().rttNanos()).isEmpty();
  }

  /** RFC 9293, figure 9: the server had not forgotten the connection that the tuple was before. */
  @Test
  void theResetOfWhatTheTupleWasBeforeIsNoEndOfTheConnection() {
    Stage.Talk talk = stage.talk(7);
    talk.kept.add(talk.make(true, -1, 0, 0, Packet.SYN, 1_000));
    talk.kept.add(talk.make(false, -1, 0, 0, Packet.SYN | Packet.ACK, 1_001_000));
    talk.kept.add(talk.make(false, 70_000, 90_000, 0, Packet.ACK, 1_050));
    talk.kept.add(talk.make(true, 90_000, 0, 0, Packet.RST, 1_060));
    talk.kept.add(talk.make(true, 0, 0, 0, Packet.ACK, 1_001_100));
    stage.candidates.put(
        talk.tuple, new KernelView.Candidate(false, 2, 1, us(1_001_100), talk.kept));
    talk.openedByClient(7, 990, 1_001_150);
    talk.requestHead(7, 0, 0, 80, 100, 12_000_000).up(0, 80, 0, 12_000_010);
    stage.tick(12_100_000);
    assertThat(stage.exchanges).isEmpty();
    talk.up(80, 20, 0, 12_200_000).down(0, 300, 100, 12_300_000).up(100, 0, 300, 12_300_010);
    talk.request(7, 0, 0, 100, 12_000_000, 12_200_000);
    talk.response(7, 0, 0, 300, 12_300_100, 12_300_100);
    stage.tick(12_400_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.only().error()).isEmpty();
    assertThat(stage.only().tcp().reset()).isFalse();
  }

  @Test
  void theCandidateOfTheNextConnectionOnTheTupleIsNotTaken() {
    Stage.Talk talk = stage.talk(3).handshake(1_200.5).accepted(3, 1_200);
    talk.up(0, 100, 0, 1_300).down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
    stage.tick(11_000_000);
    stage.tick(11_100_000);
    assertThat(stage.only().why()).hasValue(Why.ISN_UNKNOWN);
    assertThat(stage.only().tcp().rttNanos()).isEmpty();
  }

  @Test
  void aRequestWithoutAnAnswerIsAnExchangeWithoutStatus() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 0, 100, 1_300);
    talk.request(7, 0, 0, 100, 1_200, 1_240);
    talk.flagged(false, 0, 100, Packet.FIN | Packet.ACK, 2_500);
    talk.flagged(true, 100, 1, Packet.FIN | Packet.ACK, 2_600);
    talk.flagged(false, 1, 101, Packet.ACK, 2_700);
    talk.closed(7, 100, 0, SocketError.NONE, 2_590);
    stage.tick(2_800);
    Exchange exchange = stage.only();
    assertThat(exchange.verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(exchange.error()).isEqualTo("closed");
    assertThat(exchange.status()).isEmpty();
    assertThat(exchange.response())
        .isEqualTo(new Exchange.Range(0, 0, 0, 0, 0, OptionalLong.empty(), OptionalLong.empty()));
    assertThat(stage.connections).isEmpty();
  }

  /** Of a client that has asked within TLS, and gives up; [from, to) arrives behind 500 bytes. */
  private Stage.Talk givenUp(int arrives) {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150).secure(7);
    talk.up(0, 600, 0, 1_230).down(0, 500, 600, 1_300);
    talk.request(7, 0, 500, 600, 1_200, 1_240);
    talk.flagged(false, 500, 600, Packet.FIN | Packet.ACK, 2_500);
    return talk.down(500, arrives, 600, 2_400);
  }

  @Test
  void whatArrivedWithinTlsAndWasNotDecryptedMayBeTheResponse() {
    Stage.Talk talk = givenUp(162).closed(7, 600, 500, 500, SocketError.NONE, 2_590);
    talk.flagged(true, 600, 0, Packet.RST, 2_600);
    stage.tick(2_700);
    assertThat(stage.only().why()).hasValue(Why.BOUNDARY_UNKNOWN);
    assertThat(stage.only().response().offset()).isEqualTo(500);
    assertThat(stage.only().response().bytes()).isZero();
    assertThat(stage.only().status()).isEmpty();
  }

  @Test
  void anAlertThatWasNotDecryptedIsNoResponse() {
    Stage.Talk talk = givenUp(24).closed(7, 600, 500, 500, SocketError.NONE, 2_590);
    talk.flagged(true, 600, 0, Packet.RST, 2_600);
    stage.tick(2_700);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
  }

  @Test
  void aRequestThatWasEncryptedButOfWhichNothingWasSentIsNoExchange() {
    Stage.Talk talk = givenUp(0);
    talk.requestHead(7, 1, 600, 700, -1, 2_550);
    stage.correlator.messageEnd(7, true, 1, 600, 600, us(2_590), false);
    talk.closed(7, 600, 500, SocketError.RESET, 2_590);
    talk.flagged(true, 600, 0, Packet.RST, 2_600);
    stage.tick(2_700);
    assertThat(stage.only().request().bytes()).isEqualTo(100);
    assertThat(stage.correlator.connectionCount()).isZero();
  }

  @Test
  void aResponseThatTheApplicationNeverReadBelongsToTheRangeIfTheFramingProvesIt() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 1_000, 100, 2_000).up(100, 0, 1_000, 2_010);
    talk.request(7, 0, 0, 100, 1_200, 1_240).responseHead(7, 0, 0, 0, 80, 1_000, 2_100, 2_100);
    talk.closed(7, 100, 200, SocketError.NONE, 2_600);
    talk.flagged(true, 100, 1_000, Packet.RST | Packet.ACK, 2_610);
    stage.tick(2_700);
    Exchange exchange = stage.only();
    assertThat(exchange.verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(exchange.error()).isEmpty();
    assertThat(exchange.response().bytes()).isEqualTo(1_000);
    assertThat(exchange.phase(Phase.LAG)).isEmpty();
  }

  @Test
  void whatNothingFramesEndsWithTheLastByteRead() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_150);
    talk.up(0, 1_000, 0, 1_230).down(0, 0, 1_000, 1_240);
    talk.requestHead(3, 0, 0, 80, -1, 1_300).response(3, 0, 0, 300, 1_400, 1_410);
    talk.down(0, 300, 1_000, 1_405).up(1_000, 0, 300, 1_500);
    talk.closed(3, 300, 500, SocketError.NONE, 1_600);
    talk.flagged(false, 300, 1_000, Packet.RST | Packet.ACK, 1_610);
    stage.tick(1_700);
    assertThat(stage.only().why()).hasValue(Why.BOUNDARY_UNKNOWN);
    assertThat(stage.only().request().bytes()).isEqualTo(500);
  }

  @Test
  void anArrivalCountsWithTheLastCopyBeforeThisHostAcknowledgedIt() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_150);
    // The first copy met a drop rule behind the tap.
    talk.up(0, 100, 0, 1_200).up(0, 100, 0, 201_200).down(0, 0, 100, 201_201);
    talk.request(3, 0, 0, 100, 201_300, 201_300).response(3, 0, 0, 300, 201_400, 201_420);
    talk.down(0, 300, 100, 201_410).up(100, 0, 300, 201_500);
    stage.tick(201_600);
    Exchange exchange = stage.only();
    assertThat(exchange.request())
        .isEqualTo(
            new Exchange.Range(
                0, 100, 2, 1, 0, OptionalLong.of(us(201_200)), OptionalLong.of(us(201_200))));
  }

  @Test
  void interimResponsesCountInTheRangeAndNotInTheWaitsEnd() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 25, 100, 1_500).up(100, 0, 25, 1_501);
    talk.down(25, 300, 100, 2_000).up(100, 0, 325, 2_010);
    talk.request(7, 0, 0, 100, 1_200, 1_240);
    talk.responseHead(7, 0, 0, 25, 325, 325, 1_600, 2_100);
    stage.correlator.messageEnd(7, false, 0, 325, 325, us(2_100), true);
    stage.tick(2_200);
    Exchange exchange = stage.only();
    assertThat(exchange.response())
        .isEqualTo(
            new Exchange.Range(
                0, 325, 2, 0, 0, OptionalLong.of(us(1_500)), OptionalLong.of(us(2_000))));
    assertThat(exchange.phase(Phase.WAIT)).hasValue(new Timing(Phase.WAIT, us(1_230), us(2_000)));
  }

  @Test
  void ofTwoTapsOnOnePathTheHomeInterfaceCounts() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_150);
    talk.ifindex = 9;
    talk.up(0, 100, 0, 1_200);
    talk.ifindex = Stage.ETH;
    talk.up(0, 100, 0, 1_205);
    talk.ifindex = 9;
    talk.down(0, 0, 100, 1_204);
    talk.ifindex = Stage.ETH;
    talk.down(0, 0, 100, 1_206);
    talk.request(3, 0, 0, 100, 1_300, 1_300).response(3, 0, 0, 300, 1_990, 2_050);
    talk.down(0, 300, 100, 2_000).up(100, 0, 300, 2_100);
    stage.tick(2_200);
    assertThat(stage.only().request())
        .isEqualTo(
            new Exchange.Range(
                0, 100, 1, 0, 0, OptionalLong.of(us(1_205)), OptionalLong.of(us(1_205))));
  }

  @Test
  void aMissingMessageLeavesOnlyItsOwnExchangeOut() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_150);
    for (int i = 0; i < 3; i++) {
      double at = 2_000 + i * 1_000;
      talk.up(i * 100, 100, i * 300, at).down(i * 300, 300, i * 100 + 100, at + 100);
      if (i != 1) {
        talk.request(3, i, i * 100, i * 100 + 100, at + 50, at + 50);
      }
      talk.response(3, i, i * 300, i * 300 + 300, at + 90, at + 120);
      talk.up(i * 100 + 100, 0, i * 300 + 300, at + 150);
      stage.tick(at + 200);
    }
    stage.correlator.eventsLost(2);
    talk.closed(3, 900, 300, SocketError.NONE, 6_000);
    talk.flagged(false, 900, 300, Packet.RST | Packet.ACK, 6_010);
    stage.tick(6_100);
    assertThat(stage.exchanges).extracting(Exchange::sequence).containsExactly(0L, 2L);
    assertThat(stage.exchanges).extracting(Exchange::verdict).containsOnly(Verdict.MATCHED);
    assertThat(stage.correlator.exchangesDropped()).isEqualTo(1);
  }

  @Test
  void aReusedPortsOldPacketsAreNotTheNewFlows() {
    Stage.Talk old = stage.talk(3);
    old.clientIsn = 5_000;
    old.handshake(1_000).accepted(3, 1_150);
    old.up(0, 100, 0, 1_200).down(0, 300, 100, 1_300).up(100, 0, 300, 1_400);
    old.request(3, 0, 0, 100, 1_250, 1_250).response(3, 0, 0, 300, 1_290, 1_310);
    stage.tick(1_500);
    old.closed(3, 300, 100, SocketError.NONE, 1_600);
    old.flagged(false, 300, 100, Packet.RST | Packet.ACK, 1_610);
    stage.tick(1_700);

    Stage.Talk fresh = stage.talk(4).handshake(2_000).accepted(4, 2_150);
    old.up(0, 100, 0, 2_160);
    fresh.up(0, 50, 0, 2_200).down(0, 60, 50, 2_300).up(50, 0, 60, 2_400);
    fresh.request(4, 0, 0, 50, 2_250, 2_250).response(4, 0, 0, 60, 2_290, 2_310);
    stage.tick(2_500);
    assertThat(stage.exchanges)
        .extracting(Exchange::verdict)
        .containsOnly(Verdict.MATCHED)
        .hasSize(2);
    assertThat(stage.exchanges.get(1).request().segments()).isEqualTo(1);
    assertThat(stage.correlator.packetsDropped()).isZero();
  }

  @Test
  void zeroWindowsAreCountedFromTheRequestToTheResponse() {
    Stage.Talk talk = served();
    Packet shut = talk.make(true, 100, 200, 0, Packet.ACK, 2_050);
    shut.window = 0;
    talk.down(0, 200, 100, 2_000).send(shut).up(100, 0, 200, 3_000).down(200, 100, 100, 3_100);
    talk.up(100, 0, 300, 3_200);
    stage.tick(3_300);
    assertThat(stage.only().tcp().zeroWindow()).isEqualTo(1);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
  }

  @Test
  void aSynSentTwiceLeavesTheRoundTripOut() {
    Stage.Talk talk = stage.talk(7).handshake(1_000);
    stage.candidates.computeIfPresent(
        talk.tuple, (t, c) -> new KernelView.Candidate(false, 2, 1, c.handshakeAck(), c.packets()));
    talk.openedByClient(7, 990, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 300, 100, 2_000).up(100, 0, 300, 2_010);
    talk.request(7, 0, 0, 100, 1_200, 1_240).response(7, 0, 0, 300, 2_100, 2_100);
    stage.tick(2_200);
    assertThat(stage.only().tcp().rttNanos()).isEmpty();
    assertThat(stage.only().phase(Phase.CONNECT)).isPresent();
  }

  @Test
  void anAmbiguousHeadIsToldWithTheConnectionsEnd() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_150);
    talk.up(0, 100, 0, 1_200).down(0, 0, 100, 1_201);
    stage.correlator.boundaryUnknown(
        3,
        new MessageHead(
            true, 0, 0, 0, 100, -1, us(1_300), us(1_300), "POST", "/x", "shop", 0, 1, 0, 0, 0,
            false, ""));
    stage.tick(2_000);
    assertThat(stage.exchanges).isEmpty();
    talk.down(0, 300, 100, 2_100).up(100, 0, 300, 2_150);
    talk.closed(3, 300, 100, SocketError.NONE, 3_000);
    talk.flagged(false, 300, 100, Packet.RST | Packet.ACK, 3_010);
    stage.tick(3_100);
    Exchange exchange = stage.only();
    assertThat(exchange.why()).hasValue(Why.BOUNDARY_UNKNOWN);
    assertThat(exchange.method()).isEqualTo("POST");
    assertThat(exchange.request().bytes()).isEqualTo(100);
    assertThat(exchange.response().bytes()).isEqualTo(300);
    assertThat(exchange.status()).isEmpty();
  }

  @Test
  void anAnswerToWhatIsNoHttpIsNoExchangeAndNothingIsMissing() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_150);
    talk.up(0, 20, 0, 1_200).down(0, 100, 20, 1_300).up(20, 0, 100, 1_350);
    stage.correlator.boundaryUnknown(
        3,
        new MessageHead(
            true, 0, 0, 0, -1, -1, us(1_250), us(1_250), "", "", "", 0, -1, 0, 0, 0, false, ""));
    stage.correlator.boundaryUnknown(
        3,
        new MessageHead(
            false, 0, 0, 0, 50, -1, us(1_290), us(1_290), "", "", "", 400, 1, 0, 0, 0, false, ""));
    talk.closed(3, 100, 20, SocketError.NONE, 1_400);
    talk.flagged(false, 100, 20, Packet.RST | Packet.ACK, 1_410);
    stage.tick(1_500);
    assertThat(stage.exchanges).isEmpty();
    assertThat(stage.correlator.exchangesDropped()).isZero();
  }

  /** TLS, say: the server's first record may be read before the write of the client's returns. */
  @Test
  void nothingIsAnExchangeWhereTheAnswerIsToldBeforeWhatIsNoHttp() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.up(0, 20, 0, 1_200).down(0, 100, 20, 1_300).up(20, 0, 100, 1_350);
    stage.correlator.boundaryUnknown(
        7,
        new MessageHead(
            false, 0, 0, 0, -1, -1, us(1_310), us(1_310), "", "", "", 0, -1, 0, 0, 0, false, ""));
    stage.correlator.boundaryUnknown(
        7,
        new MessageHead(
            true, 0, 0, 0, -1, -1, us(1_190), us(1_190), "", "", "", 0, -1, 0, 0, 0, false, ""));
    talk.closed(7, 20, 100, SocketError.NONE, 1_400);
    talk.flagged(false, 100, 20, Packet.RST | Packet.ACK, 1_410);
    stage.tick(1_500);
    assertThat(stage.exchanges).isEmpty();
    assertThat(stage.connections).isEmpty();
    assertThat(stage.correlator.exchangesDropped()).isZero();
  }

  @Test
  void aConnectionThatEndsInItsFirstHeadHasALineOfItsOwn() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_150);
    talk.up(0, 20, 0, 1_200).down(0, 0, 20, 1_201);
    talk.flagged(true, 20, 0, Packet.RST | Packet.ACK, 1_300);
    stage.correlator.messageEnd(3, true, 0, 20, 20, us(1_310), false);
    talk.closed(3, 0, 20, SocketError.RESET, 1_320);
    stage.tick(1_400);
    assertThat(stage.exchanges).isEmpty();
    assertThat(stage.correlator.exchangesDropped()).isZero();
    assertThat(stage.connections)
        .singleElement()
        .satisfies(
            connection -> {
              assertThat(connection.outcome()).isEqualTo("reset");
              assertThat(connection.verdict()).isEqualTo(Verdict.MATCHED);
              assertThat(connection.inBytes()).isEqualTo(20);
            });
  }

  @Test
  void whatNoHookToldOfButPacketsShowIsMissing() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).openedByClient(3, 990, 1_150);
    talk.up(0, 100, 0, 1_200).flagged(false, 0, 100, Packet.FIN | Packet.ACK, 1_300);
    talk.flagged(true, 100, 1, Packet.FIN | Packet.ACK, 1_310).down(1, 0, 101, 1_311);
    talk.closed(3, 0, 0, SocketError.NONE, 1_305);
    stage.tick(1_400);
    assertThat(stage.connections)
        .singleElement()
        .satisfies(
            connection -> {
              assertThat(connection.verdict()).isEqualTo(Verdict.INFERRED);
              assertThat(connection.why()).hasValue(Why.RECORDS_LOST);
              assertThat(connection.outBytes()).isEqualTo(100);
            });
  }

  @Test
  void aRequestThatNoHookToldOfIsCounted() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).openedByClient(3, 990, 1_150);
    talk.request(3, 0, 0, 100, 1_200, 1_200).response(3, 0, 0, 50, 1_500, 1_500);
    talk.up(0, 100, 0, 1_210).down(0, 50, 100, 1_400).up(100, 0, 50, 1_401);
    talk.up(100, 100, 50, 1_600).flagged(false, 50, 200, Packet.FIN | Packet.ACK, 1_700);
    talk.flagged(true, 200, 51, Packet.FIN | Packet.ACK, 1_710).down(51, 0, 201, 1_711);
    talk.closed(3, 100, 50, SocketError.NONE, 1_705);
    stage.tick(2_000);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.connections).isEmpty();
    assertThat(stage.correlator.exchangesDropped()).isEqualTo(1);
  }

  @Test
  void theLastWordOfAnotherProtocolIsToldThoughItWasLeftUnread() {
    Stage.Talk talk = stage.talk(3).handshake(1_000).openedByClient(3, 990, 1_150);
    talk.request(3, 0, 0, 100, 1_200, 1_200).response(3, 0, 0, 50, 1_500, 1_500);
    talk.up(0, 100, 0, 1_210).down(0, 50, 100, 1_400).up(100, 0, 50, 1_401);
    stage.correlator.upgraded(3, 100, 50, "upgraded", true);
    talk.up(100, 8, 50, 1_600).down(50, 6, 108, 1_650).up(108, 0, 56, 1_651);
    talk.down(56, 2, 108, 1_700).flagged(true, 108, 58, Packet.FIN | Packet.ACK, 1_710);
    talk.flagged(false, 58, 109, Packet.FIN | Packet.ACK, 1_720).up(109, 0, 59, 1_721);
    talk.closed(3, 108, 56, SocketError.NONE, 1_730);
    stage.tick(2_000);
    assertThat(stage.connections)
        .singleElement()
        .satisfies(
            connection -> {
              assertThat(connection.verdict()).isEqualTo(Verdict.MATCHED);
              assertThat(connection.outBytes()).isEqualTo(8);
              assertThat(connection.inBytes()).isEqualTo(8);
            });
  }

  @Test
  void whatAnUnhookedConnectionCarriedIsNotToldByThePrefixThatWasSeen() {
    for (boolean fins : new boolean[] {true, false}) {
      Stage own = new Stage();
      Stage.Talk talk = own.talk(7).handshake(1_000);
      talk.early(talk.make(true, 0, 0, 100, Packet.ACK, 1_200));
      own.candidates.computeIfPresent(
          talk.tuple,
          (t, c) -> new KernelView.Candidate(true, 1, 1, c.handshakeAck(), c.packets()));
      own.correlator.wireOnly(7, Side.CLIENT, talk.client, talk.server, 7, us(3_000_000));
      talk.up(5_000, 200, 9_000, 3_100_000).down(9_000, 0, 5_200, 3_100_100);
      if (fins) {
        talk.flagged(true, 5_200, 9_000, Packet.FIN | Packet.ACK, 3_200_000);
        talk.flagged(false, 9_000, 5_201, Packet.FIN | Packet.ACK, 3_200_010);
        talk.flagged(true, 5_201, 9_001, Packet.ACK, 3_200_020);
      } else {
        talk.flagged(true, 5_200, 9_000, Packet.RST | Packet.ACK, 3_200_000);
      }
      own.correlator.wireOnlyGone(7, us(5_000_000));
      own.tick(5_000_100);
      assertThat(own.connections)
          .singleElement()
          .satisfies(
              connection -> {
                assertThat(connection.verdict()).isEqualTo(Verdict.WIRE_ONLY);
                assertThat(connection.outBytes()).isEqualTo(fins ? 5_200 : -1);
                assertThat(connection.inBytes()).isEqualTo(fins ? 9_000 : -1);
              });
    }
  }

  @Test
  void anUnhookedConnectionWhoseBeginningWasKeptIsToldWhole() {
    Stage.Talk talk = stage.talk(7).handshake(1_000);
    talk.early(talk.make(true, 0, 0, 100, Packet.ACK, 1_200));
    stage.correlator.wireOnly(7, Side.CLIENT, talk.client, talk.server, 7, us(3_000_000));
    assertThat(stage.correlator.recordCount()).as("by the first look").isPositive();
    talk.up(100, 200, 0, 3_100_000).down(0, 70, 300, 3_100_100);
    stage.correlator.wireOnlyGone(7, us(5_000_000));
    stage.tick(5_000_100);
    assertThat(stage.connections)
        .singleElement()
        .satisfies(
            connection -> {
              assertThat(connection.outBytes()).isEqualTo(300);
              assertThat(connection.inBytes()).isEqualTo(70);
            });
  }

  private Stage.Talk served() {
    return served(stage);
  }

  /**
   * An accepted connection with a request of 100 bytes read, and a response of 300 written from
   * 1.990 to 2.050 ms.
   */
  private static Stage.Talk served(Stage stage) {
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_200);
    talk.up(0, 100, 0, 1_300).down(0, 0, 100, 1_301);
    return talk.request(3, 0, 0, 100, 1_400, 1_400).response(3, 0, 0, 300, 1_990, 2_050);
  }
}
