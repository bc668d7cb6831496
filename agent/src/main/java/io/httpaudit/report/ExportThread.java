package io.httpaudit.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
    boolean taken = true;
    for (int i = 0; i < exports.size(); i++) {
      Optional<String> trouble = exports.get(i).send(batch.encoded(i));
      if (trouble.isPresent()) {
        taken = false;
        tell("httpaudit: spans don't reach " + OtelConfig.shownEndpoint() + ": " + trouble.get());
      }
    }
    if (taken) {
      delivered += batch.size();
    }
    batch.clear();
  }

  private void tell(String line) {
    if (!told) {
      told = true;
      Stderr.line(line);
    }
  }
}
