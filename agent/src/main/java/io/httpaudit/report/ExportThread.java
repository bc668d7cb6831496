package io.httpaudit.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Makes spans of what waits, and sends them. All of the SDK is loaded on this thread and with its
 * first batch, never before. Trouble is told once: a collector that isn't there is no news a minute
 * later, and the end counts what was lost.
 */
final class ExportThread implements Runnable {
  private final SpanQueue queue;
  private final Batch batch;
  private volatile long delivered;
  private boolean told;

  ExportThread(SpanQueue queue, Reporting reporting) {
    this.queue = queue;
    PhaseRule rule = new PhaseRule(reporting.phases(), reporting.phasesMinNanos());
    batch = new Batch(OtelConfig.exporters(), rule);
  }

  /** Entries whose spans were all taken. Any thread. */
  long delivered() {
    return delivered;
  }

  @Override
  public void run() {
    List<SpanQueue.Entry> entries = new ArrayList<>();
    List<SpanExport> exports = null;
    try {
      while (queue.take(entries)) {
        if (exports == null) {
          exports = Sdk.configured();
        }
        for (SpanQueue.Entry entry : entries) {
          entry.make(batch);
          if (batch.isLong()) {
            send(exports);
          }
        }
        send(exports);
        entries.clear();
      }
    } catch (Throwable e) {
      tell("httpaudit: spans can't be sent: " + Trouble.of(e));
    } finally {
      queue.end();
    }
  }

  private void send(List<SpanExport> exports) {
    if (batch.size() == 0) {
      return;
    }
    long refused = 0;
    for (int i = 0; i < exports.size(); i++) {
      Delivery delivery = exports.get(i).send(batch.encoded(i));
      if (!delivery.trouble().isEmpty()) {
        refused = Math.max(refused, delivery.refused());
        tell(
            "httpaudit: spans don't reach "
                + OtelConfig.shownEndpoint()
                + ": "
                + delivery.trouble());
      }
    }
    // A rejected span may be a phase's: no more are counted than there were exchanges.
    delivered += Math.max(0, batch.size() - refused);
    batch.clear();
  }

  private void tell(String line) {
    if (!told) {
      told = true;
      Stderr.line(line);
    }
  }
}
