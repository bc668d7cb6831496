package io.httpaudit.report;

/**
 * What became of spans that were sent.
 *
 * @param trouble why not all were taken; empty: they were
 * @param refused how many were not
 */
record Delivery(String trouble, long refused) {
  static final Delivery WHOLE = new Delivery("", 0);

  static Delivery none(String trouble) {
    return new Delivery(trouble, Long.MAX_VALUE);
  }
}
