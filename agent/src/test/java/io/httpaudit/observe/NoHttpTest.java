package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.ConnectionOutcome;
import io.httpaudit.correlate.Correlator;
import io.httpaudit.correlate.Exchange;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is told of connections that carry something else, from the hooks to the outcomes. */
class NoHttpTest {
  private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  private final Sockets sockets = new Sockets();
  private final List<Exchange> exchanges = new ArrayList<>();
  private final List<ConnectionOutcome> connections = new ArrayList<>();
  private final IdleConnectionTest.Kernel kernel =
      new IdleConnectionTest.Kernel() {
        @Override
        public void exchange(Exchange exchange) {
          exchanges.add(exchange);
        }

        @Override
        public void connection(ConnectionOutcome connection) {
          connections.add(connection);
        }
      };
  private final Correlator correlator = new Correlator(kernel, kernel, kernel);

  NoHttpTest() {
    // Without packets all is final at once.
    sockets.admits = false;
  }

  private void write(String text) {
    sockets.write(5, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private void read(String text) {
    sockets.read(5, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private void close() {
    sockets.observer.closing(5);
    sockets.observer.drain(correlator, Integer.MAX_VALUE);
    for (int i = 0; i < 3; i++) {
      correlator.tick(System.nanoTime() + i * 30_000_000L);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "EHLO host\r\n",
        "USER anonymous\r\n",
        "a1 LOGIN user secret\r\n",
        "set key 0 0 5\r\nvalue\r\n",
        "PROXY TCP4 10.0.0.1 10.0.0.2 4000 80\r\n",
        "get / http/1.1\r\n\r\n",
        "*1\r\n$4\r\nPING\r\n",
        "\0\1\2"
      })
  void aProtocolOfLinesHasNoLine(String first) {
    sockets.connect(5, 4000);
    write(first);
    read("250 hello\r\n");
    write("QUIT\r\n");
    close();
    assertThat(exchanges).isEmpty();
    assertThat(connections).isEmpty();
    assertThat(correlator.exchangesDropped()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "MERGE / HTTP/1.1\r\nHost : a\r\n\r\n",
        "get / HTTP/1.1\nHost: a\n\n",
        "POST /a b HTTP/1.1\r\n\r\n"
      })
  void aRequestThatCantBeFramedIsOne(String first) {
    sockets.connect(5, 4000);
    write(first);
    read(OK);
    close();
    assertThat(exchanges)
        .singleElement()
        .satisfies(
            exchange ->
                assertThat(exchange.method()).isEqualTo(first.substring(0, first.indexOf(' '))));
  }

  @Test
  void framingThatIsLostBehindAnExchangeIsCounted() {
    sockets.connect(5, 4000);
    write(GET);
    read(OK);
    sockets.observer.afterUnseenWrite(5, GET.length());
    read(OK);
    write(GET);
    read(OK);
    close();
    assertThat(exchanges).hasSize(1);
    assertThat(correlator.exchangesDropped()).isEqualTo(1);
  }

  @Test
  void anotherProtocolInATunnelIsNothingThatIsMissing() {
    sockets.connect(5, 4000);
    write("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    read("HTTP/1.1 200 OK\r\n\r\n");
    write("\0\1\2");
    read("\0\1\2");
    close();
    assertThat(exchanges).hasSize(1);
    assertThat(correlator.exchangesDropped()).isZero();
  }
}
