package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.httpaudit.correlate.Call;
import io.httpaudit.correlate.JvmEvents;
import io.httpaudit.correlate.MessageHead;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.SocketError;
import io.httpaudit.correlate.Tls;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.trace.Propagation;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/**
 * What an application's thread pays in memory for its bytes and messages, from the hook to the
 * ring: nothing.
 */
class AllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int WARM = 20_000;
  private static final int MEASURED = 20_000;

  private final Sockets sockets =
      new Sockets(Propagation.of("b3,b3multi,jaeger,tracecontext,baggage", new ArrayList<>()));
  private final Discarded discarded = new Discarded();

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Bytes allocated by this thread for each round. */
  private double each(Runnable round) {
    for (int i = 0; i < WARM; i++) {
      round.run();
      drain(i);
    }
    long allocated = 0;
    for (int i = 0; i < MEASURED; i++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      round.run();
      allocated += THREADS.getCurrentThreadAllocatedBytes() - before;
      drain(i);
    }
    assertThat(sockets.observer.lost()).isZero();
    return (double) allocated / MEASURED;
  }

  private void drain(int i) {
    if (i % 1_000 == 0) {
      sockets.observer.drain(discarded, Integer.MAX_VALUE);
    }
  }

  @Test
  void theMeasureSeesAnObject() {
    Object[] kept = new Object[1];
    assertThat(each(() -> kept[0] = new byte[8])).isGreaterThanOrEqualTo(16);
  }

  /** Its context; the header's string is the client's. */
  @Test
  void aCall() {
    Tracer tracer = sockets.observer.tracer();
    ClientCall[] kept = new ClientCall[1];
    assertThat(
            each(
                () -> {
                  kept[0] = tracer.call(null, 1);
                  sockets.observer.takes(kept[0]);
                  sockets.observer.sends(kept[0]);
                }))
        .isBetween(64.0, 65.6);
  }

  @Test
  void exchangesOfAServer() {
    sockets.accept(5, 40_000);
    byte[] request =
        bytes(
            "POST /pay?card=4111 HTTP/1.1\r\nHost: shop\r\ntraceparent: 00-a-b-01\r\nContent-Length: 2\r\n\r\nab");
    byte[] response =
        bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    // The request's context, and no more. A stray collection of the JIT's own may fall to this
    // thread: less than one object in ten rounds.
    assertThat(
            each(
                () -> {
                  sockets.read(5, request);
                  sockets.write(5, response);
                }))
        .isBetween(64.0, 65.6);
  }

  @Test
  void exchangesOfAClient() {
    sockets.connect(6, 40_001);
    byte[] request = bytes("GET /pay HTTP/1.1\r\nHost: shop\r\nUpgrade: h2c\r\n\r\n");
    byte[] response =
        bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assertThat(
            each(
                () -> {
                  sockets.write(6, request);
                  sockets.read(6, response);
                }))
        .isLessThan(1.6);
  }

  /** Of each format's fields: what no thread needs as text is none. */
  @Test
  void contextsInWhateverFormat() {
    sockets.accept(5, 40_004);
    sockets.connect(6, 40_005);
    byte[] request =
        bytes(
            "GET / HTTP/1.1\r\nb3: 0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1\r\n"
                + "X-B3-TraceId: 0af7651916cd43dd8448eb211c80319c\r\nX-B3-SpanId: b7ad6b7169203331\r\n"
                + "X-B3-Sampled: 1\r\nuber-trace-id: af7651916cd43dd%3Ab7ad6b7169203331%3A0%3A1\r\n"
                + "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
    byte[] response = bytes("HTTP/1.1 204 x\r\n\r\n");
    assertThat(
            each(
                () -> {
                  sockets.read(5, request);
                  sockets.write(5, response);
                }))
        .isBetween(64.0, 65.6);
    assertThat(
            each(
                () -> {
                  sockets.write(6, request);
                  sockets.read(6, response);
                }))
        .isLessThan(1.6);
  }

  @Test
  void bytesOfABody() {
    sockets.accept(7, 40_002);
    sockets.read(7, bytes("POST / HTTP/1.1\r\nContent-Length: 100000000000\r\n\r\n"));
    byte[] piece = new byte[60_000];
    assertThat(each(() -> sockets.read(7, piece))).isLessThan(0.1);
  }

  @Test
  void headsInPieces() {
    sockets.accept(8, 40_003);
    byte[] request = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    byte[] response = bytes("HTTP/1.1 204 x\r\n\r\n");
    byte[][] pieces = new byte[request.length][];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = new byte[] {request[i]};
    }
    assertThat(
            each(
                () -> {
                  for (byte[] piece : pieces) {
                    sockets.read(8, piece);
                  }
                  sockets.write(8, response);
                }))
        .isBetween(64.0, 65.6);
  }

  /** For as long as the connection lives. */
  @Test
  void recordsOfAnEngineThatNobodySees() {
    sockets.connect(9, 40_006);
    sockets.write(9, TlsTest.hello(TlsTest.CLIENT_HELLO, 1));
    sockets.read(9, TlsTest.hello(TlsTest.SERVER_HELLO, 2));
    byte[] sealed = TlsTest.sealed("x".repeat(40));
    sockets.read(9, sealed);
    assertThat(each(() -> sockets.write(9, sealed))).isLessThan(1.6);
  }

  /** Nobody listens. */
  static final class Discarded implements JvmEvents {
    @Override
    public void opened(
        long connection,
        Side side,
        Endpoint local,
        Endpoint peer,
        long flow,
        long entry,
        long exit,
        long call) {}

    @Override
    public void connectFailed(
        long connection,
        Endpoint local,
        Endpoint peer,
        long flow,
        long entry,
        long exit,
        SocketError error,
        long call) {}

    @Override
    public void call(Call call) {}

    @Override
    public void resolved(long span, long start, long end) {}

    @Override
    public void route(long connection, long index, String route) {}

    @Override
    public void connectFailed(long connection, SocketError error, long at) {}

    @Override
    public void messageHead(long connection, MessageHead head) {}

    @Override
    public void messageEnd(
        long connection,
        boolean request,
        long index,
        long end,
        long next,
        long at,
        boolean proven) {}

    @Override
    public void boundaryUnknown(long connection, MessageHead partial) {}

    @Override
    public void upgraded(
        long connection, long outOffset, long inOffset, String outcome, boolean named) {}

    @Override
    public void handshake(long connection, long from, long to) {}

    @Override
    public void tls(long connection, Tls tls) {}

    @Override
    public void tcpInfo(long connection, long rttMicros, long retransmits) {}

    @Override
    public void closed(
        long connection,
        long bytesOut,
        long bytesIn,
        long lastWrite,
        long lastRead,
        SocketError error,
        long at,
        long understood) {}
  }
}
