package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From what was judged to a collector's socket, as the audit thread drives it. */
@Timeout(30)
class SpansTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  private final PlayedCollector collector = new PlayedCollector();
  @RegisterExtension final SystemProperties properties = new SystemProperties();
  private final ThreadGroup group = new ThreadGroup("httpaudit");

  @AfterEach
  void clear() {
    collector.close();
  }

  private Spans spans(String endpoint) {
    properties.set("otel.exporter.otlp.endpoint", endpoint);
    return new Spans(
        new Reporting("", true, "auto", 1_000_000, List.of(), List.of(), List.of()),
        task -> new Thread(group, task));
  }

  private Spans spans() {
    return spans("http://127.0.0.1:" + collector.port());
  }

  private static void offer(Spans spans, int count) {
    for (int i = 0; i < count; i++) {
      spans.exchange(Told.server().exchange(), Told.server().url());
    }
  }

  private static long closed(Spans spans) {
    long start = System.nanoTime();
    spans.close();
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  @Test
  void allThatWaitsIsSentAtTheEnd() {
    collector.answers(OK, OK);
    Spans spans = spans();
    offer(spans, 600);
    spans.close();

    assertThat(collector.requests()).hasSize(2);
    assertThat(collector.requests().get(0).head()).startsWith("POST /v1/traces ");
    assertThat(spans.dropped()).isZero();
  }

  @Test
  void whatIsNoBatchIsSentOnceItHasWaited() throws InterruptedException {
    collector.answers(OK, OK);
    Spans spans = spans();
    offer(spans, 3);
    spans.flush(TimeUnit.MINUTES.toNanos(1));
    Thread.sleep(300);
    assertThat(collector.requests()).isEmpty();
    spans.flush(TimeUnit.MILLISECONDS.toNanos(300));
    awaitRequests(1);
    offer(spans, 1);
    spans.flush(TimeUnit.MINUTES.toNanos(1));
    spans.flush(TimeUnit.MINUTES.toNanos(1));
    assertThat(collector.requests()).as("what comes then has its own time to wait").hasSize(1);
    spans.flush(0);
    awaitRequests(2);

    spans.close();
    assertThat(spans.dropped()).isZero();
  }

  private void awaitRequests(int count) throws InterruptedException {
    while (collector.requests().size() < count) {
      Thread.sleep(5);
    }
  }

  /** A target may be long, and a collector's patience with a request is not. */
  @Test
  void aRequestIsNotMuchLongerThanAMegabyte() {
    collector.answers(OK, OK, OK, OK);
    Spans spans = spans();
    Told told = Told.server();
    told.target = "/" + "x".repeat(8_000);
    for (int i = 0; i < 400; i++) {
      spans.exchange(told.exchange(), told.url());
    }
    spans.close();

    assertThat(collector.requests()).hasSizeGreaterThan(3);
    assertThat(collector.requests())
        .allSatisfy(request -> assertThat(request.body()).hasSizeLessThan(1_100_000));
    assertThat(spans.dropped()).isZero();
  }

  @Test
  void nothingIsStartedWithoutASpan() {
    Spans spans = spans();
    spans.flush(0);

    assertThat(closed(spans)).isLessThan(20);
    assertThat(group.activeCount()).isZero();
    assertThat(spans.dropped()).isZero();
  }

  @Test
  void oneDaemonThreadOfOurNameDoesItAll() throws InterruptedException {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    collector.answers(OK);
    Spans spans = spans();
    offer(spans, 1);
    while (collector.requests().isEmpty()) {
      Thread.sleep(10);
      spans.flush(0);
    }
    Set<Thread> more =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> !before.contains(thread))
            // The collector's own, for the connection.
            .filter(thread -> !Arrays.toString(thread.getStackTrace()).contains("PlayedCollector"))
            .collect(Collectors.toSet());

    assertThat(more)
        .singleElement()
        .satisfies(
            thread -> {
              assertThat(thread.getName()).isEqualTo("httpaudit-export");
              assertThat(thread.getThreadGroup()).isSameAs(group);
            });
    spans.close();
    assertThat(spans.dropped()).isZero();
  }

  @Test
  void aCollectorThatIsNotThereDelaysNoEnd() {
    collector.close();
    Spans spans = spans();
    offer(spans, 2_000);

    assertThat(closed(spans)).isLessThan(Spans.LAST_MILLIS);
    assertThat(spans.dropped()).isEqualTo(2_000);
  }

  @Test
  void aCollectorThatDoesNotAnswerDelaysTheEndByItsBoundAlone() {
    collector.answers(PlayedCollector.SILENCE);
    Spans spans = spans();
    offer(spans, 10);

    assertThat(closed(spans)).isBetween(Spans.LAST_MILLIS - 50, Spans.LAST_MILLIS + 500);
    assertThat(spans.dropped()).isEqualTo(10);
  }

  /** Its backlog is full: the kernel answers no SYN any more. */
  @Test
  void aCollectorThatDoesNotAcceptDelaysTheEndByItsBoundAlone() throws IOException {
    List<Socket> waiting = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1)) {
      fill(full, waiting);
      Spans spans = spans("http://127.0.0.1:" + full.getLocalPort());
      offer(spans, 10);

      assertThat(closed(spans)).isBetween(Spans.LAST_MILLIS - 50, Spans.LAST_MILLIS + 500);
      assertThat(spans.dropped()).isEqualTo(10);
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  private static void fill(ServerSocket server, List<Socket> waiting) throws IOException {
    while (true) {
      Socket socket = new Socket();
      waiting.add(socket);
      try {
        socket.connect(server.getLocalSocketAddress(), 200);
      } catch (SocketTimeoutException e) {
        return;
      }
    }
  }

  @Test
  void aSlowCollectorDelaysNoOfferAndEachSpanWithoutRoomIsCounted() {
    collector.answers(PlayedCollector.SILENCE);
    Spans spans = spans();
    offer(spans, 512);
    while (collector.requests().isEmpty()) {
      Thread.onSpinWait();
    }
    long start = System.nanoTime();
    offer(spans, 20_000);

    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(2));
    spans.close();
    assertThat(spans.dropped()).isEqualTo(20_512);
  }

  @Test
  void whatTheCollectorRefusesIsCountedAndTheRestGoesOn() {
    collector.answers("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", OK);
    Spans spans = spans();
    offer(spans, 600);
    spans.close();

    assertThat(spans.dropped()).isEqualTo(512);
  }

  /** OTLP's specification, "Partial Success": 200, and {rejected_spans: 3, error_message: "no"}. */
  @Test
  void whatTheCollectorRejectsOfARequestIsCountedToo() {
    collector.answers(
        "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n\n\u0006\b\u0003\u0012\u0002no",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\n\u0000");
    Spans spans = spans();
    offer(spans, 600);
    spans.close();

    assertThat(collector.requests()).hasSize(2);
    assertThat(spans.dropped()).isEqualTo(3);
  }

  @Test
  void aSettingThatTheSdkRefusesIsCountedAndNothingElse() {
    properties.set("otel.exporter.otlp.compression", "lzma");
    Spans spans = spans();
    offer(spans, 3);

    assertThat(closed(spans)).isLessThan(Spans.LAST_MILLIS);
    assertThat(spans.dropped()).isEqualTo(3);
  }

  @Test
  void theSettingsOfOpenTelemetrysBatchesHold() {
    properties.set("otel.bsp.max.queue.size", "20");
    properties.set("otel.bsp.max.export.batch.size", "7");
    collector.answers(OK, OK, OK, OK);
    Spans spans = spans();
    offer(spans, 14);
    spans.close();

    assertThat(collector.requests()).hasSize(2);
    assertThat(spans.dropped()).isZero();
  }

  @Test
  void theSdkMayBeSwitchedOff() {
    properties.set("otel.sdk.disabled", "true");

    assertThat(spans().wanted()).isFalse();
  }
}
