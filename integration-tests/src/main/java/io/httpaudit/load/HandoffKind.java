package io.httpaudit.load;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RecursiveAction;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** The ways in which a thread hands work to another; one constant each. */
enum HandoffKind {
  EXECUTE {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(3);
      POOL.execute(work::look);
      POOL.execute(
          new Runnable() {
            @Override
            public void run() {
              work.look();
              POOL.execute(() -> work.looked(1));
            }
          });
      return work.await();
    }
  },
  SUBMIT {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(4);
      POOL.submit(work::look).get();
      POOL.submit(work::look, 1).get();
      POOL.submit(() -> work.looked(1)).get();
      ExecutorCompletionService<Integer> service = new ExecutorCompletionService<>(POOL);
      service.submit(() -> work.looked(1));
      service.take().get();
      return work.await();
    }
  },
  INVOKE_ALL {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(4);
      POOL.invokeAll(List.of(() -> work.looked(1), () -> work.looked(2), () -> work.looked(3)));
      POOL.invokeAny(List.of(() -> work.looked(1)));
      return work.await();
    }
  },
  FAILING {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(2);
      Future<?> failing =
          POOL.submit(
              (Callable<Object>)
                  () -> {
                    work.look();
                    throw new IllegalStateException("on purpose");
                  });
      try {
        failing.get();
        throw new AssertionError("it did not fail");
      } catch (java.util.concurrent.ExecutionException e) {
        if (!e.getCause().getMessage().equals("on purpose")) {
          throw e;
        }
      }
      // Its thread ends, and another takes its place.
      FAILING_POOL.execute(
          () -> {
            work.look();
            throw new IllegalStateException("on purpose");
          });
      return work.await();
    }
  },
  SINGLE_THREAD {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(2);
      SINGLE.execute(work::look);
      SINGLE.submit(work::look).get();
      return work.await();
    }
  },
  SCHEDULE {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(4);
      TIMER.schedule(work::look, 1, TimeUnit.MILLISECONDS);
      TIMER.schedule(() -> work.looked(1), 1, TimeUnit.MILLISECONDS);
      TIMER.execute(work::look);
      TIMER.submit(work::look);
      return work.await();
    }
  },
  CALLER_RUNS {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(6);
      for (int i = 0; i < 6; i++) {
        SATURATED.execute(
            () -> {
              work.look();
              pause();
            });
      }
      return work.await();
    }
  },
  FUTURE_TASK {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(1);
      POOL.execute(new FutureTask<>(work::look, null));
      return work.await();
    }
  },
  FORK_JOIN {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(6);
      FORK_JOIN_POOL.execute((Runnable) work::look);
      FORK_JOIN_POOL.submit((Runnable) work::look).get();
      FORK_JOIN_POOL.submit(work::look, 1).get();
      FORK_JOIN_POOL.submit(() -> work.looked(1)).get();
      FORK_JOIN_POOL.invokeAll(List.of(() -> work.looked(1)));
      ForkJoinTask.adapt((Runnable) work::look).fork().get();
      return work.await();
    }
  },
  /** Workers that wait for a part help others meanwhile. */
  FORK_JOIN_TREE {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(64 + 63 + 64 + 63 + 16 + 15);
      FORK_JOIN_POOL.invoke(new Tree(work, 64));
      FORK_JOIN_POOL.submit(new Tree(work, 64)).get();
      new Tree(work, 16).invoke();
      return work.await();
    }
  },
  PARALLEL_STREAM {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(100 + 100);
      IntStream.range(0, 100).parallel().forEach(work::looked);
      FORK_JOIN_POOL.submit(() -> IntStream.range(0, 100).parallel().map(work::looked).sum()).get();
      int[] sorted = IntStream.range(0, 20_000).map(i -> 20_000 - i).toArray();
      Arrays.parallelSort(sorted);
      return work.await();
    }
  },
  FORK_JOIN_SCHEDULE {
    @Override
    Handoff hand() throws Exception {
      // Since JDK 25.
      if (!((Object) FORK_JOIN_POOL instanceof ScheduledExecutorService timer)) {
        return new Handoff(0);
      }
      Handoff work = new Handoff(2);
      timer.schedule(work::look, 1, TimeUnit.MILLISECONDS);
      timer.schedule(() -> work.looked(1), 1, TimeUnit.MILLISECONDS);
      return work.await();
    }
  },
  ASYNC {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(8);
      CompletableFuture.supplyAsync(() -> work.looked(1)).get();
      CompletableFuture.runAsync(work::look).get();
      CompletableFuture.supplyAsync(() -> work.looked(1), POOL)
          .thenApply(work::looked)
          .thenApplyAsync(work::looked)
          .thenApplyAsync(work::looked, POOL)
          .thenCompose(i -> CompletableFuture.supplyAsync(() -> work.looked(i)))
          .get();
      new CompletableFuture<Integer>().completeAsync(() -> work.looked(1)).get();
      return work.await();
    }
  },
  /** Each kind of dependent, of futures that other threads complete: other requests, perhaps. */
  ALL_DEPENDENTS {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(2 * DEPENDENTS);
      CompletableFuture<Integer> one = new CompletableFuture<>();
      CompletableFuture<Integer> two = new CompletableFuture<>();
      dependents(one, two, work);
      OFFERED.add(() -> one.complete(1));
      OFFERED.add(() -> two.complete(2));
      completeOthers();
      one.get(10, TimeUnit.SECONDS);
      two.get(10, TimeUnit.SECONDS);
      // Those that are registered now run now.
      dependents(one, two, work);
      return work.await();
    }
  },
  FAILED_DEPENDENTS {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(6);
      CompletableFuture<Integer> one = new CompletableFuture<>();
      one.exceptionally(e -> work.looked(1));
      one.exceptionallyAsync(e -> work.looked(1), POOL);
      one.exceptionallyCompose(e -> CompletableFuture.completedFuture(work.looked(1)));
      one.handle((value, e) -> work.looked(1));
      one.whenComplete((value, e) -> work.look());
      one.thenApply(i -> work.looked(i)).exceptionally(e -> work.looked(1));
      OFFERED.add(() -> one.completeExceptionally(new IllegalStateException("on purpose")));
      completeOthers();
      return work.await();
    }
  },
  TIMEOUTS {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(5);
      new CompletableFuture<Integer>()
          .orTimeout(1, TimeUnit.MILLISECONDS)
          .exceptionally(e -> work.looked(1));
      new CompletableFuture<Integer>()
          .completeOnTimeout(1, 1, TimeUnit.MILLISECONDS)
          .thenAccept(work::looked);
      CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS).execute(work::look);
      CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS, POOL)
          .execute(() -> work.looked(1));
      CompletableFuture.supplyAsync(
          () -> work.looked(1), CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS));
      return work.await();
    }
  },
  /** A function that registers and completes the next, until there is no stack left. */
  FULL_STACK {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(4);
      for (int i = 0; i < 2; i++) {
        deeper();
        work.look();
        POOL.submit(
                () -> {
                  deeper();
                  work.look();
                })
            .get();
      }
      return work.await();
    }
  },
  VIRTUAL_THREADS {
    @Override
    Handoff hand() throws Exception {
      if (PER_TASK == null) {
        return new Handoff(0);
      }
      Handoff work = new Handoff(6);
      VIRTUAL.newThread(work::look).start();
      VIRTUAL
          .newThread(
              () -> {
                work.look();
                // It goes on, perhaps on another carrier.
                pause();
                work.look();
                VIRTUAL.newThread(() -> work.looked(1)).start();
              })
          .start();
      PER_TASK.execute(work::look);
      PER_TASK.submit(() -> work.looked(1)).get();
      return work.await();
    }
  },
  POOL_OF_VIRTUAL_THREADS {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(3);
      VIRTUAL_POOL.execute(() -> work.looked(1));
      VIRTUAL_POOL.submit(work::look).get();
      CompletableFuture.runAsync(work::look, VIRTUAL_POOL).get();
      return work.await();
    }
  },

  // From here on nobody can be sure whose work it is: it has no context.

  PERIODIC {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(4);
      List<ScheduledFuture<?>> periodic = new ArrayList<>();
      List<ScheduledExecutorService> timers = new ArrayList<>(List.of(TIMER));
      if ((Object) FORK_JOIN_POOL instanceof ScheduledExecutorService timer) {
        timers.add(timer);
      }
      for (ScheduledExecutorService timer : timers) {
        periodic.add(timer.scheduleAtFixedRate(work::look, 1, 1, TimeUnit.MILLISECONDS));
        periodic.add(timer.scheduleWithFixedDelay(work::look, 1, 1, TimeUnit.MILLISECONDS));
      }
      work.await();
      periodic.forEach(future -> future.cancel(false));
      return work;
    }
  },
  NEW_THREAD {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(1);
      Thread thread = new Thread(work::look);
      thread.start();
      thread.join();
      return work.await();
    }
  },
  SERIAL_EXECUTOR {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(3);
      SERIAL.execute(work::look);
      SERIAL.execute(() -> work.looked(1));
      SERIAL_WITH_WORKER.execute(work::look);
      return work.await();
    }
  },
  SHARED_TASK {
    @Override
    Handoff hand() throws Exception {
      Handoff work = new Handoff(2);
      SHARED_WORK.add(work);
      SHARED_WORK.add(work);
      // It captures nothing, so each request submits the same object.
      POOL.execute(HandoffKind::doShared);
      POOL.execute(HandoffKind::doShared);
      return work.await();
    }
  };

  /** How many times {@link #dependents} looks. */
  private static final int DEPENDENTS = 34;

  private static final ThreadFactory DAEMONS = Threads.daemons("pool");
  private static final ExecutorService POOL = Executors.newFixedThreadPool(8, DAEMONS);
  private static final ExecutorService FAILING_POOL =
      Executors.newFixedThreadPool(
          1,
          work -> {
            Thread thread = DAEMONS.newThread(work);
            thread.setUncaughtExceptionHandler((failed, e) -> {});
            return thread;
          });
  private static final ExecutorService SINGLE = Executors.newSingleThreadExecutor(DAEMONS);
  private static final ScheduledExecutorService TIMER =
      Executors.newScheduledThreadPool(2, DAEMONS);
  private static final ExecutorService SATURATED =
      new ThreadPoolExecutor(
          2,
          2,
          1,
          TimeUnit.MINUTES,
          new SynchronousQueue<>(),
          DAEMONS,
          new ThreadPoolExecutor.CallerRunsPolicy());
  private static final ForkJoinPool FORK_JOIN_POOL = new ForkJoinPool(3);
  private static final ThreadFactory VIRTUAL = Threads.virtual();
  private static final ExecutorService PER_TASK = perTask();
  private static final ExecutorService VIRTUAL_POOL =
      new ThreadPoolExecutor(4, 4, 1, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), VIRTUAL);
  private static final Executor SERIAL = new Serial();
  private static final Executor SERIAL_WITH_WORKER = new SerialWithWorker();

  /** Futures of any request, which any other may complete. */
  private static final Queue<Runnable> OFFERED = new ConcurrentLinkedQueue<>();

  private static final Queue<Handoff> SHARED_WORK = new ConcurrentLinkedQueue<>();

  /** Hands work over, and waits until it has run. */
  abstract Handoff hand() throws Exception;

  private static void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ExecutorService perTask() {
    try {
      return (ExecutorService)
          Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  private static Integer deeper() {
    CompletableFuture<Integer> future = new CompletableFuture<>();
    future.thenApply(one -> deeper());
    // It keeps the error as its dependent's result.
    future.complete(1);
    return 1;
  }

  private static void doShared() {
    SHARED_WORK.remove().look();
  }

  /** Completes what others wait for, now that they all had time to offer it; at the end all. */
  private static void completeOthers() {
    pause();
    Iterator<Runnable> offered = OFFERED.iterator();
    List<Runnable> mine = new ArrayList<>();
    while (offered.hasNext()) {
      mine.add(offered.next());
    }
    for (Runnable completion : mine) {
      completion.run();
      OFFERED.remove(completion);
    }
  }

  private static void dependents(
      CompletableFuture<Integer> one, CompletableFuture<Integer> two, Handoff work) {
    for (CompletableFuture<Integer> each : List.of(one, two)) {
      each.thenApply(work::looked);
      each.thenApplyAsync(work::looked);
      each.thenAccept(work::looked);
      each.thenAcceptAsync(work::looked, POOL);
      each.thenRun(work::look);
      each.thenRunAsync(work::look);
      each.whenComplete((value, e) -> work.look());
      each.handle((value, e) -> work.looked(1));
      each.handleAsync((value, e) -> work.looked(1), FORK_JOIN_POOL);
      each.thenCompose(value -> CompletableFuture.completedFuture(work.looked(1)));
      each.copy().thenRun(work::look).thenRun(work::look);
    }
    one.thenCombine(two, (a, b) -> work.looked(1));
    one.thenCombineAsync(two, (a, b) -> work.looked(1));
    one.thenAcceptBoth(two, (a, b) -> work.look());
    one.runAfterBoth(two, work::look);
    one.applyToEither(two, work::looked);
    one.applyToEitherAsync(two, work::looked, POOL);
    one.acceptEither(two, work::looked);
    one.runAfterEither(two, work::look);
    CompletableFuture.allOf(one, two).thenRun(work::look);
    CompletableFuture.anyOf(one, two).thenRun(work::look);
  }

  /** So many leaves, and joins between them. */
  private static final class Tree extends RecursiveAction {
    private static final long serialVersionUID = 1;

    private final transient Handoff work;
    private final int leaves;

    Tree(Handoff work, int leaves) {
      this.work = work;
      this.leaves = leaves;
    }

    @Override
    protected void compute() {
      if (leaves > 1) {
        Tree half = new Tree(work, leaves / 2);
        Tree other = new Tree(work, leaves / 2);
        if (leaves % 4 == 0) {
          half.fork();
          other.compute();
          half.join();
        } else {
          invokeAll(half, other);
        }
      }
      work.look();
    }
  }

  /** An executor that is its own worker: one run does what several have asked for. */
  private static final class Serial implements Executor, Runnable {
    private final Queue<Runnable> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();

    @Override
    public void execute(Runnable task) {
      queue.add(task);
      if (count.getAndIncrement() == 0) {
        POOL.execute(this);
      }
    }

    @Override
    public void run() {
      do {
        queue.remove().run();
      } while (count.decrementAndGet() > 0);
    }
  }

  /** The same, with a worker of a class of its own, and another one for each run. */
  private static final class SerialWithWorker implements Executor {
    private final Queue<Runnable> queue = new ArrayDeque<>();
    private boolean running;

    @Override
    public synchronized void execute(Runnable task) {
      queue.add(task);
      if (!running) {
        running = true;
        POOL.execute(new Worker());
      }
    }

    private synchronized Runnable next() {
      running = !queue.isEmpty();
      return queue.poll();
    }

    private final class Worker implements Runnable {
      private Runnable task;

      @Override
      public void run() {
        while ((task = next()) != null) {
          task.run();
        }
      }
    }
  }
}
