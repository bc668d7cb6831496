package io.httpaudit.correlate;

/**
 * Where judged exchanges go: report/ implements it. Called by the audit thread alone; must not
 * block.
 */
public interface Outcomes {
  void exchange(Exchange exchange);

  void connection(ConnectionOutcome connection);
}
