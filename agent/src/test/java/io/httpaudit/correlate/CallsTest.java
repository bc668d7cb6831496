package io.httpaudit.correlate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CallsTest {
  private final Calls calls = new Calls();

  private Call add(long span) {
    Call call = new Call(span, 1, 2, 3, true, 0, 4, 5);
    calls.add(call);
    return call;
  }

  @Test
  void aCallIsTakenOnce() {
    Call call = add(-7);
    assertThat(calls.get(-7)).isSameAs(call);
    assertThat(calls.take(-7)).isSameAs(call);
    assertThat(calls.take(-7)).isNull();
    assertThat(calls.take(0)).isNull();
  }

  /** A peer that answers no SYN, while others are called as ever. */
  @Test
  void aCallThatWaitsIsNotForgottenForThoseThatWereSentMeanwhile() {
    Call slow = add(1);
    for (long span = 2; span < 10L * Calls.MOST; span++) {
      add(span);
      assertThat(calls.take(span)).isNotNull();
    }
    assertThat(calls.take(1)).isSameAs(slow);
    assertThat(calls.size()).isZero();
  }

  @Test
  void ofTooManyThatAreNeverSentTheOldestAreForgotten() {
    long all = 5L * Calls.MOST;
    for (long span = 1; span <= all; span++) {
      add(span);
      if (span % 3 == 0) {
        calls.take(span - 1);
      }
    }
    assertThat(calls.size()).isEqualTo(Calls.MOST);
    long kept = 0;
    for (long span = all; kept < Calls.MOST; span--) {
      if (span % 3 != 2 || span == all) {
        assertThat(calls.get(span)).describedAs("call %s of %s", span, all).isNotNull();
        kept++;
      }
    }
  }
}
