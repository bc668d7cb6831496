package io.httpaudit.correlate;

import static io.httpaudit.correlate.Stage.us;
import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Exchange.Timing;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a library tells of a call joins what was sent for it, by the span's id in the bytes. */
class CallTest {
  private static final long SPAN = 0x00f067aa0ba902b7L;
  private static final long PARENT = 0x1234;

  private final Stage stage = new Stage();

  /** Starts at 500 µs. */
  private void call(double taken) {
    stage.correlator.call(new Call(SPAN, 7, 8, PARENT, true, 2, us(500), us(taken)));
  }

  /** One exchange on a connection that is opened from 990 on, sent from 1,200 on. */
  private Exchange sent(long carried, long wanted) {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedFor(wanted, 7, 990, 1_150);
    exchange(talk, 0, carried, 0, 0, 1_200);
    stage.tick(3_000);
    return stage.only();
  }

  private void exchange(
      Stage.Talk talk, long index, long carried, long requests, long responses, double at) {
    talk.up(requests, 100, responses, at + 30).down(responses, 300, requests + 100, at + 800);
    talk.up(requests + 100, 0, responses + 300, at + 810);
    talk.requestBelow(carried, 7, index, requests, requests + 100, at, at + 40);
    talk.response(7, index, responses, responses + 300, at + 900, at + 900);
  }

  private static final Exchange.TraceIds OF_CALL =
      new Exchange.TraceIds(7, 8, 0x00f067aa0ba902b7L, 0x1234, "rojo=1", true);

  @Test
  void aCallWaitsUntilItsConnectionIsOpened() {
    call(0);
    Exchange exchange = sent(SPAN, SPAN);

    assertThat(exchange.trace()).isEqualTo(OF_CALL);
    assertThat(exchange.resends()).isEqualTo(2);
    assertThat(exchange.start()).isEqualTo(us(500));
    assertThat(exchange.phases())
        .startsWith(
            new Timing(Phase.BLOCKED, us(500), us(990)),
            new Timing(Phase.CONNECT, us(1_000), us(1_110)),
            new Timing(Phase.QUEUE, us(1_200), us(1_230)));
  }

  @Test
  void aCallWaitsUntilItsPeersNameIsResolved() {
    call(0);
    stage.correlator.resolved(SPAN, us(600), us(900));
    assertThat(sent(SPAN, SPAN).phases())
        .startsWith(
            new Timing(Phase.BLOCKED, us(500), us(600)),
            new Timing(Phase.DNS, us(600), us(900)),
            new Timing(Phase.CONNECT, us(1_000), us(1_110)));
  }

  @Test
  void aCallWaitsUntilAPooledConnectionIsFree() {
    Stage.Talk talk = stage.talk(7).handshake(100).openedByClient(7, 90, 250);
    exchange(talk, 0, 0, 0, 0, 300);
    call(1_400);
    // Of a name that was looked up, while a connection came free after all, nothing waited.
    stage.correlator.resolved(SPAN, us(600), us(900));
    exchange(talk, 1, SPAN, 100, 300, 1_500);
    stage.tick(3_000);

    assertThat(stage.exchanges).hasSize(2);
    Exchange exchange = stage.exchanges.get(1);
    assertThat(exchange.trace()).isEqualTo(OF_CALL);
    assertThat(exchange.phases())
        .startsWith(
            new Timing(Phase.BLOCKED, us(500), us(1_400)),
            new Timing(Phase.QUEUE, us(1_500), us(1_530)));
  }

  @Test
  void aCallThatWasSentOnAnotherConnectionThanItWantedHasNoBlocked() {
    call(0);
    Exchange exchange = sent(SPAN, 0);

    assertThat(exchange.trace()).isEqualTo(OF_CALL);
    assertThat(exchange.start()).isEqualTo(us(500));
    assertThat(exchange.phase(Phase.BLOCKED)).isEmpty();
    assertThat(exchange.phase(Phase.CONNECT)).isPresent();
  }

  /** By whom, no hook saw: when it is used it is open, and is taken for one that had been. */
  @Test
  void aCallThatUsesFirstWhatWasOpenedSinceItBeganDidNotTakeItFromAPool() {
    call(1_190);
    Exchange exchange = sent(SPAN, 0);

    assertThat(exchange.start()).isEqualTo(us(500));
    assertThat(exchange.phases())
        .startsWith(
            new Timing(Phase.CONNECT, us(1_000), us(1_110)),
            new Timing(Phase.QUEUE, us(1_200), us(1_230)));
  }

