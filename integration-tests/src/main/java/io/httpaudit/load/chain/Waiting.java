package io.httpaudit.load.chain;

import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.TimerTask;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.RecursiveAction;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Hand-overs for whose end the request's thread waits. */
final class Waiting {
  private static final int PATIENCE_SECONDS = 30;

  private final BackCalls calls;
  private final Pools pools;

  /** Whose turn it is in the task that all share. */
  private final Queue<Turn> turns = new ConcurrentLinkedQueue<>();

  private final Runnable sharedTask = this::takeTurn;

  /** Waits to be completed by a request, whichever. */
  private final Queue<CompletableFuture<Void>> open = new ConcurrentLinkedQueue<>();

  private record Turn(Ask ask, CompletableFuture<Void> done) {}

  Waiting(BackCalls calls, Pools pools) {
    this.calls = calls;
    this.pools = pools;
  }

  void handle(Ask ask) throws Exception {
    switch (ask.handOff()) {
      case SEND:
      case OWN_HEADER:
        calls.call(ask);
        break;
      case SEND_ASYNC:
        await(calls.callAsync(ask));
        break;
      case SUBMIT:
        await(pools.pool.submit(callOf(ask)));
        break;
      case EXECUTE:
        CompletableFuture<Void> executed = new CompletableFuture<>();
        pools.pool.execute(() -> callFor(ask, executed));
        await(executed);
        break;
      case INVOKE_ALL:
        for (Future<Void> future :
            pools.pool.invokeAll(List.of(callOf(ask), callOf(ask.call(1)), callOf(ask.call(2))))) {
          await(future);
        }
        break;
      case SCHEDULE:
        await(pools.scheduled.schedule(callOf(ask), 1, TimeUnit.MILLISECONDS));
        break;
      case FORK_JOIN:
        await(pools.forkJoin.submit(new Forking(ask)));
        break;
      case PARALLEL_STREAM:
        IntStream.range(0, 3).parallel().forEach(i -> call(ask.call(i)));
        break;
      case SUPPLY_ASYNC:
        await(
            CompletableFuture.supplyAsync(() -> call(ask), pools.pool)
                .thenApplyAsync(done -> call(ask.call(1)), pools.forkJoin)
                .thenApply(done -> call(ask.call(2))));
        break;
      case COMPOSE:
        await(calls.callAsync(ask).thenCompose(first -> calls.callAsync(ask.call(1))));
        break;
      case COMPLETED_BY_ANOTHER:
        completedByAnother(ask);
        break;
      case CALLER_RUNS:
        await(pools.small.submit(callOf(ask)));
        calls.call(ask.call(1));
        break;
      case CANCELLED:
        pools.pool.submit(callOf(ask.call(7))).cancel(false);
        await(pools.pool.submit(callOf(ask)));
        break;
      case OUTLIVES:
        pools.virtual.execute(
            () -> {
              Pause.millis(20);
              call(ask);
            });
        break;
      case TIMEOUT:
        calls.callInVain(ask);
        calls.call(ask);
        break;
      case VIRTUAL_SUBMIT:
        await(pools.virtual.submit(callOf(ask)));
        break;
      case VIRTUAL_START:
        CompletableFuture<Void> started = new CompletableFuture<>();
        io.httpaudit.load.Threads.virtual().newThread(() -> callFor(ask, started)).start();
        await(started);
        break;
      case THREAD:
        CompletableFuture<Void> threaded = new CompletableFuture<>();
        new Thread(() -> callFor(ask, threaded)).start();
        await(threaded);
        break;
      case TIMER:
        timer(ask);
        break;
      case PERIODIC:
        periodic(ask);
        break;
      case SHARED_TASK:
        shared(ask);
        break;
      case OWN_EXECUTOR:
        CompletableFuture<Void> batched = new CompletableFuture<>();
        pools.own.execute(() -> callFor(ask, batched));
        await(batched);
        break;
      case OWN_WORKER:
        CompletableFuture<Void> worked = new CompletableFuture<>();
        pools.worker.execute(() -> callFor(ask, worked));
        await(worked);
        break;
      case SERIAL_EXECUTOR:
        serial(pools.serial, ask);
        break;
      case SERIAL_FUTURES:
        serial(pools.serialFutures, ask);
        break;
      case SERIAL_THREADS:
        serial(pools.serialThreads, ask);
        break;
      case ITSELF_AGAIN:
        ItselfAgain task = new ItselfAgain(ask);
        pools.scheduled.schedule(task, 1, TimeUnit.MILLISECONDS);
        await(task.done);
        break;
      case MAILBOX:
        CompletableFuture<Void> left = new CompletableFuture<>();
        pools.mailbox.leave(() -> callFor(ask, left));
        await(left);
        break;
      case OWN_EXECUTOR_FUTURE:
        await(CompletableFuture.supplyAsync(() -> call(ask), pools.own));
        break;
      case SLOW:
        Pause.millis(30);
        calls.call(ask);
        break;
      default:
        throw new IllegalArgumentException(ask.path());
    }
  }

