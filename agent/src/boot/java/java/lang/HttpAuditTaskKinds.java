package java.lang;

import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import jdk.internal.loader.ClassLoaders;
import jdk.internal.misc.Unsafe;

/**
 * Whether what a task does is done for the one who submitted it, as far as its class tells. What
 * isn't sure is not: a span without a parent is better than one with a wrong parent.
 *
 * <p>Not such a task is
 *
 * <ul>
 *   <li>what the JDK itself submits, but for its futures and fork/join tasks: its selectors and
 *       schedulers work for everybody;
 *   <li>what is itself an executor, or is nested in one and holds no task of its own: the worker of
 *       a queue into which others put theirs, as serial executors and event loops have;
 *   <li>the worker of a few libraries that can't be told by these rules, and what Netty and its
 *       like submit to their own event loops, which is a connection's or a pool's;
 *   <li>what holds a queue, or objects that do, and nothing else that could tell whose work it is;
 *   <li>an object that all share: a lambda that captures nothing;
 *   <li>what submits itself, for its next turn;
 *   <li>what an object of its own class submits that runs: one task hands over the next of its
 *       queue, as in the documentation of {@link Executor};
 *   <li>an object of a class of which one was submitted again, in another trace.
 * </ul>
 *
 * <p>Of what futures and adapters wrap this is asked, too, with two exceptions. A lambda that
 * captures nothing is its submitter's in a future, since each submission has one of its own. And
 * there an object of the same class is the next of a queue only if an executor has made it: what
 * libraries put around a task (Spring around an asynchronous method, Reactor around whatever it
 * schedules) is of one class for all, and within one such task another is submitted for the same
 * request.
 *
 * <p>What is not seen: an object that waits already, submitted in no context, when it is submitted
 * in one for the first time; and the worker of a queue at its first submission, or the next task
 * that it hands over, if it is none of the above.
 *
 * <p>The class's own map of values holds the answer, so a second question is a few loads. A first
 * one may lock that map for a moment. Any thread.
 */
final class HttpAuditTaskKinds extends ClassValue<HttpAuditTaskKinds.Kind> {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();

  /** A thread's runner of a future of an adapter of the work. */
  private static final int MOST_WRAPPED = 4;

  /** As many objects of a class are watched at once for coming again. */
  private static final int SEEN = 8;

  /** Passes an event on to a handler that has an executor of its own: so it is of that event. */
  private static final String NETTY_EVENT = "io.netty.channel.AbstractChannelHandlerContext$";

  /** What a task that was given to {@code submit} is wrapped in. */
  private static final String NETTY_TASK = "io.netty.util.concurrent.PromiseTask";

  /** Beginnings of names of classes, of workers that drain a queue of others' tasks. */
  private static final String[] WORKERS = {
    "io.netty.",
    "reactor.netty.",
    "reactor.pool.",
    "io.vertx.core.impl.TaskQueue",
    "io.vertx.core.impl.OrderedExecutorFactory",
    "io.reactivex.rxjava3.internal.schedulers.ExecutorScheduler$ExecutorWorker",
    "io.reactivex.internal.schedulers.ExecutorScheduler$ExecutorWorker",
    "akka.dispatch.Mailbox",
    "org.apache.pekko.dispatch.Mailbox",
    "scala.concurrent.BatchingExecutor$",
    "org.eclipse.jetty.io.",
    "org.eclipse.jetty.util.thread.strategy.",
    "org.glassfish.grizzly.nio.",
    "org.glassfish.grizzly.strategies.",
    "akka.dispatch.BatchingExecutor$",
    "org.apache.pekko.dispatch.BatchingExecutor$",
  };

  /** What is known of a class. */
  static final class Kind {
    /** Its objects are tasks of who submits them. */
    final boolean task;

    /** All who submit one submit the same object. */
    final boolean shared;

    /** Each of its objects is made for one submission. */
    final boolean once;

    /** Where its objects hold what they run; -1: they don't, or nobody knows. */
    final long inner;

    /** It was made by an executor, around a task, or stands for what was given to one. */
    final boolean executors;

    /** Some that were submitted, until they are collected; null: nobody asks. */
    private final AtomicReferenceArray<Seen> seen;

    private volatile boolean again;

    Kind(boolean task, boolean shared, boolean once, long inner) {
      this(task, shared, once, inner, false);
    }

    Kind(boolean task, boolean shared, boolean once, long inner, boolean executors) {
      this.executors = executors;
      seen = task && !shared && !once ? new AtomicReferenceArray<>(SEEN) : null;
      this.task = task;
      this.shared = shared;
      this.once = once;
      this.inner = inner;
    }

    /** Whether this class's objects were seen to be submitted in one trace and then in another. */
    boolean isSubmittedAgain(Object object, HttpAuditContext context) {
      if (again) {
        return true;
      }
      int free = -1;
      for (int i = 0; i < SEEN; i++) {
        Seen one = seen.get(i);
        if (one == null || one.refersTo(null)) {
          free = i;
        } else if (one.refersTo(object)) {
          again = !one.isOf(context);
          return again;
        }
      }
      if (free >= 0) {
        seen.set(free, new Seen(object, context));
      }
      return false;
    }
  }