  @Test
  void aCallThatUsesFirstATunnelThatWasMadeSinceItBeganDidNotTakeItFromAPool() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    tunnel(talk, 0, 0, 0, 1_200);
    call(2_190);
    exchange(talk, 1, SPAN, 100, 300, 2_200);
    stage.tick(4_000);

    assertThat(stage.exchanges.get(1).phases())
        .startsWith(new Timing(Phase.QUEUE, us(2_200), us(2_230)));
  }

  @Test
  void aCallWaitsUntilItTakesWhatWasOpenedForAnotherSinceItBegan() {
    stage.correlator.call(new Call(1, 7, 8, PARENT, true, 0, us(400), 0));
    call(1_190);

    assertThat(sent(SPAN, 1).phases())
        .startsWith(
            new Timing(Phase.BLOCKED, us(500), us(1_190)),
            new Timing(Phase.QUEUE, us(1_200), us(1_230)));
  }

  @Test
  void aCallWaitsUntilItTakesWhatAnotherUsedSinceItBegan() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    exchange(talk, 0, 0, 0, 0, 1_200);
    call(2_190);
    exchange(talk, 1, SPAN, 100, 300, 2_200);
    stage.tick(4_000);

    assertThat(stage.exchanges.get(1).phases())
        .startsWith(
            new Timing(Phase.BLOCKED, us(500), us(2_190)),
            new Timing(Phase.QUEUE, us(2_200), us(2_230)));
  }

  @Test
  void aTunnelIsMadeInTheCallsContextAndTheCallGoesThroughIt() {
    call(0);
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedFor(SPAN, 7, 990, 1_150);
    tunnel(talk, 0, 0, 0, 1_200);
    tunnel(talk, 1, 100, 300, 2_200);
    exchange(talk, 2, SPAN, 200, 600, 3_200);
    stage.tick(5_000);

    assertThat(stage.exchanges).hasSize(3);
    for (int i = 0; i < 2; i++) {
      Exchange tunnel = stage.exchanges.get(i);
      assertThat(tunnel.trace()).isEqualTo(new Exchange.TraceIds(7, 8, 1 + i, PARENT, "", true));
      assertThat(tunnel.resends()).isZero();
    }
    Exchange first = stage.exchanges.get(0);
    assertThat(first.start()).isEqualTo(us(500));
    assertThat(first.phases())
        .startsWith(
            new Timing(Phase.BLOCKED, us(500), us(990)),
            new Timing(Phase.CONNECT, us(1_000), us(1_110)));
    assertThat(stage.exchanges.get(1).start()).isEqualTo(us(2_200));
    Exchange within = stage.exchanges.get(2);
    assertThat(within.trace()).isEqualTo(OF_CALL);
    assertThat(within.resends()).isEqualTo(2);
    assertThat(within.phases())
        .startsWith(
            new Timing(Phase.BLOCKED, us(500), us(3_100)),
            new Timing(Phase.QUEUE, us(3_200), us(3_230)));
  }

  private static final Tls SETTLED =
      new Tls("1.3", "TLS_AES_128_GCM_SHA256", "bank.test", "", Optional.empty(), Optional.empty());

  /** All is judged at once: what opened the tunnel, too, when its TLS is known already. */
  @Test
  void whatOpensATunnelIsNotSentThroughItsTls() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    tunnel(talk, 0, 0, 0, 1_200);
    stage.correlator.tls(7, SETTLED);
    exchange(talk, 1, 0, 100, 300, 3_200);
    stage.tick(5_000);

    assertThat(stage.exchanges).extracting(Exchange::method).containsExactly("CONNECT", "GET");
    assertThat(stage.exchanges.get(0).tls()).isEmpty();
    assertThat(stage.exchanges.get(1).tls()).contains(SETTLED);
  }

  @Test
  void aTunnelThatIsAskedForOverTlsIsSentThroughThat() {
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedByClient(7, 990, 1_150);
    stage.correlator.tls(7, SETTLED);
    tunnel(talk, 0, 0, 0, 1_200);
    stage.tick(5_000);

    assertThat(stage.only().tls()).contains(SETTLED);
  }

  @Test
  void aHandshakeThatFailsInATunnelIsTheCallsEnd() {
    call(0);
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedFor(SPAN, 7, 990, 1_150);
    tunnel(talk, 0, 0, 0, 1_200);
    talk.up(100, 200, 300, 2_300).down(300, 7, 300, 2_400).up(300, 0, 307, 2_410);
    stage.correlator.handshake(7, 100, 300);
    Tls.Failure failure = new Tls.Failure("unknown_ca", "peer", "client_hello");
    stage.correlator.tls(
        7, new Tls("1.3", "", "bank.test", "", Optional.empty(), Optional.of(failure)));
    talk.closed(7, 300, 307, SocketError.NONE, 2_500);
    stage.tick(12_000_000);

    assertThat(stage.exchanges).hasSize(1);
    assertThat(stage.connections).hasSize(1);
    ConnectionOutcome outcome = stage.connections.get(0);
    assertThat(outcome.outcome()).isEqualTo("tls_failed");
    assertThat(outcome.trace()).isEqualTo(new Exchange.TraceIds(7, 8, SPAN, PARENT, "", true));
    assertThat(List.of(outcome.outOffset(), outcome.outBytes())).containsExactly(100L, 200L);
    assertThat(List.of(outcome.inOffset(), outcome.inBytes())).containsExactly(300L, 7L);
    assertThat(outcome.connectStart()).as("the tunnel's to tell").isEmpty();
    assertThat(outcome.sslStart()).hasValue(us(2_300));
    assertThat(outcome.sslEnd()).hasValue(us(2_400));
  }

  private void tunnel(Stage.Talk talk, long index, long requests, long responses, double at) {
    talk.up(requests, 100, responses, at + 30).down(responses, 300, requests + 100, at + 800);
    talk.up(requests + 100, 0, responses + 300, at + 810);
    stage.correlator.messageHead(
        7,
        new MessageHead(
            true,
            index,
            requests,
            requests,
            requests + 100,
            requests + 100,
            us(at),
            us(at),
            "CONNECT",
            "bank.test:443",
            "bank.test:443",
            0,
            1,
            0,
            0,
            0,
            false,
            ""));
    stage.correlator.messageEnd(7, true, index, requests + 100, requests + 100, us(at + 40), true);
    talk.response(7, index, responses, responses + 300, at + 900, at + 900);
  }

  @Test
  void anotherTracersContextIsNoCallOfOurs() {
    call(0);
    Exchange exchange = sent(SPAN + 1, SPAN);

    assertThat(exchange.trace().parentSpanId()).isEqualTo("00f067aa0ba902b8");
    assertThat(exchange.start()).isEqualTo(us(990));
    assertThat(exchange.phase(Phase.BLOCKED)).isEmpty();
    assertThat(exchange.resends()).isZero();
  }

  @Test
  void withoutAContextInTheBytesItIsARoot() {
    call(0);
    Exchange exchange = sent(0, SPAN);

    assertThat(exchange.trace().parentSpanId()).isEmpty();
    assertThat(exchange.phase(Phase.BLOCKED)).isEmpty();
  }

  @Test
  void aCallIsOneExchangesAlone() {
    call(0);
    Stage.Talk talk = stage.talk(7).handshake(1_000).openedFor(SPAN, 7, 990, 1_150);
    exchange(talk, 0, SPAN, 0, 0, 1_200);
    // An application that passes on what it was sent, say.
    exchange(talk, 1, SPAN, 100, 300, 2_500);
    stage.tick(4_000);

    assertThat(stage.exchanges).hasSize(2);
    assertThat(stage.exchanges.get(0).trace()).isEqualTo(OF_CALL);
    assertThat(stage.exchanges.get(1).trace().parentSpanId()).isEqualTo("00f067aa0ba902b7");
    assertThat(stage.exchanges.get(1).trace().spanId()).isNotEqualTo("00f067aa0ba902b7");
  }

  @Test
  void theServersEndInTheSameJvmIsTheCallsChild() {
    call(0);
    Stage.Talk talk = stage.talk(3).handshake(1_000).accepted(3, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 300, 100, 2_000).up(100, 0, 300, 2_010);
    talk.requestBelow(SPAN, 3, 0, 0, 100, 1_240, 1_240);
    talk.response(3, 0, 0, 300, 1_990, 2_000);
    stage.tick(3_000);

    assertThat(stage.only().side()).isEqualTo(Side.SERVER);
    assertThat(stage.only().trace().parentSpanId()).isEqualTo("00f067aa0ba902b7");
    assertThat(sent(4).trace()).isEqualTo(OF_CALL);
  }

  /** The client's end, on another connection, after all. */
  private Exchange sent(int connection) {
    Stage.Talk talk =
        stage.new Talk(connection, Stage.at("10.9.0.1", 40023), Stage.at("10.9.0.2", 8080));
    talk.handshake(1_000).openedFor(SPAN, connection, 990, 1_150);
    talk.up(0, 100, 0, 1_230).down(0, 300, 100, 2_000).up(100, 0, 300, 2_010);
    talk.requestBelow(SPAN, connection, 0, 0, 100, 1_200, 1_240);
    talk.response(connection, 0, 0, 300, 2_100, 2_100);
    stage.tick(4_000);
    return stage.exchanges.get(1);
  }
}
