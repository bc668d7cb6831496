package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.Reference;
import org.junit.jupiter.api.Test;

class ByIdentityTest {
  private final ByIdentity<String> known = new ByIdentity<>();
  private final String what = "call";

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
  void whatIsKnownIsOfThatObjectAndOfNoEqualOne() {
    Same one = new Same();
    Same other = new Same();
    assertThat(known.add(one, what)).isTrue();
    assertThat(known.of(one)).isSameAs(what);
    assertThat(known.of(other)).isNull();
    assertThat(known.of(null)).isNull();
    known.remove(other);
    assertThat(known.of(one)).isSameAs(what);
    known.remove(one);
    assertThat(known.of(one)).isNull();
    assertThat(known.size()).isZero();
  }

  @Test
  void whoAddsAgainChangesNothing() {
    Object of = new Object();
    String other = "other";
    assertThat(known.add(of, what)).isTrue();
    assertThat(known.add(of, other)).isFalse();
    assertThat(known.of(of)).isSameAs(what);
  }

  @Test
  void whatIsNeverRemovedGoesWithItsObject() throws InterruptedException {
    Object kept = new Object();
    known.add(kept, what);
    for (int i = 0; i < 1000; i++) {
      known.add(new Object(), what);
    }
    for (int i = 0; i < 100 && known.size() > 1; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertThat(known.size()).isEqualTo(1);
    assertThat(known.of(kept)).isSameAs(what);
    Reference.reachabilityFence(kept);
  }
}
