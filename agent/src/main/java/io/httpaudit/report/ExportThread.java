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
  private final Reporting reporting;
  private volatile long delivered;
  private boolean told;

  ExportThread(SpanQueue queue, Reporting reporting) {
    this.queue = queue;
    this.reporting = reporting;
  }

  /** Entries whose spans were all taken. Any thread. */
  long delivered() {
    return delivered;
  }

  @Override
  public void run() {
    List<SpanQueue.Entry> batch = new ArrayList<>();
    Destination destination = null;
    try {
      while (queue.take(batch)) {
        if (destination == null) {
          destination = Sdk.configured(reporting);
        }
        send(destination, batch);
        batch.clear();
      }
    } catch (Throwable e) {
      tell("httpaudit: spans can't be sent: " + e.getMessage());
    } finally {
      queue.end();
    }
  }

  private void send(Destination destination, List<SpanQueue.Entry> batch) {
    for (SpanQueue.Entry entry : batch) {
      entry.make(destination.maker());
    }
    Optional<String> trouble = destination.send();
    if (trouble.isEmpty()) {
      delivered += batch.size();
    } else {
      tell(
          "httpaudit: spans don't reach "
              + OtelConfig.shownEndpoint()
              + ": "
              + trouble.get());
    }
  }

  private void tell(String line) {
    if (!told) {
      told = true;
      Stderr.line(line);
    }
  }
}
