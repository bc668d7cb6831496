package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.trace.Propagation;
import org.junit.jupiter.api.Test;

class ClientCallTest {
  private final Sockets sockets = new Sockets(Propagation.standard());

  @Test
  void aCallAndItsNextAttemptNeverShareAnId() {
    ClientCall call = sockets.observer.call(null);
    assertThat(sockets.observer.resolves(call)).isSameAs(call);
    assertThat(sockets.observer.connects(call)).isSameAs(call);
    ClientCall second = sockets.observer.connects(call);
    assertThat(second.spanId).isNotEqualTo(call.spanId);
    assertThat(second.resend).as("connects again").isZero();
    assertThat(second.traceLow).isEqualTo(call.traceLow);
    assertThat(sockets.observer.writes(second)).isSameAs(second);
    assertThat(sockets.observer.sends(second)).isTrue();
    // Whoever had it would send its id once more.
    assertThat(sockets.observer.sends(second)).isFalse();
    ClientCall third = sockets.observer.writes(second);
    assertThat(third.spanId).isNotEqualTo(second.spanId);
    assertThat(third.resend).isEqualTo((byte) 1);
    assertThat(sockets.observer.attempt(second).spanId).isNotEqualTo(second.spanId);
  }

  @Test
  void whatIsResolvedOnceItIsConnectedIsNotItsPeersName() {
    ClientCall call = sockets.observer.connects(sockets.observer.call(null));
    Object replaced = HttpAudit.replace(call);
    try {
      assertThat(sockets.observer.resolves()).isTrue();
      sockets.observer.connected(call);
      assertThat(sockets.observer.resolves()).isFalse();
      assertThat(sockets.observer.isConnecting(call)).isTrue();
      assertThat(sockets.observer.attempt(call)).as("tried anew").isNotSameAs(call);
    } finally {
      HttpAudit.restore(replaced);
    }
  }
}
