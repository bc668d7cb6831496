package io.httpaudit.report;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Exchange;
import java.util.List;

/**
 * Spans on their way out. The audit thread makes and encodes them; a thread of its own, started
 * with the first, sends them a batch at a time, since to load the SDK, or to wait for a collector,
 * takes longer than a ring of packets lasts. The audit thread alone.
 */
final class Spans {
  /** At the JVM's end, and only if spans wait, so long is waited for the collector. */
  static final long LAST_MILLIS = 1_800;

  private static final int QUEUE = 8_192;
  private static final int BATCH = 512;

  private final ThreadGroup threads;
  private final boolean wanted;
  private final int batchSize;
  private final BatchQueue queue;

  /** What is being filled; null: nothing yet. */
  private Batch open;

  /** When its first came. */
  private long since;

  private ExportThread export;
  private Thread thread;
  private long offered;
  private long dropped;

  /**
   * @param threads the group of our own threads, whose connections are not audited
   */
  Spans(Reporting reporting, ThreadGroup threads) {
    this.threads = threads;
    wanted = reporting.makesSpans();
    int capacity = OtelConfig.positive("otel.bsp.max.queue.size", QUEUE);
    batchSize = Math.min(capacity, OtelConfig.positive("otel.bsp.max.export.batch.size", BATCH));
    PhaseRule rule = new PhaseRule(reporting.phases(), reporting.phasesMinNanos());
    List<String> exporters = OtelConfig.exporters();
    queue = new BatchQueue(capacity, () -> new Batch(exporters, rule));
    if (reporting.spans() && !OtelConfig.disabled()) {
      OtelConfig.notices().forEach(Stderr::line);
    }
  }

  /** Whether any are made. */
  boolean wanted() {
    return wanted;
  }

  void exchange(Exchange exchange, Redactor.Url url) {
    if (hasRoom()) {
      open.exchange(exchange, url);
      added();
    }
  }

  void connection(ConnectionOutcome connection) {
    if (hasRoom()) {
      open.connection(connection);
      added();
    }
  }

  private boolean hasRoom() {
    offered++;
    if (thread == null) {
      start();
    }
    if (open == null) {
      open = queue.empty();
    }
    return queue.hasRoom(open);
  }

  /** A wake-up costs more than a span: there is one a batch, or one when it has waited enough. */
  private void added() {
    if (open.size() == 1) {
      since = System.nanoTime();
    }
    if (open.size() >= batchSize || open.isLong()) {
      handOver();
    }
  }

  private void handOver() {
    queue.offer(open);
    open = null;
  }

  private void start() {
    export = new ExportThread(queue);
    thread = new Thread(threads, export, "httpaudit-export", 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    thread.start();
  }

  /** Sends what has waited for so many nanoseconds. */
  void flush(long waited) {
    if (thread != null) {
      if (open != null && open.size() > 0 && System.nanoTime() - since >= waited) {
        handOver();
      }
      Deadline.look();
    }
  }

  /** Sends what waits, as far as it can be done in {@link #LAST_MILLIS}. */
  void close() {
    if (thread == null) {
      return;
    }
    if (open != null && open.size() > 0) {
      handOver();
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
