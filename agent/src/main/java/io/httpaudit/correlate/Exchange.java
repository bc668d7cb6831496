package io.httpaudit.correlate;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.trace.SpanIds;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One request and its final response on one connection, as one side saw it, judged. Times are
 * nanoseconds of CLOCK_MONOTONIC; add {@code wallOffset} for nanoseconds since 1970. Immutable.
 *
 * @param connection number of the connection in this process, from 1
 * @param sequence number of the exchange on it, from 0
 * @param start the own span's start: server: the request's first byte on the wire, else its first
 *     read; client: the call (connect's entry on a connection's first exchange, else the first
 *     write's entry)
 * @param end the own span's end: server: the response's last byte on the wire, else the last write;
 *     client: the last read
 * @param target as sent, not redacted; empty where no request line was seen
 * @param host the Host field as sent; empty where there was none
 * @param route as the server's library names it, or empty
 * @param protocol {@code 1.0}, {@code 1.1}; empty where unknown
 * @param resends how often its call had been sent before, as far as a library told
 * @param error {@code reset}, {@code timeout}, {@code closed}, or empty
 * @param phases in their order: none overlaps
 * @param interfaceName empty where unknown
 * @param tls empty: plain TCP
 */
public record Exchange(
    Side side,
    Verdict verdict,
    Optional<Why> why,
    long connection,
    long sequence,
    Endpoint local,
    Endpoint peer,
    String interfaceName,
    TraceIds trace,
    String method,
    String target,
    String host,
    String route,
    OptionalLong status,
    String protocol,
    long resends,
    Range request,
    Range response,
    long start,
    long end,
    long wallOffset,
    List<Timing> phases,
    OptionalLong ackNanos,
    Tcp tcp,
    Optional<Tls> tls,
    String error) {

  /**
   * Who the span is. Ids are numbers, big-endian: most of them are never read as digits.
   *
   * @param traceHigh the trace id's first 8 bytes
   * @param parent 0: a root
   * @param state the parent's tracestate as sent, or empty
   */
  public record TraceIds(
      long traceHigh, long traceLow, long span, long parent, String state, boolean sampled) {
    /** Of what is no span. */
    static final TraceIds NONE = new TraceIds(0, 0, 0, 0, "", false);

    /** Of what is told by nobody's span: who asked for it, if the bytes say so. */
    public TraceIds withoutSpan() {
      return parent == 0 ? NONE : new TraceIds(traceHigh, traceLow, 0, parent, state, false);
    }

    /** 32 hexadecimal digits. */
    public String traceId() {
      return SpanIds.hex(traceHigh).concat(SpanIds.hex(traceLow));
    }

    /** 16 hexadecimal digits. */
    public String spanId() {
      return SpanIds.hex(span);
    }

    /** 16 hexadecimal digits, or empty: a root. */
    public String parentSpanId() {
      return parent == 0 ? "" : SpanIds.hex(parent);
    }
  }

  /**
   * A message's bytes in one direction's TCP stream. {@code segments} 0 means that no packet is
   * known, and then counts and times are not.
   *
   * @param offset of its first byte; 0 is the first after the SYN
   * @param bytes its length on the wire, as far as it was; -1: only packets could tell, and some
   *     are missing
   * @param first when the first byte was on the wire
   * @param last when all of its bytes had been
   */
  public record Range(
      long offset,
      long bytes,
      long segments,
      long retransmits,
      long outOfOrder,
      OptionalLong first,
      OptionalLong last) {}

  /** A phase, {@code end >= start}. */
  public record Timing(Phase phase, long start, long end) {
    public long nanos() {
      return end - start;
    }
  }

  /**
   * TCP's own facts.
   *
   * @param rttNanos the handshake's
   * @param zeroWindow either side's transitions to a window of 0 in the exchange
   * @param reset an RST was seen in the exchange
   * @param retransmits of the whole connection so far, by TCP_INFO: in tier 3 alone, where RTT is
   *     TCP_INFO's too
   */
  public record Tcp(
      OptionalLong rttNanos, long zeroWindow, boolean reset, OptionalLong retransmits) {
    public Tcp(OptionalLong rttNanos, long zeroWindow, boolean reset) {
      this(rttNanos, zeroWindow, reset, OptionalLong.empty());
    }
  }

  /** The same, told by another span. */
  public Exchange withTrace(TraceIds other) {
    return new Exchange(
        side,
        verdict,
        why,
        connection,
        sequence,
        local,
        peer,
        interfaceName,
        other,
        method,
        target,
        host,
        route,
        status,
        protocol,
        resends,
        request,
        response,
        start,
        end,
        wallOffset,
        phases,
        ackNanos,
        tcp,
        tls,
        error);
  }

  /** The phase, if it is known. */
  public Optional<Timing> phase(Phase phase) {
    return phases.stream().filter(t -> t.phase() == phase).findFirst();
  }
}