  /** An object that was submitted, and in which trace. */
  static final class Seen extends WeakReference<Object> {
    private final long traceHigh;
    private final long traceLow;

    Seen(Object task, HttpAuditContext context) {
      super(task);
      traceHigh = context.traceHigh;
      traceLow = context.traceLow;
    }

    boolean isOf(HttpAuditContext context) {
      return traceHigh == context.traceHigh && traceLow == context.traceLow;
    }
  }

  /** What a thread runs, and for whom. */
  static final class Running {
    /** What it runs in the middle of, or null. */
    private final Running outer;

    /** Null: nothing. */
    private Object work;

    private Kind kind;
    private long spanId;
    private Object replaced;

    Running(Running outer) {
      this.outer = outer;
    }
  }

  /** In which context a thread was started, and what did so for it. */
  static final class Started {
    private final HttpAuditContext context;
    private final Object work;
    private final Kind kind;

    Started(HttpAuditContext context, Running by) {
      this.context = context;
      work = by.work;
      kind = by.kind;
    }
  }

  /** Asked only where a task runs in a context: of a thread that has none it allocates. */
  private final ThreadLocal<Running> running = new ThreadLocal<>();

  /**
   * This thread begins to run {@code task} for {@code context}.
   *
   * @param replaced what {@link HttpAudit#replace} returned
   * @return the same, or what {@link #ends} takes
   */
  Object begins(Object task, HttpAuditContext context, Object replaced) {
    Object work = work(task);
    return begins(work, get(work.getClass()), context, replaced);
  }

  private Object begins(Object work, Kind kind, HttpAuditContext context, Object replaced) {
    if (kind.once) {
      return replaced;
    }
    Running now = running.get();
    if (now == null || now.work != null) {
      now = new Running(now);
      running.set(now);
    }
    now.work = work;
    now.kind = kind;
    now.spanId = context.spanId;
    now.replaced = replaced;
    return now;
  }

  /** It has run. Returns what was replaced for it. */
  Object ends(Running now) {
    now.work = null;
    if (now.outer != null) {
      running.set(now.outer);
    }
    return now.replaced;
  }

  /** What this thread runs for {@code context}; null: nothing that is told. */
  private Running runningFor(HttpAuditContext context) {
    Running now = running.get();
    return now == null || now.work == null || now.spanId != context.spanId ? null : now;
  }

  /** A thread is started in {@code context}. Returns what {@link #begun} takes. */
  Object starts(HttpAuditContext context) {
    Running by = runningFor(context);
    return by == null ? context : new Started(context, by);
  }

  /**
   * This thread begins with {@code task}.
   *
   * @param started what {@link #starts} returned; null: nothing is known of it
   * @return in which context; null: in none
   */
  HttpAuditContext begun(Object started, Object task) {
    if (started == null || task == null) {
      return null;
    }
    Object work = work(task);
    Kind kind = get(work.getClass());
    if (!kind.task) {
      return null;
    }
    HttpAuditContext context;
    if (started instanceof Started) {
      Started by = (Started) started;
      if (by.work == work || by.kind == kind && isAnExecutors(task, kind)) {
        return null;
      }
      context = by.context;
    } else {
      context = (HttpAuditContext) started;
    }
    begins(work, kind, context, null);
    return context;
  }

  /**
   * @param kind of the work of {@code task}
   */
  private boolean isAnExecutors(Object task, Kind kind) {
    return kind.executors || get(task.getClass()).executors;
  }

  /** Whether {@code task}, submitted in {@code context}, will run for it. */
  boolean carries(Object task, HttpAuditContext context) {
    Object work = work(task);
    Kind kind = get(work.getClass());
    if (kind.once || !kind.task) {
      return kind.task;
    }
    Running by = runningFor(context);
    if (by != null
        && (by.work == work || by.kind == kind && (work == task || isAnExecutors(task, kind)))) {
      return false;
    }
    return kind.shared ? work != task : !kind.isSubmittedAgain(work, context);
  }

  /** What futures and adapters wrap, as far as they tell; else the task itself. */
  private Object work(Object task) {
    Object at = task;
    for (int i = 0; i < MOST_WRAPPED; i++) {
      long inner = get(at.getClass()).inner;
      Object within = inner < 0 ? null : UNSAFE.getReference(at, inner);
      if (within == null) {
        return at;
      }
      at = within;
    }
    return at;
  }

  @Override
  protected Kind computeValue(Class<?> type) {
    try {
      if (FutureTask.class.isAssignableFrom(type)) {
        return new Kind(true, false, true, field(FutureTask.class, "callable"));
      }
      if (isOfJdk(type)) {
        return ofJdk(type);
      }
      if (type.getName().equals(NETTY_TASK)) {
        return new Kind(true, false, true, field(type, "task"));
      }
      if (ForkJoinTask.class.isAssignableFrom(type)
          || CompletableFuture.class.isAssignableFrom(type)) {
        return new Kind(!isWorker(type), false, true, -1);
      }
      return new Kind(!isWorker(type), isShared(type), false, -1, isWithinAnExecutor(type));
    } catch (Throwable e) {
      // Its fields or the class around it can't be loaded.
      return new Kind(false, false, false, -1);
    }
  }

