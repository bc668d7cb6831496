package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class BatchQueueTest {
  private final BatchQueue queue =
      new BatchQueue(10, () -> new Batch(List.of("otlp"), new PhaseRule("none", 0)));

  private Batch filled(int size) {
    return filled(size, Told.server());
  }

  private Batch filled(int size, Told told) {
    Batch batch = queue.empty();
    for (int i = 0; i < size; i++) {
      batch.exchange(told.exchange(), told.url());
    }
    return batch;
  }

  @Test
  void whatWaitsIsBoundedByItsEntriesAndWhatIsTakenWaitsNoMore() {
    queue.offer(filled(6));

    assertThat(queue.hasRoom(filled(3))).isTrue();
    assertThat(queue.hasRoom(filled(4))).isFalse();
    assertThat(queue.take().size()).isEqualTo(6);
    assertThat(queue.hasRoom(filled(9))).isTrue();
    assertThat(queue.hasRoom(filled(10))).isFalse();
  }

  @Test
  void whatWaitsIsBoundedByItsBytes() {
    BatchQueue many =
        new BatchQueue(1_000_000, () -> new Batch(List.of("otlp"), new PhaseRule("none", 0)));
    Told told = Told.server();
    told.target = "/" + "x".repeat(8_000);
    int batches = 0;
    for (Batch batch = filled(100, told); many.hasRoom(batch); batch = filled(100, told)) {
      many.offer(batch);
      batches++;
    }

    assertThat(batches * 100L * 8_000).isBetween(28_000_000L, 1L << 25);
  }

  @Test
  void batchesComeInTheirOrderAndThoseGivenBackAreUsedAgainEmpty() {
    Batch first = filled(1);
    Batch second = filled(2);
    queue.offer(first);
    queue.offer(second);

    assertThat(queue.take()).isSameAs(first);
    assertThat(queue.take()).isSameAs(second);
    queue.giveBack(first);
    assertThat(queue.empty()).isSameAs(first);
    assertThat(first.size()).isZero();
    assertThat(first.bytes()).isZero();
  }

  @Test
  void aTakerWaitsForABatch() throws Exception {
    CompletableFuture<Batch> taken = CompletableFuture.supplyAsync(queue::take);
    Thread.sleep(50);
    assertThat(taken).isNotDone();
    Batch batch = filled(1);
    queue.offer(batch);

    assertThat(taken.get()).isSameAs(batch);
  }

  @Test
  void atTheEndTheRestIsTakenAndNothingMoreComesIn() {
    queue.offer(filled(1));
    queue.end();
    queue.offer(filled(2));

    assertThat(queue.hasRoom(queue.empty())).isFalse();
    assertThat(queue.take().size()).isEqualTo(1);
    assertThat(queue.take()).isNull();
  }

  @Test
  void anInterruptEndsNoWaitButStaysSet() throws Exception {
    boolean[] interrupted = new boolean[1];
    Thread taker =
        new Thread(
            () -> {
              queue.take();
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
