package io.httpaudit.correlate;

import static io.httpaudit.correlate.Stage.us;
import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.flow.Packet;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How long packets are kept, and whose are given up where there is no room. */
class PacketsKeptTest {
  private final Stage stage = new Stage(new CorrelatorLimits(100, 100, 1_000, 100));

  private Stage.Talk another(long flow) {
    return stage.new Talk(flow, Stage.at("10.9.0.1", 50_000), Stage.at("10.9.0.3", 80));
  }

  /** One exchange of a client's, from {@code at} to 3 ms later. */
  private void exchange(Stage.Talk talk, long connection, long index, double at) {
    long out = index * 100;
    long in = index * 300;
    talk.up(out, 100, in, at + 230).down(in, 300, out + 100, at + 1_000);
    talk.up(out + 100, 0, in + 300, at + 1_010);
    talk.request(connection, index, out, out + 100, at + 200, at + 240);
    talk.response(connection, index, in, in + 300, at + 1_100, at + 1_100);
    stage.tick(at + 3_000);
  }

  /** 5,000 packets of 10 bytes that a server sends, one a millisecond. */
  private void pushed(Stage.Talk talk, long from) {
    for (int i = 0; i < 5_000; i++) {
      double at = 10_000 + i * 1_000;
      talk.down(from + i * 10, 10, 100, at).up(100, 0, from + i * 10 + 10, at + 10);
    }
  }

  private MessageHead noHttp(boolean request) {
    return new MessageHead(
        request, 0, 0, 0, -1, -1, us(9_990), us(9_990), "", "", "", 0, -1, 0, 0, 0, false, "");
  }

  @Test
  void anotherProtocolsPacketsAreNotKeptAndCostNoExchange() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    exchange(talk, 7, 0, 2_000);
    stage.correlator.upgraded(7, 100, 300, "upgraded", true);
    stage.tick(9_000);
    pushed(talk, 300);
    exchange(another(8).handshake(6_000_000).openedByClient(8, 5_999_990, 6_000_150), 8, 0, 6e6);
    assertThat(stage.exchanges).extracting(Exchange::verdict).containsOnly(Verdict.MATCHED);
    assertThat(stage.exchanges).hasSize(2);
    assertThat(stage.correlator.recordCount()).isLessThan(50);
    assertThat(stage.correlator.packetsDropped()).isZero();

