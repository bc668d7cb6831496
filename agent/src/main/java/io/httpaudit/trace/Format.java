package io.httpaudit.trace;

import io.httpaudit.http.Head;
import io.httpaudit.http.KeptField;
import java.util.Set;

/** One way to write a span's context into fields of a request. Any thread. */
abstract class Format {
  /** Asks for the fields that {@link #extract} looks at. */
  abstract void fields(Set<KeptField> wanted);

  /**
   * Reads the caller's context, if the request has one of this format, into {@code head}, which is
   * else left as it is. Without allocation.
   */
  abstract void extract(Head head);

  /** The value with the span's id in it, of the context that a request has; null: it has none. */
  abstract <C> String find(C request, Propagation.Fields<C> fields);

  /** The span in a value that {@link #find} gave; 0: it is none that we could have written. */
  abstract long span(String found);

  /**
   * @return the value that {@link #find} will give
   */
  abstract <C> String inject(HttpAuditContext context, C request, Propagation.Fields<C> fields);
}
