package io.httpaudit.enrich;

import io.httpaudit.enrich.TheirSpan.Identity;

/** A SERVER span of which it is not known yet which request it was started for. */
public interface AwaitingSpan {
  /** Null: it has ended, and is not the one of a request that begins to be handled now. */
  Identity identity();
}