  private static boolean isOfJdk(Class<?> type) {
    ClassLoader loader = type.getClassLoader0();
    return loader == null || loader == ClassLoaders.platformClassLoader();
  }

  private static Kind ofJdk(Class<?> type) {
    String name = type.getName();
    if (name.equals("java.util.concurrent.Executors$RunnableAdapter")
        || name.equals("java.util.concurrent.ThreadPerTaskExecutor$ThreadBoundFuture")) {
      return new Kind(true, false, true, field(type, "task"));
    }
    if (name.equals("java.util.concurrent.ThreadPerTaskExecutor$TaskRunner")) {
      return new Kind(true, false, true, field(type, "task"), true);
    }
    if (name.startsWith("java.util.concurrent.ForkJoinTask$Adapted")
        || name.equals("java.util.concurrent.ForkJoinTask$RunnableExecuteAction")) {
      long inner = field(type, "runnable");
      boolean executors = name.endsWith("$RunnableExecuteAction");
      return new Kind(true, false, true, inner < 0 ? field(type, "callable") : inner, executors);
    }
    boolean task =
        ForkJoinTask.class.isAssignableFrom(type)
                && !CompletableFuture.AsynchronousCompletionTask.class.isAssignableFrom(type)
            || CompletableFuture.class.isAssignableFrom(type)
            // It submits what was given to a delayed executor.
            || name.equals("java.util.concurrent.CompletableFuture$TaskSubmitter")
            || name.startsWith("java.util.concurrent.StructuredTaskScope");
    return new Kind(task, false, true, -1);
  }

  private static long field(Class<?> type, String name) {
    try {
      return UNSAFE.objectFieldOffset(type, name);
    } catch (Throwable e) {
      return -1;
    }
  }

  private static boolean isWorker(Class<?> type) throws ClassNotFoundException {
    String name = type.getName();
    if (name.startsWith(NETTY_EVENT)) {
      return false;
    }
    for (String worker : WORKERS) {
      if (name.startsWith(worker)) {
        return true;
      }
    }
    if (Executor.class.isAssignableFrom(type)) {
      return true;
    }
    return isWithinAnExecutor(type) ? !holdsATask(type) : findsItsWork(type);
  }

  private static boolean isWithinAnExecutor(Class<?> type) throws ClassNotFoundException {
    for (Class<?> around = around(type); around != null; around = around(around)) {
      if (Executor.class.isAssignableFrom(around)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether all that it holds is a queue, or objects that hold one, and what serves them: whose
   * work it finds there, it can't know.
   */
  private static boolean findsItsWork(Class<?> type) {
    boolean finds = false;
    for (Field field : type.getDeclaredFields()) {
      Class<?> of = field.getType();
      if (!Modifier.isStatic(field.getModifiers())) {
        if (Queue.class.isAssignableFrom(of) || holdsAQueue(of)) {
          finds = true;
        } else if (!serves(of)) {
          return false;
        }
      }
    }
    return finds;
  }

  private static boolean holdsAQueue(Class<?> type) {
    for (Class<?> of = type; of != null && !isOfJdk(of); of = of.getSuperclass()) {
      for (Field field : of.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())
            && Queue.class.isAssignableFrom(field.getType())) {
          return true;
        }
      }
    }
    return false;
  }

  /** What no request has of its own. */
  private static boolean serves(Class<?> type) {
    return type == boolean.class
        || Executor.class.isAssignableFrom(type)
        || type.getName().startsWith("java.util.concurrent.locks.")
        || type.getName().startsWith("java.util.concurrent.atomic.Atomic");
  }

  /**
   * The class in whose source {@code type} stands, or null. A lambda's is in its name alone: its
   * nest is the outermost class's.
   */
  private static Class<?> around(Class<?> type) throws ClassNotFoundException {
    if (!type.isHidden()) {
      return type.getEnclosingClass();
    }
    int lambda = type.getName().indexOf("$$Lambda");
    if (lambda > 0) {
      return Class.forName(type.getName().substring(0, lambda), false, type.getClassLoader0());
    }
    Class<?> host = type.getNestHost();
    return host == type ? null : host;
  }

  /** Whether it was made around one task: a decorator's. A worker takes one after the other. */
  private static boolean holdsATask(Class<?> type) {
    for (Field field : type.getDeclaredFields()) {
      Class<?> of = field.getType();
      if (!Modifier.isStatic(field.getModifiers())
          && Modifier.isFinal(field.getModifiers())
          && (of == Runnable.class
              || of == Callable.class
              || of == Supplier.class
              || FutureTask.class.isAssignableFrom(of)
              || ForkJoinTask.class.isAssignableFrom(of))) {
        return true;
      }
    }
    return false;
  }

  /** Lambdas that capture nothing are made once. */
  private static boolean isShared(Class<?> type) {
    return type.isHidden() && type.getDeclaredFields().length == 0;
  }
}
