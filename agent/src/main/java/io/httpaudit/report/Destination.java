package io.httpaudit.report;

import java.util.Optional;

/** Where spans go. One thread. */
interface Destination {
  /** Makes spans, which wait until {@link #send}. */
  SpanMaker maker();

  /**
   * Sends what waits, and forgets it either way.
   *
   * @return why it was not taken; empty: it was
   */
  Optional<String> send();
}
