package io.httpaudit.report;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Phase;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import io.httpaudit.flow.Endpoint;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.propagation.internal.W3CTraceContextEncoding;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** From what was judged to spans: INTERFACE.md, Spans. One thread. */
final class SpanMaker {
  /** What a span of {@code http.request.method} may be named after; another is {@code _OTHER}. */
  private static final Set<String> METHODS =
      Set.of("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE");

  private static final String OTHER_METHOD = "_OTHER";

  /** A method is the peer's to choose: more of it is not passed on. */
  private static final int LONGEST_METHOD = 64;

  /** Attributes of an ordinary exchange. */
  private static final int TAGS = 36;

  private static final double NANOS_PER_MILLI = 1e6;

  private final Resource resource;
  private final PhaseRule rule;
  private final RandomIds ids = new RandomIds();
  private List<SpanData> made = new ArrayList<>();

  SpanMaker(Resource resource, PhaseRule rule) {
    this.resource = resource;
    this.rule = rule;
  }

  /** What was made since the last call. */
  List<SpanData> take() {
    List<SpanData> taken = made;
    made = new ArrayList<>(taken.size());
    return taken;
  }

  void exchange(Exchange e, Redactor.Url url) {
    boolean server = e.side() == Side.SERVER;
    String method = METHODS.contains(e.method()) ? e.method() : OTHER_METHOD;
    String error = error(e, server);
    Tags tags = new Tags(TAGS);
    tags.put(Names.METHOD, method);
    if (!method.equals(e.method()) && !e.method().isEmpty()) {
      tags.put(Names.METHOD_ORIGINAL, cut(e.method()));
    }
    url(url, server, tags);
    if (e.status().isPresent()) {
      tags.put(Names.STATUS, e.status().getAsLong());
    }
    tags.known(Names.PROTOCOL_VERSION, e.protocol());
    tags.known(Names.ROUTE, e.route());
    if (e.resends() > 0) {
      tags.put(Names.RESEND_COUNT, e.resends());
    }
    String peer = peer(e.peer(), e.interfaceName(), tags);
    if (server) {
      tags.put(Names.CLIENT_ADDRESS, peer);
    }
    tags.known(Names.ERROR, error);
    verdict(e.verdict(), e.why(), tags);
    times(e, server, tags);
    message(Names.REQUEST, e.request(), tags);
    message(Names.RESPONSE, e.response(), tags);
    if (e.tcp().rttNanos().isPresent()) {
      tags.put(Names.RTT, millis(e.tcp().rttNanos().getAsLong()));
    }
    if (e.request().segments() > 0 || e.response().segments() > 0) {
      tags.put(Names.ZERO_WINDOW, e.tcp().zeroWindow());
      tags.put(Names.RESET, e.tcp().reset());
      tags.put(Names.OUT_OF_ORDER, e.request().outOfOrder() + e.response().outOfOrder());
    }
    tags.put(Names.CONNECTION, e.connection());
    tags.put(Names.SEQUENCE, e.sequence());
    SpanContext own = own(e.trace());
    String name = method.equals(OTHER_METHOD) ? "HTTP" : method;
    span(
        e.route().isEmpty() ? name : name + " " + e.route(),
        server ? SpanKind.SERVER : SpanKind.CLIENT,
        own,
        parent(e.trace(), own, server),
        e.start() + e.wallOffset(),
        e.end() + e.wallOffset(),
        error,
        tags);
    for (Exchange.Timing timing : e.phases()) {
      phase(timing, e.end() - e.start(), own, e.wallOffset());
    }
  }

  /** A call that waited for a connection that never came: no method is known. */
  void connection(ConnectionOutcome c) {
    Tags tags = new Tags(TAGS);
    tags.put(Names.SERVER_ADDRESS, peer(c.peer(), c.interfaceName(), tags));
    tags.put(Names.SERVER_PORT, (long) c.peer().port());
    tags.put(Names.ERROR, c.outcome());
    verdict(c.verdict(), c.why(), tags);
    Exchange.Timing connect = null;
    if (c.connectStart().isPresent() && c.connectEnd().isPresent()) {
      connect =
          new Exchange.Timing(
              Phase.CONNECT, c.connectStart().getAsLong(), c.connectEnd().getAsLong());
      tags.put(Names.of(Phase.CONNECT), millis(connect.nanos()));
      tags.put(Names.OTHER, millis(c.end() - c.start() - connect.nanos()));
    }
    tags.put(Names.CONNECTION, c.connection());
    SpanContext own = own(c.trace());
    span(
        "connect",
        SpanKind.CLIENT,
        own,
        parent(c.trace(), own, false),
        c.start() + c.wallOffset(),
        c.end() + c.wallOffset(),
        c.outcome(),
        tags);
    if (connect != null) {
      phase(connect, c.end() - c.start(), own, c.wallOffset());
    }
  }

