package io.httpaudit.report;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.Phase;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Tls;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.report.SpanOut.Kind;
import io.httpaudit.trace.SpanIds;
import java.util.ArrayList;
import java.util.List;
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

  private static final double NANOS_PER_MILLI = 1e6;

  private final SpanOut out;
  private final PhaseRule rule;

  /** What was read last, and as what: one exchange is mostly like the one before. */
  private String lastText = "";

  private Authority lastAuthority = Authority.of("");
  private Endpoint lastPeer;
  private String lastAddress = "";

  SpanMaker(SpanOut out, PhaseRule rule) {
    this.out = out;
    this.rule = rule;
  }

  void exchange(Exchange e, Redactor.Url url) {
    boolean server = e.side() == Side.SERVER;
    String method = METHODS.contains(e.method()) ? e.method() : OTHER_METHOD;
    String error = error(e, server);
    String name = method.equals(OTHER_METHOD) ? "HTTP" : method;
    out.begin(
        e.route().isEmpty() ? name : name + " " + e.route(),
        server ? Kind.SERVER : Kind.CLIENT,
        e.trace(),
        e.start() + e.wallOffset(),
        e.end() + e.wallOffset(),
        !error.isEmpty());
    Tags tags = out;
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
    facts(e, true, tags);
    out.end();
    for (Exchange.Timing timing : e.phases()) {
      phase(timing, e.end() - e.start(), e.trace(), e.wallOffset());
    }
  }

  /**
   * What no span but ours could know.
   *
   * @param own whether the span's times are the exchange's
   */
  private static void facts(Exchange e, boolean own, Tags tags) {
    verdict(e.verdict(), e.why(), tags);
    times(e, e.side() == Side.SERVER, own, tags);
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
    if (e.tls().isPresent()) {
      tls(e.tls().get(), tags);
    }
  }

  /** The same, and where it went, for a span that somebody else made. */
  static void onto(Exchange e, Tags tags) {
    tags.put(Names.PEER_ADDRESS, e.peer().address());
    tags.put(Names.PEER_PORT, (long) e.peer().port());
    tags.known(Names.INTERFACE, e.interfaceName());
    facts(e, false, tags);
  }

  /** A call that waited for a connection that never came: no method is known. */
  void connection(ConnectionOutcome c) {
    out.begin(
        "connect",
        Kind.CLIENT,
        c.trace(),
        c.start() + c.wallOffset(),
        c.end() + c.wallOffset(),
        !c.outcome().isEmpty());
    Tags tags = out;
    String address = peer(c.peer(), c.interfaceName(), tags);
    String asked = c.tls().map(Tls::serverName).orElse("");
    tags.put(Names.SERVER_ADDRESS, asked.isEmpty() ? address : asked);
    tags.put(Names.SERVER_PORT, (long) c.peer().port());
    tags.put(Names.ERROR, c.outcome());
    verdict(c.verdict(), c.why(), tags);
    List<Exchange.Timing> phases = phases(c);
    long other = c.end() - c.start();
    for (Exchange.Timing timing : phases) {
      other -= timing.nanos();
      tags.put(Names.of(timing.phase()), millis(timing.nanos()));
    }
    if (!phases.isEmpty()) {
      tags.put(Names.OTHER, millis(other));
    }
    tags.put(Names.CONNECTION, c.connection());
    if (c.tls().isPresent()) {
      tls(c.tls().get(), tags);
    }
    out.end();
    for (Exchange.Timing timing : phases) {
      phase(timing, c.end() - c.start(), c.trace(), c.wallOffset());
    }
  }

  private static List<Exchange.Timing> phases(ConnectionOutcome c) {
    List<Exchange.Timing> known = new ArrayList<>(2);
    if (c.connectStart().isPresent() && c.connectEnd().isPresent()) {
      known.add(
          new Exchange.Timing(
              Phase.CONNECT, c.connectStart().getAsLong(), c.connectEnd().getAsLong()));
    }
    if (c.sslStart().isPresent() && c.sslEnd().isPresent()) {
      known.add(new Exchange.Timing(Phase.SSL, c.sslStart().getAsLong(), c.sslEnd().getAsLong()));
    }
    return known;
  }

  /** The name that was asked for is {@code server.address}, as the conventions have it. */
  private static void tls(Tls tls, Tags tags) {
    tags.put(Names.TLS_PROTOCOL, "tls");
    tags.known(Names.TLS_VERSION, tls.version());
    tags.known(Names.TLS_CIPHER, tls.cipher());
    tags.known(Names.TLS_NEXT_PROTOCOL, tls.alpn());
    if (tls.resumed().isPresent()) {
      tags.put(Names.TLS_RESUMED, tls.resumed().get().booleanValue());
    }
    tags.put(Names.TLS_ESTABLISHED, tls.failure().isEmpty());
    if (tls.failure().isPresent()) {
      Tls.Failure failure = tls.failure().get();
      tags.known(Names.TLS_ALERT, failure.alert());
      tags.known(Names.TLS_FAILED_BY, failure.by());
      tags.known(Names.TLS_FAILED_AFTER, failure.after());
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

  private void url(Redactor.Url url, boolean server, Tags tags) {
    if (server) {
      tags.known(Names.URL_SCHEME, url.scheme());
      tags.known(Names.URL_PATH, url.path());
      tags.known(Names.URL_QUERY, url.query());
    } else {
      tags.known(Names.URL_FULL, url.text());
    }
    Authority authority = authority(url.authority());
    tags.known(Names.SERVER_ADDRESS, authority.host());
    int port = authority.port() < 0 ? Authority.defaultPort(url.scheme()) : authority.port();
    if (port >= 0) {
      tags.put(Names.SERVER_PORT, (long) port);
    }
  }

  private Authority authority(String text) {
    if (!text.equals(lastText)) {
      lastText = text;
      lastAuthority = Authority.of(text);
    }
    return lastAuthority;
  }

  private String address(Endpoint of) {
    if (lastPeer == null || of.high() != lastPeer.high() || of.low() != lastPeer.low()) {
      lastPeer = of;
      lastAddress = of.address();
    }
    return lastAddress;
  }

  private String peer(Endpoint peer, String interfaceName, Tags tags) {
    String address = address(peer);
    tags.put(Names.PEER_ADDRESS, address);
    tags.put(Names.PEER_PORT, (long) peer.port());
    tags.known(Names.INTERFACE, interfaceName);
    return address;
  }

  private static void verdict(Verdict verdict, Optional<Why> why, Tags tags) {
    tags.put(Names.VERDICT, verdict.label());
    if (why.isPresent()) {
      tags.put(Names.WHY, why.get().label());
    }
  }

  private static void times(Exchange e, boolean server, boolean own, Tags tags) {
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
    if (own && !e.phases().isEmpty()) {
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

  private void phase(Exchange.Timing timing, long whole, TraceIds own, long wallOffset) {
    if (!rule.draws(timing, whole)) {
      return;
    }
    out.begin(
        timing.phase().label(),
        Kind.INTERNAL,
        new TraceIds(
            own.traceHigh(), own.traceLow(), SpanIds.next(), own.span(), own.state(), true),
        timing.start() + wallOffset,
        timing.end() + wallOffset,
        false);
    out.end();
  }
}
