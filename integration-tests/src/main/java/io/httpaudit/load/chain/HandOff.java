package io.httpaudit.load.chain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the front does between a request and the calls that it makes for it. */
public enum HandOff {
  /** On the request's own thread. */
  SEND(Link.CERTAIN, 1),
  SEND_ASYNC(Link.CERTAIN, 1),
  SUBMIT(Link.CERTAIN, 1),
  EXECUTE(Link.CERTAIN, 1),
  INVOKE_ALL(Link.CERTAIN, 3),
  SCHEDULE(Link.CERTAIN, 1),
  /** Tasks that fork tasks; whoever joins runs others' tasks meanwhile. */
  FORK_JOIN(Link.CERTAIN, 4),
  PARALLEL_STREAM(Link.CERTAIN, 3),
  SUPPLY_ASYNC(Link.CERTAIN, 3),
  /** A call in what was composed upon another call's answer. */
  COMPOSE(Link.CERTAIN, 2),
  /**
   * The dependents of one request, run by the thread of another that completes what they wait for.
   */
  COMPLETED_BY_ANOTHER(Link.CERTAIN, 2),
  /** Runs in the submitter, or in the pool. */
  CALLER_RUNS(Link.CERTAIN, 2),
  /** After a task that was cancelled before it ran. */
  CANCELLED(Link.CERTAIN, 1),
  /** The call is made when its request has long been answered. */
  OUTLIVES(Link.CERTAIN, 1),
  /** The first call is given up; the second isn't. */
  TIMEOUT(Link.CERTAIN, 1),
  /** After its call the servlet throws. */
  THROWS(Link.CERTAIN, 1),
  ASYNC_EXECUTE(Link.CERTAIN, 1),
  /** The container's own executor, through {@code AsyncContext.start}. */
  ASYNC_START(Link.CERTAIN, 1),
  /** Back in the container, on some thread of its own. */
  ASYNC_DISPATCH(Link.CERTAIN, 1),
  /** No thread waits for the answers. */
  ASYNC_COMPOSE(Link.CERTAIN, 2),
  /** The container tells when the body has been read. */
  ASYNC_READ(Link.CERTAIN, 1),
  /** The container tells that nobody has answered in time. */
  ASYNC_TIMEOUT(Link.CERTAIN, 1),
  VIRTUAL_SUBMIT(Link.CERTAIN, 1),
  VIRTUAL_START(Link.CERTAIN, 1),

  /** A platform thread of the request's own. */
  THREAD(Link.PERHAPS, 1),
  TIMER(Link.PERHAPS, 1),
  /** A task that repeats itself. */
  PERIODIC(Link.PERHAPS, 2),
  /** One Runnable for all requests, that finds in a queue whose turn it is. */
  SHARED_TASK(Link.PERHAPS, 1),
  /** An executor of the application's own: one thread, begun by the first request, for all. */
  OWN_EXECUTOR(Link.PERHAPS, 1),
  /** A CompletableFuture on that. */
  OWN_EXECUTOR_FUTURE(Link.CERTAIN, 1),
  /** An executor of the application's own that submits its worker to a pool when there is work. */
  OWN_WORKER(Link.PERHAPS, 1),
  /** As in the documentation of {@code Executor}: each task submits the next, whosever it is. */
  SERIAL_EXECUTOR(Link.PERHAPS, 1),
  /** The same, in futures. */
  SERIAL_FUTURES(Link.PERHAPS, 1),
  /** The same, each on a virtual thread of its own. */
  SERIAL_THREADS(Link.PERHAPS, 1),
  /** A task that schedules itself for its next turn. */
  ITSELF_AGAIN(Link.PERHAPS, 2),
  /** A queue of messages that is no executor, with such a worker. */
  MAILBOX(Link.PERHAPS, 1),

  /** The request to the back carries a {@code traceparent} that the application made. */
  OWN_HEADER(Link.GIVEN, 1),

  /** Slow, and only for a client that doesn't wait. */
  SLOW(Link.CERTAIN, 1),
  /** Not a request's: a task of the front itself, in the same pools. */
  BACKGROUND(Link.NONE, 1);

  /** What may be said of who a call belongs to. */
  public enum Link {
    /** Its request, always. */
    CERTAIN,
    /** Its request, or nobody. */
    PERHAPS,
    /** The span that the application's own header names. */
    GIVEN,
    /** Nobody. */
    NONE
  }

  private static final List<HandOff> ON_PLATFORM_THREADS = new ArrayList<>();
  private static final List<HandOff> ALL = new ArrayList<>();

  static {
    for (HandOff handOff : values()) {
      if (handOff != SLOW && handOff != BACKGROUND) {
        ALL.add(handOff);
        if (handOff != VIRTUAL_SUBMIT && handOff != VIRTUAL_START && handOff != SERIAL_THREADS) {
          ON_PLATFORM_THREADS.add(handOff);
        }
      }
    }
  }

  private final Link link;
  private final int calls;

  HandOff(Link link, int calls) {
    this.link = link;
    this.calls = calls;
  }

  public Link link() {
    return link;
  }

  /** Calls to the back that are answered, numbered from 0. */
  public int calls() {
    return calls;
  }

  /** Which one the request of this id uses: each as often as any. */
  public static HandOff of(long id, int jdk) {
    List<HandOff> cast = cast(jdk);
    return cast.get((int) (id % cast.size()));
  }

  public static List<HandOff> cast(int jdk) {
    return jdk >= 21 ? ALL : ON_PLATFORM_THREADS;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static HandOff named(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
  }
}
