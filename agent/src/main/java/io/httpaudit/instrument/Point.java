package io.httpaudit.instrument;

/**
 * One place in a library where something is woven in. Chosen by the presence of owner, method and
 * descriptor, never by a version.
 *
 * @param owner internal name
 * @param descriptor of the method; empty: any
 * @param call name of the method before and behind whose call, in this one, it happens; empty: at
 *     entry and at every exit
 * @param one local variable's slot of an argument that is told, an object; -1: none
 * @param two likewise
 * @param probe what is told; null where {@code kind} is of tasks
 */
record Point(
    Kind kind,
    String owner,
    String method,
    String descriptor,
    String call,
    int one,
    int two,
    HttpAuditProbe probe) {
  enum Kind {
    /** Entry and exits are told to {@link #probe}. */
    PROBE,

    /**
     * The object {@link #one} will run, perhaps on another thread. At the exit of a constructor.
     */
    SUBMITS,

    /** The object {@link #one} runs, from entry to exit, or during {@link #call}. */
    RUNS
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
        arguments.length > 0 ? arguments[0] : -1,
        arguments.length > 1 ? arguments[1] : -1,
        probe);
  }

  /** The object in slot {@code task} takes the caller's context along. */
  static Point submits(String owner, String method, String descriptor, int task) {
    return new Point(Kind.SUBMITS, owner, method, descriptor, "", task, -1, null);
  }

  /** In this method the object in slot {@code task} runs, in the context it was submitted in. */
  static Point runs(String owner, String method, String descriptor, int task) {
    return new Point(Kind.RUNS, owner, method, descriptor, "", task, -1, null);
  }

  /**
   * Where this method calls {@code call}, which takes nothing, the object on which it is called
   * runs.
   */
  static Point runsAt(String owner, String method, String descriptor, String call) {
    return new Point(Kind.RUNS, owner, method, descriptor, call, -1, -1, null);
  }

  boolean matches(String name, String type) {
    return method.equals(name) && (descriptor.isEmpty() || descriptor.equals(type));
  }
}
