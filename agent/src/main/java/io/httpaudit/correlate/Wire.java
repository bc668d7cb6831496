package io.httpaudit.correlate;

import io.httpaudit.flow.Flow;
import io.httpaudit.flow.FlowTuple;

/** A flow, and the connections of this JVM whose bytes it carries: two, if both ends are here. */
final class Wire {
  final Flow flow;
  final FlowTuple tuple;
  Connection one;
  Connection two;

  /** Looks at the candidate that are still due: one more at the first exchange's finality. */
  boolean settled;

  /** No look before this time. */
  long nextLook;

  /** All flows' losses when this flow's own were last read. */
  long lossesRead;

  /** Whether the candidate lacked packets when it was looked at last. */
  boolean overflowed;

  /** That was told to the flow. */
  boolean gapped;

  /** A second id of the flow: the claim of its other end did not find the first. 0: none. */
  long alias;

  /** With two to the power of this records it is asked whether they are needed. */
  byte ask;

  /** Without a connection it waits so long for that. */
  long keptUntil;

  Wire(Flow flow, FlowTuple tuple) {
    this.flow = flow;
    this.tuple = tuple;
  }
}
