package io.httpaudit.enrich;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Side;
import io.httpaudit.enrich.TheirSpan.Identity;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BesideTest {
  private static final int SPANS = 200_000;
  private static final int AT_ONCE = 1_000;
  private static final long PARENT = 7;

  private final Beside beside = new Beside(Beside.Mode.AUTO, 1_000_000_000, Thread::new, () -> {});

  /** Spans that come and go while the audit thread looks. */
  @Test
  void aSpanThatEndsAtOnceIsTheOneThatWasStarted() throws InterruptedException {
    AtomicInteger ended = new AtomicInteger();
    AtomicInteger judged = new AtomicInteger();
    Thread application =
        new Thread(
            () -> {
              for (int i = 1; i <= SPANS; i++) {
                // Passed on, not only judged: where that thread gets no turn, there is no room.
                while (i - beside.enriched() - beside.left() > AT_ONCE) {
                  Thread.onSpinWait();
                }
                Identity identity = JoinsTest.server(i, PARENT, 0);
                beside.started(identity);
                beside.started(identity.of(i, 0));
                if (beside.hasRoom()) {
                  beside.ended(JoinsTest.ended(identity, "GET", 200));
                }
                ended.set(i);
              }
            });
    application.start();
    beside.activate();
    while (judged.get() < SPANS) {
      int upTo = ended.get();
      while (judged.get() < upTo) {
        beside.exchange(
            JoinsTest.exchange(Side.SERVER, judged.get() + 1, JoinsTest.named(PARENT), 200),
            onto -> {});
        judged.incrementAndGet();
      }
      beside.look(0, Long.MAX_VALUE);
    }
    application.join();
    beside.close();
    assertThat(beside.left()).isZero();
    assertThat(beside.enriched()).isEqualTo(SPANS);
  }

  /** Whether a root that was started before its request is known is that request's. */
  private boolean isJoined(long span) {
    Identity identity = JoinsTest.server(span, 0, 0);
    beside.started(identity);
    beside.awaits(() -> identity);
    beside.handles(span, 0);
    Exchange exchange =
        beside.exchange(JoinsTest.exchange(Side.SERVER, span, JoinsTest.named(0), 200), onto -> {});
    return exchange.trace().span() == span;
  }

  @Test
  void whereOneServersSpansStartDoesNotHoldForAnothers() throws InterruptedException {
    beside.activate();
    Thread scrape = new Thread(beside::startsWithin);
    scrape.start();
    scrape.join();
    assertThat(isJoined(1)).isTrue();
    assertThat(isJoined(2)).isTrue();
  }

  @Test
  void aThreadWhoseSpansStartWithinTheirRequestTakesNoneFromBefore() {
    beside.activate();
    beside.startsWithin();
    assertThat(isJoined(1)).isFalse();
    beside.handlesUnknown();
    assertThat(isJoined(2)).isFalse();
  }

  /** A slow request of an application that asks its database meanwhile. */
  @Test
  void manyShortSpansDoNotDisplaceALongOne() {
    beside.activate();
    Identity slow = JoinsTest.server(1, 0, 5);
    beside.started(slow);
    for (int i = 100; i < 20_100; i++) {
      beside.started(JoinsTest.client(i));
      beside.over(i, 10);
      if (i % AT_ONCE == 0) {
        beside.look(0, 10);
      }
    }
    beside.exchange(JoinsTest.exchange(Side.SERVER, 5, JoinsTest.named(0), 200), onto -> {});
    beside.hasRoom();
    beside.ended(JoinsTest.ended(slow, "GET", 200));
    beside.look(0, 10);
    beside.close();
    assertThat(beside.enriched()).isEqualTo(1);
  }
}
