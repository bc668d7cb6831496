package io.httpaudit.report;

import java.util.List;
import java.util.Optional;

/**
 * Sends the batches that come. All of the SDK is loaded on this thread and with its first batch,
 * never before. Trouble is told once: a collector that isn't there is no news a minute later, and
 * the end counts what was lost.
 */
final class ExportThread implements Runnable {
  private final BatchQueue queue;
  private volatile long delivered;
  private boolean told;

  ExportThread(BatchQueue queue) {
    this.queue = queue;
  }

  /** Entries whose spans were all taken. Any thread. */
  long delivered() {
    return delivered;
  }

  @Override
  public void run() {
    List<SpanExport> exports = null;
    try {
      for (Batch batch = queue.take(); batch != null; batch = queue.take()) {
        if (exports == null) {
          exports = Sdk.configured();
        }
        send(exports, batch);
        queue.giveBack(batch);
      }
    } catch (Throwable e) {
      tell("httpaudit: spans can't be sent: " + e.getMessage());
    } finally {
      queue.end();
    }
  }

  private void send(List<SpanExport> exports, Batch batch) {
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
  }

  private void tell(String line) {
    if (!told) {
      told = true;
      Stderr.line(line);
    }
  }
}
