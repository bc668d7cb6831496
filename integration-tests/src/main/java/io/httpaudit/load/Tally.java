package io.httpaudit.load;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What was done. */
final class Tally {
  private final AtomicLong exchanges = new AtomicLong();
  private final AtomicLong whole = new AtomicLong();
  private final Map<String, AtomicLong> shapes = new ConcurrentHashMap<>();

  /** A request, or the beginning of one, was written. */
  void sent() {
    exchanges.incrementAndGet();
  }

  /**
   * A client read an answer to its end: both ends saw the exchange whole. Counts those that are
   * framed, too.
   */
  void whole(Script script) {
    if (script.isPlain()) {
      whole.incrementAndGet();
    }
  }

  void shape(String name) {
    shapes.computeIfAbsent(name, n -> new AtomicLong()).incrementAndGet();
  }

  long exchanges() {
    return exchanges.get();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("exchanges=" + exchanges + " whole=" + whole);
    new TreeMap<>(shapes)
        .forEach((name, count) -> text.append(' ').append(name).append('=').append(count));
    return text.toString();
  }
}
