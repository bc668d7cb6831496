package io.httpaudit.report;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Exchange;
import java.util.concurrent.ThreadFactory;

/**
 * Spans on their way out. The audit thread hands over what was judged; a thread of its own, started
 * with the first, makes the spans and sends them: to load the SDK takes longer than a ring of
 * packets lasts, and where processors are short, what is lost must be spans, which are counted, and
 * not events, on which verdicts hang. The audit thread alone.
 */
final class Spans {
  /** At the JVM's end, and only if spans wait, so long is waited for the collector. */
  static final long LAST_MILLIS = 1_800;

  private static final int QUEUE = 8_192;
  private static final int BATCH = 512;

  private final Reporting reporting;
  private final ThreadFactory threads;
  private final boolean wanted;
  private final SpanQueue queue =
      new SpanQueue(
          OtelConfig.positive("otel.bsp.max.queue.size", QUEUE),
          OtelConfig.positive("otel.bsp.max.export.batch.size", BATCH));

  private ExportThread export;
  private Thread thread;
  private long offered;
  private long dropped;

  /**
   * @param threads makes our own threads, whose connections are not audited
   */
  Spans(Reporting reporting, ThreadFactory threads) {
    this.reporting = reporting;
    this.threads = threads;
    wanted = reporting.makesSpans();
    if (reporting.spans() && !OtelConfig.disabled()) {
      OtelConfig.notices().forEach(Stderr::line);
    }
  }

  /** Whether any are made. */
  boolean wanted() {
    return wanted;
  }

  private record Done(Exchange exchange, Redactor.Url url) implements SpanQueue.Entry {
    @Override
    public void make(Batch batch) {
      batch.exchange(exchange, url);
    }
  }

  private record Failed(ConnectionOutcome connection) implements SpanQueue.Entry {
    @Override
    public void make(Batch batch) {
      batch.connection(connection);
    }
  }

  void exchange(Exchange exchange, Redactor.Url url) {
    offer(new Done(exchange, url));
  }

  void connection(ConnectionOutcome connection) {
    offer(new Failed(connection));
  }

  private void offer(SpanQueue.Entry entry) {
    offered++;
    if (thread == null) {
      start();
    }
    queue.offer(entry);
  }

  private void start() {
    export = new ExportThread(queue, reporting);
    thread = threads.newThread(export);
    thread.setName("httpaudit-export");
    thread.start();
  }

  /** Sends what has waited for so many nanoseconds. */
  void flush(long waited) {
    if (thread != null) {
      queue.flush(waited);
      Deadline.look();
    }
  }

  /** Sends what waits, as far as it can be done in {@link #LAST_MILLIS}. */
  void close() {
    if (thread == null) {
      return;
    }
    queue.end();
    // Whoever waits to try again tries once more, at once.
    thread.interrupt();
    try {
      thread.join(LAST_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    dropped = offered - export.delivered();
  }

  /** After {@link #close}: exchanges whose spans no collector had confirmed by then. */
  long dropped() {
    return dropped;
  }
}
