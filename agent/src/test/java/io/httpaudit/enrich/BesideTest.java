package io.httpaudit.enrich;

import static io.httpaudit.enrich.Exchanges.exchange;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Side;
import io.httpaudit.enrich.TheirSpan.Identity;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class BesideTest {
  private static final int SPANS = 200_000;
  private static final int AT_ONCE = 1_000;
  private static final long PARENT = 7;
  private static final int FLUSHES = 3;
  private static final long PAUSE = 100_000;

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
            exchange(Side.SERVER, judged.get() + 1, JoinsTest.named(PARENT), 200), onto -> {});
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
        beside.exchange(exchange(Side.SERVER, span, JoinsTest.named(0), 200), onto -> {});
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
    beside.exchange(exchange(Side.SERVER, 5, JoinsTest.named(0), 200), onto -> {});
    beside.hasRoom();
    beside.ended(JoinsTest.ended(slow, "GET", 200));
    beside.look(0, 10);
    beside.close();
    assertThat(beside.enriched()).isEqualTo(1);
  }

  private void ends(long span) {
    Identity identity = JoinsTest.server(span, 0, span);
    beside.started(identity);
    if (beside.hasRoom()) {
      beside.ended(JoinsTest.ended(identity, "GET", 200, beside.deadline()));
    }
  }

  /** The packets of one never come, while others end without pause, and theirs come in time. */
  @Test
  void aFlushWaitsForWhatHadEndedAndForNothingElse() throws InterruptedException {
    int late = 100;
    AtomicInteger ended = new AtomicInteger();
    AtomicInteger judged = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    beside.activate();
    Thread application =
        new Thread(
            () -> {
              while (!over.get()) {
                if (ended.get() - beside.enriched() - beside.left() < AT_ONCE) {
                  ends(ended.get() + 1);
                  ended.incrementAndGet();
                } else {
                  LockSupport.parkNanos(PAUSE);
                }
              }
            });
    Thread audit =
        new Thread(
            () -> {
              boolean last = false;
              while (!last) {
                last = over.get() && !application.isAlive();
                int upTo = ended.get() - (last ? 0 : late);
                while (judged.get() < upTo) {
                  int span = judged.incrementAndGet();
                  beside.exchange(exchange(Side.SERVER, span, JoinsTest.named(0), 200), onto -> {});
                }
                beside.look(System.nanoTime(), Long.MAX_VALUE);
                LockSupport.parkNanos(PAUSE);
              }
              beside.close();
            });
    application.start();
    audit.start();
    while (ended.get() < 2 * late) {
      Thread.onSpinWait();
    }
    // The best of some: this machine may be busy with other things for so long.
    long took = Long.MAX_VALUE;
    for (int i = 1; i <= FLUSHES; i++) {
      ends(-i);
      long begin = System.nanoTime();
      beside.flush();
      took = Math.min(took, System.nanoTime() - begin);
    }
    over.set(true);
    application.join();
    audit.join();
    assertThat(Duration.ofNanos(took)).isLessThan(Duration.ofMillis(500));
    assertThat(beside.left())
        .as("those, and what was late when a flush began")
        .isBetween((long) FLUSHES, (long) FLUSHES * (1 + late));
    assertThat(beside.enriched() + beside.left()).isEqualTo(ended.get() + FLUSHES);
  }

  /** As for want of memory. */
  @Test
  void whatCouldNotBeTakenTakesNoRoom() {
    assertThat(beside.hasRoom()).isTrue();
    assertThatThrownBy(() -> beside.ended(null)).isInstanceOf(NullPointerException.class);
    assertThat(beside.look(0, 0)).as("whether one waits").isFalse();
  }
}
