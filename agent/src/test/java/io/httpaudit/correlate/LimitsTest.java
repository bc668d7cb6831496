package io.httpaudit.correlate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What becomes of that for which there is no room. */
class LimitsTest {
  private final Stage stage = new Stage(new CorrelatorLimits(1, 10, 100, 10));

  /** The kernel would pass on its packets until it ends by FINs, which may be never. */
  @Test
  void aConnectionTooManyIsNotAdmittedAnyLonger() {
    Stage.Talk first = stage.talk(1).openedByClient(1, 0, 200);
    Stage.Talk second = stage.new Talk(2, Stage.at("10.9.0.1", 40023), first.server);
    second.openedByClient(2, 300, 500);

    assertThat(stage.correlator.connectionsDropped()).isEqualTo(1);
    assertThat(stage.left).containsExactly(second.client);
    assertThat(stage.ended).containsExactly(2L);
  }

  @Test
  void theOtherEndOfOneThatIsKnownLeavesThatItsFlow() {
    Stage.Talk talk = stage.talk(1).openedByClient(1, 0, 200).accepted(2, 300);

    assertThat(stage.correlator.connectionsDropped()).isEqualTo(1);
    assertThat(stage.left).containsExactly(talk.server);
    assertThat(stage.ended).isEmpty();
  }

  /** -1 is nobody's flow: it would be that of all connections that were refused. */
  @Test
  void whatTheKernelHadNoRoomForHasNoFlow() {
    Stage many = new Stage();
    Stage.Talk one = many.talk(-1).openedByClient(1, 0, 200);
    Stage.Talk other = many.new Talk(-1, Stage.at("10.9.0.1", 40023), one.server);
    other.openedByClient(2, 300, 500);
    one.closed(1, 0, 0, SocketError.NONE, 1_000);
    other.closed(2, 0, 0, SocketError.NONE, 1_000);
    many.tick(2_000);

    assertThat(many.correlator.connectionCount()).isZero();
    assertThat(many.left).isEmpty();
    assertThat(many.ended).isEmpty();
  }

  @Test
  void oneThatWasNotAdmittedLeavesNothing() {
    stage.talk(1).openedByClient(1, 0, 200);
    stage.new Talk(0, Stage.at("10.9.0.1", 40023), Stage.at("10.9.0.2", 8080))
        .openedByClient(2, 300, 500);

    assertThat(stage.correlator.connectionsDropped()).isEqualTo(1);
    assertThat(stage.left).isEmpty();
    assertThat(stage.ended).isEmpty();
  }
}
