package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.Reference;
import org.junit.jupiter.api.Test;

class OngoingCallsTest {
  private final OngoingCalls calls = new OngoingCalls();
  private final OngoingCall call = new OngoingCall(null, null);

  /** Equal to all others, as a library's or an application's objects may be. */
  private static final class Same {
    @Override
    public boolean equals(Object other) {
      return other instanceof Same;
    }

    @Override
    public int hashCode() {
      return 1;
    }
  }

  @Test
  void aCallIsOfTheObjectItWasBegunWithAndOfNoEqualOne() {
    Same one = new Same();
    Same other = new Same();
    assertThat(calls.begin(one, call)).isTrue();
    assertThat(calls.of(one)).isSameAs(call);
    assertThat(calls.of(other)).isNull();
    assertThat(calls.of(null)).isNull();
    calls.end(other);
    assertThat(calls.of(one)).isSameAs(call);
    calls.end(one);
    assertThat(calls.of(one)).isNull();
    assertThat(calls.size()).isZero();
  }

  @Test
  void whoBeginsAgainChangesNothing() {
    Object of = new Object();
    OngoingCall other = new OngoingCall(null, null);
    assertThat(calls.begin(of, call)).isTrue();
    assertThat(calls.begin(of, other)).isFalse();
    assertThat(calls.of(of)).isSameAs(call);
  }

  @Test
  void aCallThatIsNeverEndedGoesWithItsObject() throws InterruptedException {
    Object kept = new Object();
    calls.begin(kept, call);
    for (int i = 0; i < 1000; i++) {
      calls.begin(new Object(), call);
    }
    for (int i = 0; i < 100 && calls.size() > 1; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertThat(calls.size()).isEqualTo(1);
    assertThat(calls.of(kept)).isSameAs(call);
    Reference.reachabilityFence(kept);
  }
}
