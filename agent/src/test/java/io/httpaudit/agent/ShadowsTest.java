package io.httpaudit.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.capture.Capture;
import io.httpaudit.capture.UnhookedConnection;
import io.httpaudit.correlate.Call;
import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Correlator;
import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.MessageHead;
import io.httpaudit.correlate.Outcomes;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Tracing;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.observe.Sockets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Connections that no hook saw, by looks of which one may fail. */
class ShadowsTest {
  private static final long LONG_ENOUGH = 20_000_000_000L;

  private static final UnhookedConnection SHADOW =
      new UnhookedConnection(
          9,
          Side.CLIENT,
          new Endpoint(0, 0xffff_c000_0201L, 1000),
          new Endpoint(0, 0xffff_c000_0202L, 80),
          4711);

  private final List<ConnectionOutcome> told = new ArrayList<>();
  private final Sockets sockets = new Sockets();
  private final Correlator correlator =
      new Correlator(new Capture(Set.of(), true), new Told(), new NoSpans());
  private Optional<List<UnhookedConnection>> found = Optional.empty();
  private long now = System.nanoTime();
  private final Shadows shadows =
      new Shadows(hooked -> found, sockets, sockets.observer, correlator, now);

  private void look(Optional<List<UnhookedConnection>> finds) {
    found = finds;
    now += LONG_ENOUGH;
    shadows.look(now);
    correlator.tick(now + 1);
  }

  /** No file descriptor is free for a moment: each of them was over, and soon there again. */
  @Test
  void aLookThatFailsEndsNone() {
    Optional<List<UnhookedConnection>> there = Optional.of(List.of(SHADOW));
    look(there);
    look(there);
    look(Optional.empty());
    look(there);
    look(there);
    assertThat(told).isEmpty();

    look(Optional.of(List.of()));
    assertThat(told)
        .singleElement()
        .satisfies(one -> assertThat(one.local()).isEqualTo(SHADOW.local()));
  }

  private final class Told implements Outcomes {
    @Override
    public void exchange(Exchange exchange) {
      throw new AssertionError(exchange);
    }

    @Override
    public void connection(ConnectionOutcome connection) {
      told.add(connection);
    }
  }

  private static final class NoSpans implements Tracing {
    private static final Exchange.TraceIds NONE = new Exchange.TraceIds(1, 2, 3, 0, "", false);

    @Override
    public Exchange.TraceIds begin(long connection, long index, MessageHead request) {
      return NONE;
    }

    @Override
    public Exchange.TraceIds root(long connection) {
      return NONE;
    }

    @Override
    public Exchange.TraceIds tunnel(long connection, long index, Call call) {
      return NONE;
    }

    @Override
    public Exchange.TraceIds call(Call call, String state) {
      return NONE;
    }
  }
}