  private void serial(SerialExecutor serial, Ask ask) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    serial.execute(() -> callFor(ask, done));
    await(done);
  }

  /** Makes one call, and, when its time has come again, the other. */
  private final class ItselfAgain implements Runnable {
    private final Ask ask;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private boolean again;

    ItselfAgain(Ask ask) {
      this.ask = ask;
    }

    @Override
    public void run() {
      if (again) {
        callFor(ask.call(1), done);
        return;
      }
      again = true;
      try {
        call(ask);
        pools.scheduled.schedule(this, 1, TimeUnit.MILLISECONDS);
      } catch (RuntimeException e) {
        done.completeExceptionally(e);
      }
    }
  }

  private static void await(Future<?> future) throws Exception {
    future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private Callable<Void> callOf(Ask ask) {
    return () -> call(ask);
  }

  private Void call(Ask ask) {
    try {
      calls.call(ask);
      return null;
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private void callFor(Ask ask, CompletableFuture<Void> done) {
    try {
      call(ask);
      done.complete(null);
    } catch (RuntimeException e) {
      done.completeExceptionally(e);
    }
  }

  /** Forks two, makes a call itself, joins them, and makes another. */
  private final class Forking extends RecursiveAction {
    private static final long serialVersionUID = 1;

    private final transient Ask ask;

    Forking(Ask ask) {
      this.ask = ask;
    }

    @Override
    protected void compute() {
      List<Forked> forked = List.of(new Forked(ask.call(1)), new Forked(ask.call(2)));
      forked.forEach(Forked::fork);
      call(ask);
      forked.forEach(Forked::join);
      call(ask.call(3));
    }
  }

  private final class Forked extends RecursiveAction {
    private static final long serialVersionUID = 1;

    private final transient Ask ask;

    Forked(Ask ask) {
      this.ask = ask;
    }

    @Override
    protected void compute() {
      call(ask);
    }
  }

  /** Each request leaves a future and completes one; between the two others do so too. */
  private void completedByAnother(Ask ask) throws Exception {
    CompletableFuture<Void> own = new CompletableFuture<>();
    Future<Void> dependent = own.thenApply(done -> call(ask));
    open.add(own);
    Thread.yield();
    open.remove().complete(null);
    calls.call(ask.call(1));
    await(dependent);
  }

  private void timer(Ask ask) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    pools.timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            callFor(ask, done);
          }
        },
        1);
    await(done);
  }

  private void periodic(Ask ask) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    AtomicInteger runs = new AtomicInteger();
    Future<?> periodic =
        pools.scheduled.scheduleAtFixedRate(
            () -> {
              int run = runs.getAndIncrement();
              if (run == 0) {
                call(ask);
              } else if (run == 1) {
                callFor(ask.call(1), done);
              }
            },
            0,
            1,
            TimeUnit.MILLISECONDS);
    await(done);
    periodic.cancel(false);
  }

  /** The turns are taken in the order of the tasks, since one thread runs them. */
  private void shared(Ask ask) throws Exception {
    Turn turn = new Turn(ask, new CompletableFuture<>());
    synchronized (turns) {
      turns.add(turn);
      pools.single.execute(sharedTask);
    }
    await(turn.done);
  }

  private void takeTurn() {
    Turn turn = turns.remove();
    callFor(turn.ask, turn.done);
  }
}
