package io.httpaudit.report;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Side;

final class Spans implements Ids.Sampling {
  Spans(Reporting reporting, ThreadGroup threads) {}
  @Override public boolean samples(String t, String p, boolean s, Side side, String m) { return true; }
  void exchange(Exchange e, Redactor.Url url, Ids ids) {}
  void connection(ConnectionOutcome c, Ids ids) {}
  void flush(long every) {}
  void close() {}
  long dropped() { return 0; }
}
