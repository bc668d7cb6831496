package io.httpaudit.instrument;

/**
 * One place in a library where something is woven in. Chosen by the presence of owner, method and
 * descriptor, never by a version.
 *
 * @param owner internal name
 * @param descriptor of the method; empty: any
 * @param method empty: whichever calls {@code call}
 * @param call name of the method before and behind whose call, in this one, it happens; empty: at
 *     entry and at every exit
 * @param hook the method of {@link HttpAudit} that is called with {@code one}, where {@code kind}
 *     leaves a choice
 * @param one local variable's slot of an argument that is told, an object; -1: none
 * @param two likewise
 * @param probe what is told; null where {@code kind} is of tasks
 * @param elsewhere a version whose class lacks it has another point instead
 */
record Point(
    Kind kind,
    String owner,
    String method,
    String descriptor,
    String call,
    String hook,
    int one,
    int two,
    HttpAuditProbe probe,
    boolean elsewhere) {
  enum Kind {
    /** Entry and exits are told to {@link #probe}. */
    PROBE,

    /**
     * The object {@link #one} will run, perhaps on another thread. At the exit of a constructor.
     */
    SUBMITS,

    /** The object {@link #one} runs, from entry to exit, or during {@link #call}. */
    RUNS,

    /** {@code this} perhaps runs, and has done so if its field {@code dep} is null at the exit. */
    FIRES,

    /** {@code this} and the object {@link #one} are told right before {@link #call}. */
    BEGINS,

    /**
     * As {@link #PROBE}, and told is which part of arrays: each is followed by an index and a
     * number.
     */
    PARTS,

    /** At the entry, the argument {@link #one} becomes what {@link #probe} gives for it. */
    REPLACES,

    /** {@link #probe} says on which object {@link #call} is called, with its one argument. */
    RECEIVES,

    /** At the exit of a constructor, {@link #probe} is told, by its enter, what it has made. */
    MAKES
  }

  /** Around a method: {@code probe} gets {@code this}, and up to two arguments, by their slots. */
  static Point around(
      String owner, String method, String descriptor, HttpAuditProbe probe, int... arguments) {
    return new Point(
        Kind.PROBE,
        owner,
        method,
        descriptor,
        "",
        "",
        arguments.length > 0 ? arguments[0] : -1,
        arguments.length > 1 ? arguments[1] : -1,
        probe,
        false);
  }

  /**
   * The argument in slot {@code argument} becomes what {@code probe} returns when it enters, which
   * is of the same class; null: it stays.
   */
  static Point replaces(
      String owner, String method, String descriptor, HttpAuditProbe probe, int argument) {
    return new Point(Kind.REPLACES, owner, method, descriptor, "", "", argument, -1, probe, false);
  }

  /** This one, which isn't missed in a class without such a method. */
  Point orElsewhere() {
    return new Point(kind, owner, method, descriptor, call, hook, one, two, probe, true);
  }

  /** Each {@code owner} that is made is told to {@code probe}, by its enter. */
  static Point makes(String owner, HttpAuditProbe probe) {
    return new Point(Kind.MAKES, owner, "<init>", "", "", "", -1, -1, probe, false);
  }

  /**
   * Where this method calls {@code call} of an interface's, with one argument, {@code probe} is
   * asked, with receiver and argument: its enter returns who is called instead.
   */
  static Point receives(String owner, String method, String call, HttpAuditProbe probe) {
    return new Point(Kind.RECEIVES, owner, method, "", call, "", -1, -1, probe, false);
  }

  /** As {@link #around}, of arguments that are arrays, each followed by an index and a number. */
  static Point aroundParts(
      String owner, String method, String descriptor, HttpAuditProbe probe, int one, int two) {
    return new Point(Kind.PARTS, owner, method, descriptor, "", "", one, two, probe, false);
  }

  private static Point of(
      Kind kind,
      String owner,
      String method,
      String descriptor,
      String call,
      String hook,
      int one) {
    return new Point(kind, owner, method, descriptor, call, hook, one, -1, null, false);
  }

  /** The object in slot {@code task} takes the caller's context along, if its class allows. */
  static Point submits(String owner, String method, String descriptor, int task) {
    return of(Kind.SUBMITS, owner, method, descriptor, "", "submitted", task);
  }

  /** The same, of a task that isn't given to two: callers without a context don't count. */
  static Point forks(String owner, String method, String descriptor, int task) {
    return of(Kind.SUBMITS, owner, method, descriptor, "", "forked", task);
  }

  /** The same, whatever its class. */
  static Point registers(String owner, String method, String descriptor, int task) {
    return of(Kind.SUBMITS, owner, method, descriptor, "", "registered", task);
  }

  /** {@code this}, a thread, takes the caller's context along. */
  static Point starts(String owner, String method, String descriptor) {
    return of(Kind.SUBMITS, owner, method, descriptor, "", "started", 0);
  }

  /**
   * The object in slot {@code subscriber} waits for signals, of which there may be many: for all of
   * them it has the caller's context.
   */
  static Point subscribes(String owner, String method, String descriptor, int subscriber) {
    return of(Kind.SUBMITS, owner, method, descriptor, "", "subscribed", subscriber);
  }

  /** In this method the object in slot {@code subscriber} gets one of its signals. */
  static Point resumes(String owner, String method, String descriptor, int subscriber) {
    return of(Kind.RUNS, owner, method, descriptor, "", "resumes", subscriber);
  }

  /** Likewise, where this method calls {@code call} of it, with one object or nothing. */
  static Point resumesAt(String owner, String method, String call) {
    return of(Kind.RUNS, owner, method, "", call, "resumes", -1);
  }

  /** Likewise, its only signal, or its last one: it waits no more. */
  static Point endsAt(String owner, String method, String call) {
    return of(Kind.RUNS, owner, method, "", call, "runsItself", -1);
  }

  /** In this method the object in slot {@code task} runs, in the context it was submitted in. */
  static Point runs(String owner, String method, String descriptor, int task) {
    return of(Kind.RUNS, owner, method, descriptor, "", "runs", task);
  }

  /** The same of {@code this}, which whoever passes it on leaves alone. */
  static Point runsItself(String owner, String method, String descriptor) {
    return of(Kind.RUNS, owner, method, descriptor, "", "runsItself", 0);
  }

  /** What this method does is in no context. */
  static Point outside(String owner, String method, String descriptor) {
    return of(Kind.RUNS, owner, method, descriptor, "", "runs", -1);
  }

  /**
   * Where this method, or any if its name is empty, calls {@code call}, which takes nothing, the
   * object on which it is called runs.
   */
  static Point runsAt(String owner, String method, String descriptor, String call) {
    return of(Kind.RUNS, owner, method, descriptor, call, "runs", -1);
  }

  /** In this method {@code this} runs if the time has come, in the context it was registered in. */
  static Point fires(String owner, String method, String descriptor) {
    return of(Kind.FIRES, owner, method, descriptor, "", "", 0);
  }

  /** Where this method calls {@code call}, the thread {@code this} begins with its task. */
  static Point begins(String owner, String method, String descriptor, String call, int task) {
    return of(Kind.BEGINS, owner, method, descriptor, call, "", task);
  }

  boolean matches(String name, String type) {
    return (method.isEmpty() || method.equals(name))
        && (descriptor.isEmpty() || descriptor.equals(type));
  }
}
