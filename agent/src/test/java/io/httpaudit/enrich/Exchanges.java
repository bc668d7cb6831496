package io.httpaudit.enrich;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.flow.Endpoint;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Exchanges that spans may describe: the first of a connection, {@code GET /}. */
public final class Exchanges {
  /** When each begins, in nanoseconds since 1970. */
  static final long WALL = 1_000_000_000_000L;

  private static final Endpoint HERE = new Endpoint(0, 1, 80);

  private Exchanges() {}

  public static Exchange exchange(Side side, long connection, TraceIds ids, long status) {
    Exchange.Range range =
        new Exchange.Range(0, 10, 1, 0, 0, OptionalLong.of(0), OptionalLong.of(1));
    return new Exchange(
        side,
        Verdict.MATCHED,
        Optional.empty(),
        connection,
        0,
        HERE,
        HERE,
        "lo",
        ids,
        "GET",
        "/",
        "shop",
        "",
        OptionalLong.of(status),
        "1.1",
        0,
        range,
        range,
        0,
        1,
        WALL,
        List.of(),
        OptionalLong.empty(),
        new Exchange.Tcp(OptionalLong.empty(), 0, false),
        Optional.empty(),
        "");
  }
}