  /** {@code error.type}, or empty: a server's 4xx is its client's error. */
  private static String error(Exchange e, boolean server) {
    if (!e.error().isEmpty()) {
      return e.error();
    }
    boolean failed = e.status().isPresent() && e.status().getAsLong() >= (server ? 500 : 400);
    return failed ? Long.toString(e.status().getAsLong()) : "";
  }

  private static String cut(String method) {
    return method.length() <= LONGEST_METHOD ? method : method.substring(0, LONGEST_METHOD);
  }

  private static void url(Redactor.Url url, boolean server, Tags tags) {
    if (server) {
      tags.known(Names.URL_SCHEME, url.scheme());
      tags.known(Names.URL_PATH, url.path());
      tags.known(Names.URL_QUERY, url.query());
    } else {
      tags.known(Names.URL_FULL, url.text());
    }
    Authority authority = Authority.of(url.authority());
    tags.known(Names.SERVER_ADDRESS, authority.host());
    int port = authority.port() < 0 ? Authority.defaultPort(url.scheme()) : authority.port();
    if (port >= 0) {
      tags.put(Names.SERVER_PORT, (long) port);
    }
  }

  private static String peer(Endpoint peer, String interfaceName, Tags tags) {
    String address = peer.address();
    tags.put(Names.PEER_ADDRESS, address);
    tags.put(Names.PEER_PORT, (long) peer.port());
    tags.known(Names.INTERFACE, interfaceName);
    return address;
  }

  private static void verdict(Verdict verdict, Optional<Why> why, Tags tags) {
    tags.put(Names.VERDICT, label(verdict));
    if (why.isPresent()) {
      tags.put(Names.WHY, label(why.get()));
    }
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static void times(Exchange e, boolean server, Tags tags) {
    long known = 0;
    long unseen = 0;
    int terms = 0;
    for (Exchange.Timing timing : e.phases()) {
      known += timing.nanos();
      tags.put(Names.of(timing.phase()), millis(timing.nanos()));
      switch (timing.phase()) {
        case ACCEPT_WAIT:
          unseen += timing.nanos();
          break;
        case READ_WAIT:
        case QUEUE:
        case LAG:
          unseen += timing.nanos();
          terms++;
          break;
        default:
          break;
      }
    }
    if (!e.phases().isEmpty()) {
      tags.put(Names.OTHER, millis(e.end() - e.start() - known));
    }
    // No accept_wait where read_wait is known: accept came first.
    if (terms == (server ? 1 : 2)) {
      tags.put(Names.UNSEEN, millis(unseen));
    }
    if (e.ackNanos().isPresent()) {
      tags.put(Names.ACK, millis(e.ackNanos().getAsLong()));
    }
  }

  private static void message(Names.Message names, Exchange.Range range, Tags tags) {
    if (range.bytes() >= 0) {
      tags.put(names.bytes(), range.bytes());
    }
    if (range.segments() > 0) {
      tags.put(names.segments(), range.segments());
      tags.put(names.retransmits(), range.retransmits());
    }
  }

  private static double millis(long nanos) {
    return nanos / NANOS_PER_MILLI;
  }

  private static SpanContext own(Exchange.TraceIds ids) {
    TraceState state = ids.state().isEmpty() ? TraceState.getDefault() : state(ids.state());
    return SpanContext.create(ids.traceId(), ids.spanId(), TraceFlags.getSampled(), state);
  }

  /** One that can't be read is left out, as W3C Trace Context, 3.3 has it. */
  private static TraceState state(String header) {
    try {
      return W3CTraceContextEncoding.decodeTraceState(header);
    } catch (IllegalArgumentException e) {
      return TraceState.getDefault();
    }
  }

  private static SpanContext parent(Exchange.TraceIds ids, SpanContext own, boolean remote) {
    if (ids.parentSpanId().isEmpty()) {
      return SpanContext.getInvalid();
    }
    return remote
        ? SpanContext.createFromRemoteParent(
            ids.traceId(), ids.parentSpanId(), own.getTraceFlags(), own.getTraceState())
        : SpanContext.create(
            ids.traceId(), ids.parentSpanId(), own.getTraceFlags(), own.getTraceState());
  }

  private void phase(Exchange.Timing timing, long whole, SpanContext own, long wallOffset) {
    if (!rule.draws(timing, whole)) {
      return;
    }
    SpanContext context =
        SpanContext.create(own.getTraceId(), ids.hex(1), own.getTraceFlags(), own.getTraceState());
    span(
        timing.phase().label(),
        SpanKind.INTERNAL,
        context,
        own,
        timing.start() + wallOffset,
        timing.end() + wallOffset,
        "",
        Tags.NONE);
  }

  private void span(
      String name,
      SpanKind kind,
      SpanContext context,
      SpanContext parent,
      long start,
      long end,
      String error,
      Tags tags) {
    StatusData status = error.isEmpty() ? StatusData.unset() : StatusData.error();
    made.add(new OwnSpan(resource, name, kind, context, parent, start, end, status, tags));
  }
}
