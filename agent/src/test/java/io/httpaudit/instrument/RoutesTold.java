package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.observe.Observer;
import io.httpaudit.observe.Sockets;
import io.httpaudit.observe.Told;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

/** What a library that knows patterns tells, of requests that a server reads. */
final class RoutesTold {
  private final Sockets sockets = new Sockets();
  private final HttpAuditProbe probe;

  RoutesTold(Function<Observer, Library> library) {
    probe = library.apply(sockets.observer).points()[0].probe();
  }

  /** The routes that are told where, in the context of who sends this, that is handled. */
  List<String> of(String sent, Object handled) {
    sockets.accept(5, 40_000);
    sockets.read(
        5, ("GET " + sent + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    long faults = HttpAudit.faults();
    HttpAudit.replace(sockets.observer.decoded(5, new Object(), sent));
    try {
      assertThat(probe.enter(null, handled, null)).isNull();
    } finally {
      HttpAudit.replace(null);
    }
    sockets.observer.closing(5);
    assertThat(HttpAudit.faults()).isEqualTo(faults);
    return Told.of(sockets).stream()
        .filter(line -> line.contains(" route of "))
        .map(line -> line.substring(line.indexOf('/')))
        .toList();
  }
}
