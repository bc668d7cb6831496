package io.httpaudit.flow;

/**
 * A TCP connection, whichever way a packet goes; the key of the kernel's maps (struct tuple in
 * bpf/httpaudit.h).
 *
 * @param lower the end that compares lower
 * @param upper the other
 */
public record FlowTuple(Endpoint lower, Endpoint upper) {
  public static FlowTuple of(Endpoint one, Endpoint other) {
    return one.compareTo(other) <= 0 ? new FlowTuple(one, other) : new FlowTuple(other, one);
  }

  /** Written out for the same reason as {@link Endpoint#equals}. */
  @Override
  public boolean equals(Object other) {
    return other instanceof FlowTuple
        && lower.equals(((FlowTuple) other).lower)
        && upper.equals(((FlowTuple) other).upper);
  }

  @Override
  public int hashCode() {
    return 31 * lower.hashCode() + upper.hashCode();
  }
}
