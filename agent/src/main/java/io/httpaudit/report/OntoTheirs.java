package io.httpaudit.report;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.enrich.Facts;
import io.httpaudit.enrich.TheirSpan;

/**
 * Writes what packets say of an exchange onto a span that the application's own OpenTelemetry made:
 * its name, times, status and attributes stay, and phases hang below it.
 */
record OntoTheirs(Exchange exchange, PhaseRule rule) implements Facts {
  @Override
  public void write(TheirSpan onto) throws Throwable {
    SpanMaker.onto(exchange, new Attributes(onto));
    for (Exchange.Timing timing : exchange.phases()) {
      if (rule.draws(timing, exchange.end() - exchange.start())) {
        onto.child(
            timing.phase().label(),
            timing.start() + exchange.wallOffset(),
            timing.end() + exchange.wallOffset());
      }
    }
  }

  /** What the span says itself is left as it is. */
  private record Attributes(TheirSpan span) implements Tags {
    private void add(Key<?> key, Object value) {
      try {
        if (!span.has(key.name(), key.type())) {
          span.put(key.name(), value);
        }
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void put(Key<String> key, String value) {
      add(key, value);
    }

    @Override
    public void put(Key<Long> key, long value) {
      add(key, value);
    }

    @Override
    public void put(Key<Double> key, double value) {
      add(key, value);
    }

    @Override
    public void put(Key<Boolean> key, boolean value) {
      add(key, value);
    }
  }
}
