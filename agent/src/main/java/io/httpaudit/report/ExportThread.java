package io.httpaudit.report;

import io.opentelemetry.exporter.internal.FailedExportException.HttpExportException;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes spans of what waits, and sends them. All of the SDK is loaded on this thread and with its
 * first batch, never before. Trouble is told once: a collector that isn't there is no news a minute
 * later, and the end counts what was lost.
 */
final class ExportThread implements Runnable {
  /** Longer than any sender's own bounds: exporters answer before they return. */
  private static final long ANSWER_SECONDS = 60;

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
    Sdk sdk = null;
    try {
      while (queue.take(batch)) {
        if (sdk == null) {
          sdk = Sdk.configured(reporting);
        }
        send(sdk, batch);
        batch.clear();
      }
    } catch (Throwable e) {
      tell("httpaudit: spans can't be sent: " + e.getMessage());
    } finally {
      queue.end();
    }
  }

  private void send(Sdk sdk, List<SpanQueue.Entry> batch) {
    SpanMaker maker = sdk.maker();
    for (SpanQueue.Entry entry : batch) {
      entry.make(maker);
    }
    CompletableResultCode result = sdk.exporter().export(maker.take());
    result.join(ANSWER_SECONDS, TimeUnit.SECONDS);
    if (result.isSuccess()) {
      delivered += batch.size();
    } else {
      tell(
          "httpaudit: spans don't reach "
              + OtelConfig.shownEndpoint()
              + ": "
              + reason(result.getFailureThrowable()));
    }
  }

  private void tell(String line) {
    if (!told) {
      told = true;
      Stderr.line(line);
    }
  }

  private static String reason(Throwable e) {
    if (e instanceof HttpExportException) {
      HttpExportException failure = (HttpExportException) e;
      if (failure.getResponse() != null) {
        return failure.getResponse().getStatusCode()
            + " "
            + failure.getResponse().getStatusMessage();
      }
      return reason(failure.getCause());
    }
    return e == null
        ? "no answer"
        : e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
