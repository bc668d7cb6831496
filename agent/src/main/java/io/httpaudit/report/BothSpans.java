package io.httpaudit.report;

import io.httpaudit.correlate.Exchange.TraceIds;

/** The same spans twice. One thread. */
record BothSpans(SpanOut one, SpanOut two) implements SpanOut {
  @Override
  public void begin(String name, Kind kind, TraceIds who, long start, long end, boolean failed) {
    one.begin(name, kind, who, start, end, failed);
    two.begin(name, kind, who, start, end, failed);
  }

  @Override
  public void put(Key<String> key, String value) {
    one.put(key, value);
    two.put(key, value);
  }

  @Override
  public void put(Key<Long> key, long value) {
    one.put(key, value);
    two.put(key, value);
  }

  @Override
  public void put(Key<Double> key, double value) {
    one.put(key, value);
    two.put(key, value);
  }

  @Override
  public void put(Key<Boolean> key, boolean value) {
    one.put(key, value);
    two.put(key, value);
  }

  @Override
  public void end() {
    one.end();
    two.end();
  }

  @Override
  public void cleared() {
    one.cleared();
    two.cleared();
  }
}
