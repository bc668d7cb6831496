package io.httpaudit.report;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Phase;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Tls;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import io.httpaudit.flow.Endpoint;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Exchanges as the correlator tells them: INTERFACE.md's own example, and what a test changes of
 * it.
 */
final class Told {
  static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  static final String SPAN = "b7ad6b7169203331";
  static final String PARENT = "00f067aa0ba902b7";

  /** 2026-11-22T10:34:24.310123Z in the example, when the monotonic clock says 0. */
  static final long WALL = 1_795_343_664_310_123_000L;

  static final Endpoint SHOP = at("127.0.0.1", 8080);
  static final Endpoint CALLER = at("127.0.0.1", 40022);

  Side side = Side.SERVER;
  Verdict verdict = Verdict.MATCHED;
  Why why;
  String parent = PARENT;
  String state = "";
  String method = "GET";
  String target = "/pay?card=4111";
  String host = "127.0.0.1:8080";
  OptionalLong status = OptionalLong.of(200);
  private Optional<Tls> tls = Optional.empty();
  String error = "";
  String interfaceName = "lo";
  long segments = 1;
  boolean reset;
  OptionalLong rtt = OptionalLong.of(41_000);
  OptionalLong ack = OptionalLong.empty();
  long end = 103_300_000;
  final List<Exchange.Timing> phases = new ArrayList<>();

  static Exchange.TraceIds ids(String parent, String state) {
    return new Exchange.TraceIds(
        Long.parseUnsignedLong(TRACE, 0, 16, 16),
        Long.parseUnsignedLong(TRACE, 16, 32, 16),
        Long.parseUnsignedLong(SPAN, 16),
        parent.isEmpty() ? 0 : Long.parseUnsignedLong(parent, 16),
        state,
        true);
  }

  static Endpoint at(String address, int port) {
    return Endpoint.of(new InetSocketAddress(address, port));
  }

  static Told server() {
    Told told = new Told();
    told.phase(Phase.ACCEPT_WAIT, 0, 100_000);
    told.phase(Phase.READ_WAIT, 100_000, 80_100_000);
    told.phase(Phase.RECEIVE, 80_100_000, 80_100_000);
    told.phase(Phase.PROCESS, 80_100_000, 103_100_000);
    told.phase(Phase.SEND, 103_100_000, 103_300_000);
    return told;
  }

  static Told client() {
    Told told = new Told();
    told.side = Side.CLIENT;
    told.end = 100_000_000;
    told.phase(Phase.CONNECT, 1_000_000, 11_000_000);
    told.phase(Phase.QUEUE, 12_000_000, 12_500_000);
    told.phase(Phase.SEND, 12_500_000, 13_000_000);
    told.phase(Phase.WAIT, 13_000_000, 90_000_000);
    told.phase(Phase.RECEIVE, 90_000_000, 90_250_000);
    told.phase(Phase.LAG, 90_250_000, 99_250_000);
    return told;
  }

  String route = "";
  long resends;

  Told tls(Tls settled) {
    tls = Optional.of(settled);
    return this;
  }

  Told phase(Phase phase, long from, long to) {
    phases.add(new Exchange.Timing(phase, from, to));
    return this;
  }

  Exchange exchange() {
    boolean server = side == Side.SERVER;
    return new Exchange(
        side,
        verdict,
        Optional.ofNullable(why),
        3,
        0,
        server ? SHOP : CALLER,
        server ? CALLER : SHOP,
        interfaceName,
        ids(parent, state),
        method,
        target,
        host,
        route,
        status,
        "1.1",
        resends,
        range(187, 0, 0),
        range(301, 103_200_000, 103_300_000),
        0,
        end,
        WALL,
        List.copyOf(phases),
        ack,
        new Exchange.Tcp(rtt, 0, reset),
        tls,
        error);
  }

  private Exchange.Range range(long bytes, long first, long last) {
    return segments == 0
        ? new Exchange.Range(0, bytes, 0, 0, 0, OptionalLong.empty(), OptionalLong.empty())
        : new Exchange.Range(
            0, bytes, segments, 0, 0, OptionalLong.of(first), OptionalLong.of(last));
  }

  Redactor.Url url() {
    return new Redactor(List.of(), List.of()).url(exchange());
  }

  /** As INTERFACE.md's example, resumed. */
  static final Tls SETTLED =
      new Tls(
          "1.3",
          "TLS_AES_256_GCM_SHA384",
          "shop.test",
          "http/1.1",
          Optional.of(true),
          Optional.empty());

  /** A client's, which does not trust the server. */
  static ConnectionOutcome untrusted() {
    return failed(
        new Tls(
            "1.3",
            "TLS_AES_256_GCM_SHA384",
            "shop.test",
            "",
            Optional.of(false),
            Optional.of(new Tls.Failure("certificate_unknown", "local", "server_hello"))));
  }

  /** Of which no more is known. */
  static ConnectionOutcome failed(Tls.Failure failure) {
    return failed(new Tls("", "", "", "", Optional.empty(), Optional.of(failure)));
  }

  private static ConnectionOutcome failed(Tls tls) {
    return new ConnectionOutcome(
        Side.CLIENT,
        Verdict.MATCHED,
        Optional.empty(),
        "tls_failed",
        3,
        at("10.9.0.1", 40022),
        at("10.9.0.2", 8443),
        "eth0",
        ids("", ""),
        true,
        0,
        900_000,
        WALL,
        1,
        0,
        468,
        0,
        1365,
        OptionalLong.of(100_000),
        OptionalLong.of(300_000),
        OptionalLong.of(350_000),
        OptionalLong.of(850_000),
        Optional.of(tls));
  }

  /** INTERFACE.md's example of a connection that was refused. */
  static ConnectionOutcome refused() {
    return refused("");
  }

  static ConnectionOutcome refused(String parent) {
    return new ConnectionOutcome(
        Side.CLIENT,
        Verdict.MATCHED,
        Optional.empty(),
        "refused",
        3,
        at("10.9.0.1", 40022),
        at("10.9.0.2", 8080),
        "eth0",
        ids(parent, ""),
        true,
        0,
        400_000,
        WALL,
        1,
        0,
        0,
        0,
        0,
        OptionalLong.of(100_000),
        OptionalLong.of(300_000),
        OptionalLong.empty(),
        OptionalLong.empty(),
        Optional.empty());
  }
}
