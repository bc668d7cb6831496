package io.httpaudit.correlate;

/**
 * Where judged exchanges go: report/ implements it. Called by the audit thread alone; must not
 * block.
 */
public interface Outcomes {
  void exchange(Exchange exchange);

  /** A request's head went by, whose bytes name {@code parent} as who sent it. */
  default void asked(Side side, long parent) {}

  void connection(ConnectionOutcome connection);
}
