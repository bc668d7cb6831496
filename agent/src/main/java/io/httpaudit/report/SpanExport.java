package io.httpaudit.report;

import java.util.Optional;

/** A way out for encoded spans. One thread. */
interface SpanExport {
  /**
   * @return why they were not taken; empty: they were
   */
  Optional<String> send(ProtoBuffer spans);
}
