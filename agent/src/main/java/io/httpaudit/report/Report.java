package io.httpaudit.report;

import io.httpaudit.capture.Capture;
import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Correlator;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Outcomes;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Tracing;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.enrich.Beside;
import io.httpaudit.trace.Sampler;
import io.httpaudit.trace.SpanIds;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.function.ToLongFunction;

/**
 * Writes what was judged: audit log and spans. The audit thread alone; what may be slow is on a
 * thread of its own.
 */
public final class Report implements Outcomes {
  private static final long FLUSH = 800_000_000;

  private final Redactor redactor;
  private final List<String> ignore;
  private final AuditLog log;
  private final Spans spans;
  private final Ids ids;
  private final Beside beside;
  private final PhaseRule phases;
  private long ignored;

  /**
   * @param spanIds what the application's threads make contexts with, likewise {@code sampler}
   * @param beside the application's own OpenTelemetry, whose spans get what ours would say
   * @param threads makes our own threads, whose connections are not audited
   */
  public Report(
      Reporting reporting, SpanIds spanIds, Sampler sampler, Beside beside, ThreadFactory threads) {
    this.beside = beside;
    phases = new PhaseRule(reporting.phases(), reporting.phasesMinNanos());
    redactor = new Redactor(reporting.queryKeep(), reporting.redact());
    ignore = reporting.ignore();
    log = new AuditLog(reporting.log(), OtelConfig.serviceName());
    spans = new Spans(reporting, threads);
    ids = new Ids(spanIds, sampler);
  }

  public Tracing tracing() {
    return ids;
  }

  @Override
  public void asked(Side side, long parent) {
    beside.asked(side, parent);
  }

  @Override
  public void exchange(Exchange judged) {
    Redactor.Url url = redactor.url(judged);
    boolean left = isIgnored(url.path());
    Exchange exchange =
        beside.isActive()
            ? beside.exchange(judged, left ? null : new OntoTheirs(judged, phases))
            : judged;
    if (left) {
      ignored++;
      return;
    }
    if (log.isWanted()) {
      log.exchange(exchange, url);
    }
    if (spans.wanted() && !beside.isActive() && exchange.trace().sampled()) {
      spans.exchange(exchange, url);
    }
  }

  private boolean isIgnored(String path) {
    for (String pattern : ignore) {
      if (Wildcard.matches(pattern, path)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void connection(ConnectionOutcome connection) {
    if (log.isWanted()) {
      log.connection(connection);
    }
    if (spans.wanted() && !beside.isActive() && connection.call() && connection.trace().sampled()) {
      spans.connection(connection);
    }
  }

  /** Passes on what waits; called every few milliseconds. */
  public void flush() {
    spans.flush(FLUSH);
  }

  /** Writes the summary, and returns the line at the end. */
  public String close(Correlator counts, Capture capture) {
    beside.close();
    spans.close();
    if (log.isWanted()) {
      long wall = System.currentTimeMillis() * 1_000_000;
      log.summary(counts::judged, losses(counts, capture), wall, capture.tapped(), capture.tier());
    }
    log.close();
    // Counted again: the summary itself may have been lost.
    return line(counts::judged, losses(counts, capture), capture.tier());
  }

  private Losses losses(Correlator counts, Capture capture) {
    return new Losses(
        capture.records(),
        capture.recordsLost(),
        spans.dropped(),
        log.lost(),
        counts.eventsLost(),
        counts.exchangesDropped(),
        counts.connectionsDropped(),
        counts.packetsDropped(),
        capture.admissionsRefused(),
        ignored,
        HttpAudit.faults(),
        beside.enriched(),
        beside.left());
  }

  static String line(ToLongFunction<Verdict> counts, Losses losses, int tier) {
    long all = 0;
    for (Verdict verdict : Verdict.values()) {
      all += counts.applyAsLong(verdict);
    }
    StringBuilder line = new StringBuilder("httpaudit: ").append(all).append(" exchanges: ");
    line.append(counts.applyAsLong(Verdict.MATCHED)).append(" matched, ");
    line.append(counts.applyAsLong(Verdict.INFERRED)).append(" inferred, ");
    line.append(counts.applyAsLong(Verdict.APP_ONLY)).append(" app_only, ");
    line.append(counts.applyAsLong(Verdict.WIRE_ONLY)).append(" wire_only");
    if (tier != 1) {
      line.append(", ").append(counts.applyAsLong(Verdict.NOT_CAPTURED)).append(" not_captured");
    }
    line.append("; ").append(losses.records()).append(" packet records lost");
    other(line, losses.spans(), " spans dropped");
    other(line, losses.lines(), " log lines lost");
    other(line, losses.events(), " hook events lost");
    other(line, losses.exchanges(), " exchanges dropped");
    other(line, losses.connections(), " connections dropped");
    other(line, losses.packetsDropped(), " packet records dropped");
    other(line, losses.flowsRefused(), " connections refused by the filter");
    other(line, losses.faults(), " faults of hooks");
    if (losses.spansEnriched() + losses.spansLeft() > 0) {
      line.append("; ").append(losses.spansEnriched()).append(" spans enriched");
      other(line, losses.spansLeft(), " not");
    }
    return line.toString();
  }

  private static void other(StringBuilder line, long count, String what) {
    if (count > 0) {
      line.append(", ").append(count).append(what);
    }
  }
}