    talk.flagged(false, 50_300, 100, Packet.FIN | Packet.ACK, 7_000_000);
    talk.flagged(true, 100, 50_301, Packet.FIN | Packet.ACK, 7_000_010);
    talk.flagged(false, 50_301, 101, Packet.ACK, 7_000_020);
    talk.closed(7, 100, 50_300, SocketError.NONE, 7_000_030);
    stage.tick(7_000_100);
    assertThat(stage.connections)
        .singleElement()
        .satisfies(
            connection -> {
              assertThat(connection.verdict()).isEqualTo(Verdict.MATCHED);
              assertThat(connection.inBytes()).isEqualTo(50_000);
            });
  }

  @Test
  void packetsOfAServerThatSpeaksFirstAreNotKeptEither() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    stage.correlator.boundaryUnknown(7, noHttp(false));
    stage.tick(9_995);
    pushed(talk, 0);
    exchange(another(8).handshake(6_000_000).openedByClient(8, 5_999_990, 6_000_150), 8, 0, 6e6);
    assertThat(stage.only().verdict()).isEqualTo(Verdict.MATCHED);
    assertThat(stage.correlator.recordCount()).isLessThan(50);
    assertThat(stage.correlator.packetsDropped()).isZero();
  }

  @Test
  void packetsOfAConnectionWhoseNumbersAreNotKnownAreNotKept() {
    Stage.Talk talk = stage.talk(7).openedByClient(7, 990, 1_150);
    stage.correlator.boundaryUnknown(7, noHttp(true));
    stage.tick(9_995);
    pushed(talk, 0);
    assertThat(stage.correlator.recordCount()).isLessThan(50);
    assertThat(stage.correlator.packetsDropped()).isZero();

    stage.attachedAt = us(8_000_000);
    Stage.Talk old = another(8).openedByClient(8, 7_000_000, 7_000_150);
    for (int i = 0; i < 500; i++) {
      exchange(old, 8, i, 8_000_000 + i * 4_000);
    }
    assertThat(stage.exchanges)
        .extracting(Exchange::why)
        .containsOnly(Optional.of(Why.BEFORE_ATTACH));
    assertThat(stage.exchanges).hasSize(500);
    assertThat(stage.correlator.recordCount()).isLessThan(50);
  }

  /**
   * That is a record which is missing: else a copy of it would have come before it was asked for.
   */
  @Test
  void whatWasAcknowledgedAndNotSeenIsNotWaitedForButTold() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    exchange(talk, 7, 0, 2_000);
    stage.correlator.upgraded(7, 100, 300, "upgraded", true);
    stage.tick(9_000);
    talk.up(100, 0, 310, 9_500);
    pushed(talk, 310);
    assertThat(stage.correlator.recordCount()).isLessThan(200);
    talk.flagged(false, 50_310, 100, Packet.RST | Packet.ACK, 7_000_000);
    talk.closed(7, 100, 50_310, SocketError.RESET, 7_000_030);
    stage.tick(7_000_100);
    assertThat(stage.connections)
        .singleElement()
        .satisfies(connection -> assertThat(connection.why()).hasValue(Why.RECORDS_LOST));
  }

  @Test
  void anEventThatIsMissingKeepsNoPacketsOfWhatComesAfter() {
    for (String missing : new String[] {"request's end", "response's head", "response's end"}) {
      Stage own = new Stage();
      Stage.Talk talk = own.talk(3).handshake(1_000).accepted(3, 1_200);
      talk.up(0, 100, 0, 1_300).down(0, 300, 100, 2_000).up(100, 0, 300, 2_010);
      talk.requestHead(3, 0, 0, 80, 100, 1_400);
      if (!missing.equals("request's end")) {
        own.correlator.messageEnd(3, true, 0, 100, 100, us(1_400), true);
      }
      if (!missing.equals("response's head")) {
        talk.responseHead(3, 0, 0, 0, 80, 300, 1_990, 1_990);
      }
      if (!missing.equals("response's end")) {
        own.correlator.messageEnd(3, false, 0, 300, 300, us(2_005), true);
      }
      own.correlator.eventsLost(1);
      own.correlator.doubt();
      own.tick(2_100);
      assertThat(own.exchanges).isEmpty();
      for (int i = 1; i < 4; i++) {
        double at = i * 10_000;
        talk.up(i * 100, 100, i * 300, at).down(i * 300, 300, i * 100 + 100, at + 1_000);
        talk.up(i * 100 + 100, 0, i * 300 + 300, at + 1_010);
        talk.request(3, i, i * 100, i * 100 + 100, at + 100, at + 100);
        talk.response(3, i, i * 300, i * 300 + 300, at + 990, at + 1_005);
        own.tick(at + 1_100);
        assertThat(own.exchanges).as(missing).hasSize(i);
        assertThat(own.correlator.recordCount()).isZero();
      }
      own.tick(10_100_000);
      boolean told = missing.equals("request's end");
      assertThat(own.exchanges).as(missing).hasSize(told ? 4 : 3);
      assertThat(own.correlator.exchangesDropped()).isEqualTo(told ? 0 : 1);
      assertThat(own.exchanges)
          .extracting(Exchange::why)
          .containsOnly(Optional.of(Why.RECORDS_LOST));
      assertThat(own.exchanges)
          .filteredOn(e -> e.sequence() == 0)
          .allSatisfy(
              e -> {
                assertThat(e.request().bytes()).isEqualTo(100);
                assertThat(e.response().bytes()).isEqualTo(300);
                assertThat(e.end()).isEqualTo(us(2_005));
              });
      talk.closed(3, 1_200, 400, SocketError.NONE, 20_000_000);
      talk.flagged(false, 1_200, 400, Packet.RST | Packet.ACK, 20_000_010);
      own.tick(20_000_100);
      assertThat(own.exchanges).hasSize(told ? 4 : 3);
      assertThat(own.correlator.connectionCount()).isZero();
    }
  }

  @Test
  void whatIsSentAgainLaterFillsItsHole() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    exchange(talk, 7, 0, 2_000);
    stage.correlator.upgraded(7, 100, 300, "upgraded", true);
    stage.tick(9_000);
    for (int i = 1; i < 100; i++) {
      talk.down(300 + i * 10, 10, 100, 10_000 + i * 1_000).up(100, 0, 300, 10_010 + i * 1_000);
    }
    talk.down(300, 10, 100, 300_000).up(100, 0, 1_300, 300_010);
    talk.flagged(false, 1_300, 100, Packet.RST | Packet.ACK, 7_000_000);
    talk.closed(7, 100, 1_300, SocketError.RESET, 7_000_030);
    stage.tick(7_000_100);
    assertThat(stage.connections)
        .singleElement()
        .satisfies(connection -> assertThat(connection.verdict()).isEqualTo(Verdict.MATCHED));
  }

  @Test
  void whereThereIsNoRoomWhatTakesMostOfItIsGivenUp() {
    Stage.Talk small = another(8).handshake(1_000).openedByClient(8, 990, 1_150);
    Stage.Talk large = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    large.requestHead(7, 0, 0, 80, 1_000_000, 1_200);
    for (int i = 0; i < 994; i++) {
      large.up(i * 100, 100, 0, 2_000 + i);
    }
    exchange(small, 8, 0, 10_000);
    exchange(small, 8, 1, 20_000);
    assertThat(stage.exchanges).extracting(Exchange::verdict).containsOnly(Verdict.MATCHED);
    assertThat(stage.exchanges).hasSize(2);
    exchange(small, 8, 2, 30_000);
    for (int i = 994; i < 1_100; i++) {
      large.up(i * 100, 100, 0, 40_000 + i);
    }
    exchange(small, 8, 3, 50_000);
    assertThat(stage.exchanges).extracting(Exchange::verdict).containsOnly(Verdict.MATCHED);
    assertThat(stage.exchanges).hasSize(4);
    assertThat(stage.correlator.packetsDropped()).isPositive();
  }

  @Test
  void turnsOfAWindowCountAsRecords() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    talk.requestHead(7, 0, 0, 80, 1_000_000, 1_200).up(0, 100, 0, 1_300);
    for (int i = 0; i < 3_000; i++) {
      Packet p = talk.make(false, 0, 100, 0, Packet.ACK, 2_000 + i);
      p.window = i % 2 == 0 ? 0 : 500;
      talk.send(p);
    }
    assertThat(stage.correlator.recordCount()).isLessThanOrEqualTo(1_000);
    assertThat(stage.correlator.packetsDropped()).isPositive();
  }
}
