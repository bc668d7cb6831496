package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the woven classes call: which context a task gets that waits, and what is forgotten. */
class TaskContextsTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Context a = new Context(1);
  private final Context b = new Context(2);

  @BeforeEach
  void nothingWaits() throws InterruptedException {
    forgetAll();
  }

  private static void forgetAll() throws InterruptedException {
    for (int i = 0; i < 100 && HttpAudit.waitingTasks() > 0; i++) {
      System.gc();
      Thread.sleep(10);
      HttpAudit.sweepTasks();
    }
    assertThat(HttpAudit.waitingTasks()).isZero();
  }

  /** An object that captures something, as tasks do. */
  private Runnable task() {
    int[] captured = new int[1];
    return () -> captured[0]++;
  }

  /** One of a class whose objects come again. */
  private Runnable again() {
    int[] captured = new int[1];
    return () -> captured[0]--;
  }

  private static FutureTask<Object> future(Runnable work) {
    return new FutureTask<>(work, null);
  }

  private static void submit(Context context, Object task) {
    context.during(() -> HttpAudit.submitted(task));
  }

  @Test
  void aTaskHasTheContextOfItsSubmissionOnce() {
    Runnable task = task();
    submit(a, task);

    assertThat(HttpAudit.waitingTasks()).isEqualTo(1);
    assertThat(Context.of(task, null)).isSameAs(a);
    assertThat(Context.of(task, null)).isNull();
    assertThat(HttpAudit.waitingTasks()).isZero();
  }

  @Test
  void aTaskWithoutAContextDoesNotRunInItsThreads() {
    submit(a, task());
    assertThat(Context.of(task(), b)).isNull();
  }

  @Test
  void whatWaitsInTwoContextsRunsInNone() {
    FutureTask<Object> twice = new FutureTask<>(TaskContextsTest::shared, null);
    submit(a, twice);
    submit(b, twice);
    assertThat(Context.of(twice, null)).isNull();
    assertThat(Context.of(twice, null)).isNull();
    assertThat(HttpAudit.waitingTasks()).isZero();

    FutureTask<Object> task = future(task());
    submit(a, task);
    HttpAudit.submitted(task);
    assertThat(Context.of(task, null)).isNull();
    assertThat(Context.of(task, null)).isNull();

    submit(a, task);
    submit(a, task);
    assertThat(Context.of(task, null)).isSameAs(a);
    assertThat(Context.of(task, null)).isSameAs(a);
  }

  @Test
  void aTimerWithoutAContextPassesATaskOn() {
    FutureTask<Object> task = future(task());
    a.during(() -> HttpAudit.forked(task));
    HttpAudit.forked(task);
    assertThat(Context.of(task, null)).isSameAs(a);
  }

  @Test
  void aCompletionKeepsItsContextUntilItHasRun() {
    Object completion = new Object();
    a.during(() -> HttpAudit.registered(completion));
    for (int i = 0; i < 3; i++) {
      b.during(
          () -> {
            Object replaced = HttpAudit.fires(completion);
            assertThat(HttpAudit.current()).isSameAs(a);
            HttpAudit.fired(replaced, completion, "it waits");
            assertThat(HttpAudit.current()).isSameAs(b);
          });
    }
    HttpAudit.fired(HttpAudit.fires(completion), completion, null);
    assertThat(HttpAudit.waitingTasks()).isZero();
    b.during(
        () -> {
          Object replaced = HttpAudit.fires(completion);
          assertThat(HttpAudit.current()).isNull();
          HttpAudit.restore(replaced);
        });
  }

  @Test
  void nullIsNoTaskAndNoFault() {
    long faults = HttpAudit.faults();
    submit(a, null);
    HttpAudit.submitted(null);
    a.during(() -> HttpAudit.forked(null));
    assertThat(Context.of(null, a)).isNull();
    assertThat(HttpAudit.faults()).isEqualTo(faults);
  }

  // ---- whose a task is, by its class

  /** Fails where it is carried. */
  private void isNobodys(Object task) {
    submit(a, task);
    assertThat(Context.of(task, b)).as(task.getClass().getName()).isNull();
  }

  private void isItsSubmitters(Object task) {
    submit(a, task);
    assertThat(Context.of(task, b)).as(task.getClass().getName()).isSameAs(a);
  }

  /** An executor in several styles, each of which wraps or queues. */
  private static final class Pool implements Executor, Runnable {
    Runnable current;

    @Override
    public void execute(Runnable command) {
      current = command;
    }

    Runnable decorated(Runnable command) {
      return () -> {
        String name = Thread.currentThread().getName();
        command.run();
        assertThat(Thread.currentThread().getName()).isEqualTo(name);
      };
    }

    Runnable loop() {
      return this::run;
    }

    Runnable worker() {
      return new Runnable() {
        private Runnable task;

        @Override
        public void run() {
          task = current;
          task.run();
        }
      };
    }

    @Override
    public void run() {
      current.run();
    }
  }

  @Test
  void workersOfAQueueAreNobodys() {
    Pool pool = new Pool();
    isNobodys(pool);
    isNobodys(pool.loop());
    isNobodys(pool.worker());
    isNobodys(future(pool));
    isNobodys(future(pool.worker()));
    isNobodys(Executors.newSingleThreadExecutor());
  }

  @Test
  void whatAnExecutorMakesAroundATaskIsItsSubmitters() {
    isItsSubmitters(new Pool().decorated(task()));
    isItsSubmitters(future(new Pool().decorated(task())));
  }

  private static void shared() {}

  @Test
  void anObjectThatAllShareIsNobodysButAFutureOfItIs() {
    isNobodys((Runnable) TaskContextsTest::shared);
    isItsSubmitters(future(TaskContextsTest::shared));
    isItsSubmitters(new FutureTask<>(() -> 1));
  }

  /** A worker that nothing tells but that it comes again. */
  private static final class Drain implements Runnable {
    private final List<Runnable> queue = new ArrayList<>();

    @Override
    public void run() {
      queue.forEach(Runnable::run);
    }
  }

  @Test
  void anObjectThatIsSubmittedAgainInAnotherTraceIsNobodysFromThenOn() {
    Drain drain = new Drain();
    isItsSubmitters(drain);
    isItsSubmitters(drain);
    submit(b, drain);
    assertThat(Context.of(drain, null)).isNull();
    isNobodys(drain);
    isNobodys(new Drain());
  }

  /** The same. */
  private static final class OtherDrain implements Runnable {
    private final List<Runnable> queue = new ArrayList<>();

    @Override
    public void run() {
      queue.forEach(Runnable::run);
    }
  }

  @Test
  void norIsItInFutures() {
    OtherDrain drain = new OtherDrain();
    isItsSubmitters(future(drain));
    isItsSubmitters(future(drain));
    FutureTask<Object> next = future(drain);
    submit(b, next);
    assertThat(Context.of(next, null)).isNull();
    isNobodys(future(drain));
    isNobodys(new OtherDrain());
  }

  /** One of several, of which none goes away. */
  private record Mailbag(int number) implements Runnable {
    @Override
    public void run() {}
  }

  @Test
  void norIsAnyOfSeveral() {
    List<Runnable> several = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      several.add(new Mailbag(i));
    }
    several.forEach(this::isItsSubmitters);
    Runnable last = several.get(4);
    submit(b, last);
    assertThat(Context.of(last, null)).isNull();
  }

  /** No executor, but it has a worker. */
  private static final class Mailbox {
    private final Queue<Runnable> waiting = new ArrayDeque<>();

    private void empty() {
      waiting.remove().run();
    }

    Runnable worker() {
      return this::empty;
    }

    Runnable workerOf(Runnable own) {
      return () -> {
        own.run();
        empty();
      };
    }
  }

  @Test
  void whatHoldsNothingButAQueueIsNobodys() {
    Mailbox mailbox = new Mailbox();
    isNobodys(mailbox.worker());
    isNobodys(future(mailbox.worker()));
    isItsSubmitters(mailbox.workerOf(task()));
  }

  @Test
  void whatIsHandedOverByATaskOfItsOwnKindIsNobodys() {
    Runnable next = task();
    Runnable other = new Pool().decorated(next);
    Runnable running = task();
    submit(a, running);
    Object replaced = HttpAudit.runs(running);
    HttpAudit.submitted(next);
    HttpAudit.submitted(other);
    HttpAudit.restore(replaced);

    assertThat(Context.of(next, b)).isNull();
    assertThat(Context.of(other, b)).isSameAs(a);
    // Later, and for another, one of the kind is as good as any.
    isItsSubmitters(task());
    submit(b, next);
    assertThat(Context.of(next, a)).isSameAs(b);
  }

  /** While {@code first} runs in {@link #a}. */
  private void during(Runnable first, Runnable then) {
    submit(a, first);
    Object replaced = HttpAudit.runs(first);
    assertThat(HttpAudit.current()).isSameAs(a);
    then.run();
    HttpAudit.restore(replaced);
  }

  @Test
  void norIsItInFuturesIfAnExecutorHasMadeIt() {
    Pool pool = new Pool();
    FutureTask<Object> next = future(pool.decorated(task()));
    FutureTask<Object> other = future(task());
    during(
        future(pool.decorated(task())),
        () -> {
          HttpAudit.submitted(next);
          HttpAudit.submitted(other);
        });
    assertThat(Context.of(next, b)).isNull();
    assertThat(Context.of(other, b)).isSameAs(a);
    isItsSubmitters(future(pool.decorated(task())));
  }

  /** As what a library puts around each. */
  @Test
  void whatATaskSubmitsInFuturesIsItsOwnElse() {
    FutureTask<Object> next = future(task());
    during(future(task()), () -> HttpAudit.submitted(next));
    assertThat(Context.of(next, b)).isSameAs(a);
  }

  @Test
  void whatSubmitsItselfIsNobodys() {
    Runnable running = task();
    FutureTask<Object> itself = future(running);
    during(future(running), () -> HttpAudit.forked(itself));
    assertThat(Context.of(itself, b)).isNull();
    isItsSubmitters(future(running));
  }

  @Test
  void theSameOfThreads() throws InterruptedException {
    Pool pool = new Pool();
    Runnable running = pool.decorated(task());
    Object[] threads = {new Object(), new Object(), new Object(), new Object()};
    during(
        running,
        () -> {
          for (int i = 0; i < 3; i++) {
            HttpAudit.started(threads[i]);
          }
        });
    a.during(() -> HttpAudit.started(threads[3]));

    assertThat(begun(threads[0], running)).isNull();
    assertThat(begun(threads[1], pool.decorated(task()))).isNull();
    assertThat(begun(threads[2], task())).isSameAs(a);
    assertThat(begun(threads[3], pool.decorated(task()))).isSameAs(a);
  }

  /** The context of a thread that begins with this. */
  private static HttpAuditContext begun(Object thread, Runnable task) throws InterruptedException {
    AtomicReference<HttpAuditContext> context = new AtomicReference<>();
    Thread runner =
        new Thread(
            () -> {
              HttpAudit.begins(thread, task);
              context.set(HttpAudit.current());
            });
    runner.start();
    runner.join();
    return context.get();
  }

  @Test
  void theJdksOwnRunnablesAreNobodys() {
    AtomicReference<Runnable> given = new AtomicReference<>();
    CompletableFuture.runAsync(() -> {}, given::set);
    // Its own hooks carry it.
    isNobodys(given.get());
    isNobodys(new Thread(task()));
  }

  // ---- memory

  @Test
  void tasksThatNeverRunAreForgottenOnceTheyAreCollected() throws InterruptedException {
    for (int i = 0; i < 100_000; i++) {
      submit(a, task());
    }
    assertThat(HttpAudit.waitingTasks()).isPositive();
    forgetAll();
  }

  @Test
  void aThreadWithoutAContextPaysNoMemoryAndACarriedTaskFortyBytes() {
    Runnable task = task();
    Runnable[] tasks = new Runnable[20_000];
    for (int i = 0; i < tasks.length; i++) {
      tasks[i] = task();
    }
    for (int round = 0; round < 2; round++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < tasks.length; i++) {
        HttpAudit.submitted(task);
        HttpAudit.forked(task);
        HttpAudit.registered(task);
        HttpAudit.restore(HttpAudit.runs(task));
        HttpAudit.fired(HttpAudit.fires(task), task, null);
      }
      double without = (double) (THREADS.getCurrentThreadAllocatedBytes() - before) / tasks.length;
      Object replaced = HttpAudit.replace(a);
      before = THREADS.getCurrentThreadAllocatedBytes();
      for (Runnable each : tasks) {
        HttpAudit.submitted(each);
        HttpAudit.restore(HttpAudit.runs(each));
      }
      double with = (double) (THREADS.getCurrentThreadAllocatedBytes() - before) / tasks.length;
      HttpAudit.restore(replaced);
      if (round == 1) {
        assertThat(without).isLessThan(0.1);
        assertThat(with).isBetween(40.0, 41.0);
      }
    }
  }

  // ---- many threads

  /** A task, and in which contexts it was submitted: -1: in none. */
  private record Submitted(Object task, long context) {}

  @Test
  void manyThreadsNeverMixTasksUp() throws InterruptedException {
    int threads = 6;
    int each = 60_000;
    ConcurrentLinkedQueue<Submitted> queue = new ConcurrentLinkedQueue<>();
    AtomicInteger failures = new AtomicInteger();
    AtomicInteger ran = new AtomicInteger();
    Object[] common = new Object[8];
    for (int i = 0; i < common.length; i++) {
      common[i] = future(again());
    }
    List<Thread> running = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int number = t;
      Thread thread =
          new Thread(
              () -> {
                ThreadLocalRandom random = ThreadLocalRandom.current();
                for (int i = 0; i < each; i++) {
                  long id = (long) number * each + i + 10;
                  switch (random.nextInt(8)) {
                    case 0 -> {
                      Runnable task = future(task());
                      HttpAudit.submitted(task);
                      queue.add(new Submitted(task, -1));
                    }
                    // It is collected, perhaps while others pass.
                    case 1 -> submit(new Context(id), future(task()));
                    // All submit the same: whoever runs it may find one of theirs or nothing.
                    case 2 -> {
                      Object task = common[random.nextInt(common.length)];
                      submit(new Context(id), task);
                      Context.of(task, null);
                    }
                    case 3, 4 -> {
                      Object completion = new Object();
                      Context context = new Context(id);
                      context.during(() -> HttpAudit.registered(completion));
                      Object replaced = HttpAudit.fires(completion);
                      if (HttpAudit.current() != context) {
                        failures.incrementAndGet();
                      }
                      HttpAudit.fired(replaced, completion, null);
                    }
                    default -> {
                      Runnable task = future(task());
                      submit(new Context(id), task);
                      queue.add(new Submitted(task, id));
                    }
                  }
                  Submitted next = i % 64 == 0 || queue.size() > 5_000 ? queue.poll() : null;
                  while (next != null) {
                    HttpAuditContext context = Context.of(next.task(), null);
                    if ((context == null ? -1 : context.spanId) != next.context()) {
                      failures.incrementAndGet();
                    }
                    ran.incrementAndGet();
                    next = random.nextInt(100) == 0 ? null : queue.poll();
                  }
                  if (i % 1_000 == 0) {
                    HttpAudit.sweepTasks();
                  }
                }
              });
      running.add(thread);
      thread.start();
    }
    for (Thread thread : running) {
      thread.join();
    }
    for (Submitted next = queue.poll(); next != null; next = queue.poll()) {
      HttpAuditContext context = Context.of(next.task(), null);
      if ((context == null ? -1 : context.spanId) != next.context()) {
        failures.incrementAndGet();
      }
      ran.incrementAndGet();
    }
    assertThat(failures).hasValue(0);
    assertThat(ran.get()).isGreaterThan(threads * each / 4);
    Arrays.fill(common, null);
    forgetAll();
  }
}
