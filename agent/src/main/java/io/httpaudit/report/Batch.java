package io.httpaudit.report;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Exchange;
import java.util.ArrayList;
import java.util.List;

/**
 * Spans that are sent together: made and encoded in one go, for each exporter. Used again. One
 * thread.
 */
final class Batch {
  /** A collector takes no request of any length. */
  private static final int MOST_BYTES = 1 << 20;

  private static final int FIRST_CAPACITY = 1 << 16;

  private final List<ProtoBuffer> encoded = new ArrayList<>();
  private final SpanOut spans;
  private final SpanMaker maker;
  private int size;

  /**
   * @param exporters as {@link OtelConfig#exporters} names them, at least one
   */
  Batch(List<String> exporters, PhaseRule rule) {
    SpanOut out = null;
    for (String exporter : exporters) {
      ProtoBuffer buffer = new ProtoBuffer(FIRST_CAPACITY);
      encoded.add(buffer);
      SpanOut next = exporter.equals("otlp") ? new OtlpSpans(buffer) : new ConsoleSpans(buffer);
      out = out == null ? next : new BothSpans(out, next);
    }
    spans = out;
    maker = new SpanMaker(out, rule);
  }

  void exchange(Exchange exchange, Redactor.Url url) {
    maker.exchange(exchange, url);
    size++;
  }

  void connection(ConnectionOutcome connection) {
    maker.connection(connection);
    size++;
  }

  /** Exchanges and connections whose spans are in it. */
  int size() {
    return size;
  }

  /** Whether it should be sent before more comes. */
  boolean isLong() {
    for (int i = 0; i < encoded.size(); i++) {
      if (encoded.get(i).size() >= MOST_BYTES) {
        return true;
      }
    }
    return false;
  }

  /** For the exporter of this number. */
  ProtoBuffer encoded(int exporter) {
    return encoded.get(exporter);
  }

  void clear() {
    encoded.forEach(ProtoBuffer::clear);
    spans.cleared();
    size = 0;
  }
}
