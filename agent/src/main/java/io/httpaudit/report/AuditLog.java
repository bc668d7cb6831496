package io.httpaudit.report;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Tls;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * The audit log: JSON Lines, one {@code write} with O_APPEND a line, so that several JVMs may share
 * a file. A line that can't be written is counted; the application never notices. The audit thread
 * alone.
 */
final class AuditLog {
  private final String path;
  private final String service;
  private final long pid = ProcessHandle.current().pid();
  private final Json json = new Json();
  private final Stderr.Rare trouble = new Stderr.Rare();
  private OutputStream out;
  private long lost;

  /** Whether the last write failed: it may have left a line's beginning. */
  private boolean torn;

  AuditLog(String path, String service) {
    this(path, service, null);
    if (path.equals("-")) {
      out = new FileOutputStream(FileDescriptor.out);
    } else if (!path.isEmpty()) {
      open();
    }
  }

  /**
   * @param out null: not yet open
   */
  AuditLog(String path, String service, OutputStream out) {
    this.path = path;
    this.service = service;
    this.out = out;
  }

  private void open() {
    try {
      out = new FileOutputStream(path, true);
    } catch (IOException e) {
      trouble.line(
          "httpaudit: the audit log can't be written: ".concat(String.valueOf(e.getMessage())));
    }
  }

  boolean isWanted() {
    return !path.isEmpty();
  }

  /** Lines that could not be written. */
  long lost() {
    return lost;
  }

  private void write(byte[] line) {
    if (out == null) {
      lost++;
      return;
    }
    try {
      out.write(torn ? onALineOfItsOwn(line) : line);
      torn = false;
    } catch (IOException e) {
      torn = true;
      lost++;
      trouble.line(
          "httpaudit: a line of the audit log was lost: ".concat(String.valueOf(e.getMessage())));
    }
  }

  private static byte[] onALineOfItsOwn(byte[] line) {
    byte[] whole = new byte[line.length + 1];
    whole[0] = '\n';
    System.arraycopy(line, 0, whole, 1, line.length);
    return whole;
  }

  private Json begin(String type) {
    return json.begin().put("v", 1).put("type", type).put("pid", pid).put("service", service);
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private void judged(Side side, Verdict verdict, Optional<Why> why) {
    json.put("side", label(side)).put("verdict", label(verdict));
    if (why.isPresent()) {
      json.put("why", label(why.get()));
    }
  }

  private void ids(Exchange.TraceIds of) {
    if ((of.traceHigh() | of.traceLow()) != 0) {
      json.put("trace_id", of.traceId());
    }
    if (of.span() != 0) {
      json.put("span_id", of.spanId());
    }
    json.known("parent_span_id", of.parentSpanId());
  }

  void exchange(Exchange e, Redactor.Url url) {
    begin("exchange").time("time", e.start() + e.wallOffset());
    judged(e.side(), e.verdict(), e.why());
    ids(e.trace());
    json.known("method", e.method());
    if (!e.target().isEmpty()) {
      json.put("url", url.text());
    }
    if (e.status().isPresent()) {
      json.put("status", e.status().getAsLong());
    }
    json.known("protocol", e.protocol()).known("error", e.error());
    json.put("local", e.local().toString()).put("peer", e.peer().toString());
    json.known("interface", e.interfaceName());
    json.put("connection", e.connection()).put("sequence", e.sequence());
    range("request", e.request(), e.wallOffset());
    range("response", e.response(), e.wallOffset());
    json.object("timings");
    for (Exchange.Timing timing : e.phases()) {
      json.millis(timing.phase().label(), timing.nanos());
    }
    json.end().object("tcp").millis("rtt", e.tcp().rttNanos());
    if (e.request().segments() > 0 || e.response().segments() > 0) {
      json.put("zero_window", e.tcp().zeroWindow()).put("reset", e.tcp().reset());
    }
    if (e.tcp().retransmits().isPresent()) {
      json.put("retransmits", e.tcp().retransmits().getAsLong());
    }
    json.end();
    tls(e.tls());
    write(json.line());
  }

  private void range(String name, Exchange.Range range, long offset) {
    json.object(name).put("offset", range.offset());
    if (range.bytes() >= 0) {
      json.put("bytes", range.bytes());
    }
    if (range.segments() > 0) {
      json.put("segments", range.segments()).put("retransmits", range.retransmits());
    }
    json.micros("first_us", range.first(), offset).micros("last_us", range.last(), offset).end();
  }

  void connection(ConnectionOutcome c) {
    begin("connection").time("time", c.start() + c.wallOffset());
    judged(c.side(), c.verdict(), c.why());
    json.put("outcome", c.outcome());
    if (c.call()) {
      ids(c.trace());
    }
    json.put("local", c.local().toString()).put("peer", c.peer().toString());
    json.known("interface", c.interfaceName()).put("connection", c.connection());
    json.put("syns", c.syns());
    moved("out", c.outOffset(), c.outBytes());
    moved("in", c.inOffset(), c.inBytes());
    json.object("timings");
    if (c.connectStart().isPresent() && c.connectEnd().isPresent()) {
      json.millis("connect", c.connectEnd().getAsLong() - c.connectStart().getAsLong());
    }
    if (c.sslStart().isPresent() && c.sslEnd().isPresent()) {
      json.millis("ssl", c.sslEnd().getAsLong() - c.sslStart().getAsLong());
    }
    json.end();
    tls(c.tls());
    write(json.line());
  }

  private void tls(Optional<Tls> settled) {
    if (settled.isEmpty()) {
      return;
    }
    Tls tls = settled.get();
    json.object("tls").known("version", tls.version()).known("cipher", tls.cipher());
    json.known("sni", tls.serverName()).known("alpn", tls.alpn());
    if (tls.resumed().isPresent()) {
      json.put("resumed", tls.resumed().get());
    }
    if (tls.failure().isPresent()) {
      Tls.Failure failure = tls.failure().get();
      json.object("failure").known("alert", failure.alert()).known("by", failure.by());
      json.known("after", failure.after()).end();
    }
    json.end();
  }

  /** {@code bytes} below 0: unknown. */
  private void moved(String direction, long offset, long bytes) {
    json.object(direction).put("offset", offset);
    if (bytes >= 0) {
      json.put("bytes", bytes);
    }
    json.end();
  }

  void summary(
      ToLongFunction<Verdict> counts,
      Losses losses,
      long wallNanos,
      List<String> interfaces,
      int tier) {
    begin("summary").time("time", wallNanos).object("exchanges");
    for (Verdict verdict : Verdict.values()) {
      if (verdict != Verdict.NOT_CAPTURED || tier != 1) {
        json.put(label(verdict), counts.applyAsLong(verdict));
      }
    }
    json.end().put("packets", losses.packets()).put("records_lost", losses.records());
    json.put("spans_dropped", losses.spans());
    losses.others(json);
    json.strings("interfaces", interfaces).put("tier", tier);
    write(json.line());
  }

  void close() {
    if (out != null && !path.equals("-")) {
      try {
        out.close();
      } catch (IOException e) {
        trouble.line(
            "httpaudit: the audit log can't be closed: ".concat(String.valueOf(e.getMessage())));
      }
    }
  }
}
