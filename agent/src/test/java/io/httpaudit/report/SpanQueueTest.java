package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class SpanQueueTest {
  private static final SpanQueue.Entry ENTRY = batch -> {};

  private static CompletableFuture<Integer> taken(SpanQueue queue) {
    return CompletableFuture.supplyAsync(
        () -> {
          List<SpanQueue.Entry> batch = new ArrayList<>();
          return queue.take(batch) ? batch.size() : -1;
        });
  }

  private static void offer(SpanQueue queue, int count) {
    for (int i = 0; i < count; i++) {
      queue.offer(ENTRY);
    }
  }

  @Test
  void whatFindsNoRoomIsRefused() {
    SpanQueue queue = new SpanQueue(3, 2);
    offer(queue, 3);

    assertThat(queue.offer(ENTRY)).isFalse();
    assertThat(queue.take(new ArrayList<>())).isTrue();
    assertThat(queue.offer(ENTRY)).isTrue();
  }

  @Test
  void aBatchIsTakenWhenItIsFull() throws Exception {
    SpanQueue queue = new SpanQueue(100, 4);
    CompletableFuture<Integer> taken = taken(queue);
    offer(queue, 3);
    queue.flush(TimeUnit.MINUTES.toNanos(1));
    Thread.sleep(50);
    assertThat(taken).isNotDone();
    offer(queue, 1);

    assertThat(taken.get()).isEqualTo(4);
  }

  @Test
  void whatHasWaitedLongEnoughIsTakenAsItIs() throws Exception {
    SpanQueue queue = new SpanQueue(100, 4);
    CompletableFuture<Integer> taken = taken(queue);
    offer(queue, 1);
    Thread.sleep(20);
    queue.flush(TimeUnit.MILLISECONDS.toNanos(20));

    assertThat(taken.get()).isEqualTo(1);
  }

  @Test
  void moreThanABatchIsTakenInSeveral() throws Exception {
    SpanQueue queue = new SpanQueue(100, 4);
    offer(queue, 6);
    assertThat(taken(queue).get()).isEqualTo(4);
    CompletableFuture<Integer> rest = taken(queue);
    Thread.sleep(50);
    assertThat(rest).as("a rest has its own time to wait").isNotDone();
    queue.flush(0);

    assertThat(rest.get()).isEqualTo(2);
  }

  @Test
  void atTheEndTheRestIsTakenAndNothingMoreComesIn() throws Exception {
    SpanQueue queue = new SpanQueue(100, 4);
    offer(queue, 5);
    queue.end();

    assertThat(queue.offer(ENTRY)).isFalse();
    assertThat(taken(queue).get()).isEqualTo(4);
    assertThat(taken(queue).get()).isEqualTo(1);
    assertThat(taken(queue).get()).isEqualTo(-1);
  }

  @Test
  void anInterruptEndsNoWaitButStaysSet() throws Exception {
    SpanQueue queue = new SpanQueue(100, 4);
    boolean[] interrupted = new boolean[1];
    Thread taker =
        new Thread(
            () -> {
              queue.take(new ArrayList<>());
              interrupted[0] = Thread.currentThread().isInterrupted();
            });
    taker.start();
    taker.interrupt();
    taker.join(50);
    assertThat(taker.isAlive()).isTrue();
    queue.end();
    taker.join();

    assertThat(interrupted[0]).isTrue();
  }
}
