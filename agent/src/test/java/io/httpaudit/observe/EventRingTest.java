package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class EventRingTest {
  private static final int CAPACITY = 1 << 12;

  private final AtomicInteger woken = new AtomicInteger();
  private final EventRing ring = new EventRing(CAPACITY, woken::incrementAndGet);

  private static boolean put(EventRing ring, int type, int longs, long value) {
    int body = ring.claim(8 * longs);
    if (body < 0) {
      return false;
    }
    for (int i = 0; i < longs; i++) {
      ring.putLong(body + 8 * i, value + i);
    }
    ring.publish(body, 8 * longs, type);
    return true;
  }

  private List<Long> drained() {
    List<Long> values = new ArrayList<>();
    ring.drain((type, body) -> values.add(ring.getLong(body)), Integer.MAX_VALUE);
    return values;
  }

  private void assertAllZero() {
    for (int i = 0; i < CAPACITY; i += 8) {
      assertThat(ring.getLong(i)).isZero();
    }
  }

  @Test
  void aFullRingRefusesAndCounts() {
    int room = CAPACITY / 32;
    for (int i = 0; i < room; i++) {
      assertThat(put(ring, 1, 3, i)).isTrue();
    }
    assertThat(put(ring, 1, 3, 7)).isFalse();
    assertThat(put(ring, 1, 0, 7)).isFalse();
    assertThat(ring.refused()).isEqualTo(2);
    assertThat(drained()).hasSize(room).startsWith(0L, 1L).endsWith(room - 1L);
    assertThat(put(ring, 1, 3, 8)).isTrue();
    assertThat(drained()).containsExactly(8L);
  }

  @Test
  void nothingThatWasReadStays() {
    for (long lap = 0; lap < 50; lap++) {
      for (int i = 1; i < 20; i++) {
        put(ring, 1, i, -1 - lap);
      }
      drained();
      assertAllZero();
    }
  }

  @Test
  void aRecordLiesInOnePieceAtTheEnd() {
    // 24 bytes each do not divide the capacity: every lap skips something.
    for (long i = 0; i < 10_000; i++) {
      assertThat(put(ring, 1, 2, i)).isTrue();
      if (i % 3 == 0) {
        drained();
      }
    }
    assertThat(ring.refused()).isZero();
  }

  @Test
  void whatIsLargerThanAnEighthIsRefused() {
    assertThat(ring.claim(CAPACITY / 8 - 8)).isPositive();
    assertThat(ring.claim(CAPACITY / 8)).isEqualTo(-1);
    assertThat(ring.refused()).isEqualTo(1);
  }

  @Test
  void aRecordThatIsNotYetWrittenHoldsUpThoseBehindIt() {
    int first = ring.claim(8);
    put(ring, 1, 1, 2);
    assertThat(drained()).isEmpty();
    ring.putLong(first, 1);
    ring.publish(first, 8, 1);
    assertThat(drained()).containsExactly(1L, 2L);
  }

  @Test
  void aRecordThatIsGivenUpIsSkippedAndCounted() {
    int first = ring.claim(8);
    put(ring, 1, 1, 2);
    ring.abandon(first, 8);
    assertThat(drained()).containsExactly(2L);
    assertThat(ring.refused()).isEqualTo(1);
  }

  @Test
  void wakesOnceAQuarterWaits() {
    for (int i = 0; i < CAPACITY / 32; i++) {
      put(ring, 1, 3, i);
    }
    assertThat(woken).hasValue(1);
    drained();
    put(ring, 1, 3, 0);
    assertThat(woken).hasValue(1);
  }

  /** A writer's stack may be too short for it. */
  @Test
  void aWakeUpThatFailsHoldsUpNothing() {
    int[] calls = new int[1];
    EventRing failing =
        new EventRing(
            CAPACITY,
            () -> {
              if (++calls[0] < 3) {
                throw new StackOverflowError();
              }
            });
    int room = CAPACITY / 32;
    for (int i = 0; i < room; i++) {
      assertThat(put(failing, 1, 3, i)).isTrue();
    }
    List<Long> values = new ArrayList<>();
    failing.drain((type, body) -> values.add(failing.getLong(body)), Integer.MAX_VALUE);
    assertThat(values).hasSize(room);
    assertThat(calls[0]).isEqualTo(3);
  }

  @Test
  void drainsNoMoreThanAskedFor() {
    for (int i = 0; i < 5; i++) {
      put(ring, 1, 1, i);
    }
    List<Long> values = new ArrayList<>();
    assertThat(ring.drain((type, body) -> values.add(ring.getLong(body)), 2)).isEqualTo(2);
    assertThat(values).containsExactly(0L, 1L);
    assertThat(drained()).containsExactly(2L, 3L, 4L);
  }

  @Test
  void aReaderThatThrowsGoesOnBehindTheRecord() {
    put(ring, 1, 1, 1);
    put(ring, 1, 1, 2);
    try {
      ring.drain(
          (type, body) -> {
            throw new IllegalStateException();
          },
          9);
    } catch (IllegalStateException expected) {
      // As it should be.
    }
    assertThat(drained()).containsExactly(2L);
  }

  /**
   * Four writers and the reader at once, over hundreds of laps: each record whole, in its writer's
   * order, or counted as refused.
   */
  @Test
  void manyWritersAtOnce() throws InterruptedException {
    int writers = 4;
    long each = 150_000;
    AtomicLong written = new AtomicLong();
    List<Thread> threads = new ArrayList<>();
    for (int w = 0; w < writers; w++) {
      int type = w + 1;
      Thread thread =
          new Thread(
              () -> {
                for (long i = 0; i < each; i++) {
                  if (put(ring, type, 1 + (int) (i * 7 % 11), i << 8)) {
                    written.incrementAndGet();
                  } else {
                    Thread.yield();
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    long[] last = new long[writers + 1];
    java.util.Arrays.fill(last, -1);
    long[] read = new long[1];
    List<String> faults = new ArrayList<>();
    EventRing.Reader reader =
        (type, body) -> {
          read[0]++;
          long i = ring.getLong(body) >> 8;
          int longs = 1 + (int) (i * 7 % 11);
          for (int k = 0; k < longs; k++) {
            if (ring.getLong(body + 8 * k) != (i << 8) + k) {
              faults.add("writer " + type + ", record " + i + ", long " + k);
            }
          }
          if (i <= last[type]) {
            faults.add("writer " + type + ": " + i + " after " + last[type]);
          }
          last[type] = i;
        };
    while (threads.stream().anyMatch(Thread::isAlive)) {
      ring.drain(reader, 1_000);
    }
    ring.drain(reader, Integer.MAX_VALUE);
    assertThat(faults).isEmpty();
    assertThat(read[0]).isEqualTo(written.get()).isGreaterThan(100_000);
    assertThat(ring.refused()).isEqualTo(writers * each - written.get());
    assertAllZero();
  }

  /** A hook may be called where the application's own stack is nearly full. */
  @Test
  void aStackThatOverflowsInARecordHoldsUpNothing() throws InterruptedException {
    EventRing large = new EventRing(1 << 20, () -> {});
    Events events = new Events(large);
    for (int round = 0; round < 20; round++) {
      Thread thread = new Thread(null, () -> descend(events), "deep", 256 << 10);
      thread.start();
      thread.join();
      int[] seen = new int[1];
      large.drain((type, body) -> seen[0]++, Integer.MAX_VALUE);
      events.ended(1, true, 2, 3, 3, 4, true);
      seen[0] = 0;
      large.drain((type, body) -> seen[0]++, Integer.MAX_VALUE);
      assertThat(seen[0]).isEqualTo(1);
    }
  }

  private static void descend(Events events) {
    try {
      descend(events);
    } catch (StackOverflowError e) {
      // On the way up, from the very brink on.
    }
    try {
      events.ended(1, true, 2, 3, 3, 4, true);
    } catch (StackOverflowError e) {
      // As HttpAudit does.
    }
  }
}
