package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.common.ComponentLoader;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.export.RetryPolicy;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The SDK's exporter by our sender, to a collector that is a real socket. */
@Timeout(30)
class OtlpSenderTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  private final PlayedCollector collector = new PlayedCollector();

  @AfterEach
  void close() {
    collector.close();
  }

  private OtlpHttpSpanExporterBuilder exporter() {
    return OtlpHttpSpanExporter.builder()
        .setComponentLoader(
            new OwnSender(ComponentLoader.forClassLoader(OwnSender.class.getClassLoader())))
        .setEndpoint(collector.endpoint())
        .setTimeout(Duration.ofSeconds(2))
        .setRetryPolicy(
            RetryPolicy.builder()
                .setMaxAttempts(3)
                .setInitialBackoff(Duration.ofMillis(20))
                .setMaxBackoff(Duration.ofMillis(40))
                .build());
  }

  static List<SpanData> spans() {
    SpanDataOut out = new SpanDataOut(Resource.empty());
    SpanMaker maker = new SpanMaker(out, new PhaseRule("auto", 1_000_000));
    maker.exchange(Told.server().exchange(), Told.server().url());
    return out.take();
  }

  private static boolean sends(OtlpHttpSpanExporter exporter) {
    CompletableResultCode result = exporter.export(spans());
    assertThat(result.isDone()).as("answered before export returned").isTrue();
    return result.isSuccess();
  }

  private static Throwable failure(OtlpHttpSpanExporter exporter) {
    CompletableResultCode result = exporter.export(spans());
    assertThat(result.isSuccess()).isFalse();
    return result.getFailureThrowable();
  }

  @Test
  void theRequestIsWhatOtlpAsksFor() {
    collector.answers(OK);
    assertThat(sends(exporter().addHeader("api-key", "s3cret").build())).isTrue();

    PlayedCollector.Request request = collector.requests().get(0);
    assertThat(request.head())
        .startsWith("POST /v1/traces HTTP/1.1\r\n")
        .containsOnlyOnce("Host: 127.0.0.1:" + collector.port() + "\r\n")
        .containsOnlyOnce("Content-Type: application/x-protobuf\r\n")
        .containsOnlyOnce("Content-Length: " + request.body().length + "\r\n")
        .contains("api-key: s3cret\r\n")
        .contains("User-Agent: OTel-OTLP-Exporter-Java/")
        .doesNotContain("Upgrade");
    assertThat(new String(request.body(), StandardCharsets.ISO_8859_1))
        .contains("read_wait", "url.path", "/pay");
  }

  /** RFC 9110, 7.2 and 4.2.4: none in Host, to which a server of Go's answers 400. */
  @Test
  void userInfoOfTheEndpointIsNotSent() {
    collector.answers(OK);
    assertThat(
            sends(
                exporter()
                    .setEndpoint(collector.endpoint().replace("://", "://me:s3cret@"))
                    .build()))
        .isTrue();

    assertThat(collector.requests().get(0).head())
        .contains("Host: 127.0.0.1:" + collector.port() + "\r\n")
        .doesNotContain("s3cret");
  }

  @Test
  void oneConnectionServesManyRequests() {
    collector.answers(OK, OK, OK);
    OtlpHttpSpanExporter exporter = exporter().build();

    assertThat(sends(exporter) && sends(exporter) && sends(exporter)).isTrue();
    assertThat(collector.connections()).isEqualTo(1);
    assertThat(collector.requests()).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"
            + "2;x=y\r\n"
            + "ab\r\n"
            + "0\r\n"
            + "Trailer: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nab",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200\nContent-Length: 1\n\nx",
      })
  void anAnswerIsReadToItsEndAndTheConnectionKept(String answer) {
    collector.answers(answer, OK);
    OtlpHttpSpanExporter exporter = exporter().build();

    assertThat(sends(exporter) && sends(exporter)).isTrue();
    assertThat(collector.connections()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
      })
  void aConnectionThatTheCollectorEndsIsReplaced(String answer) {
    collector.answers(answer, OK);
    OtlpHttpSpanExporter exporter = exporter().build();

    assertThat(sends(exporter) && sends(exporter)).isTrue();
    assertThat(collector.connections()).isEqualTo(2);
  }

  @Test
  void anAnswerWithoutLengthEndsWithItsConnection() {
    collector.answers("HTTP/1.1 200 OK\r\n\r\nabc" + PlayedCollector.CLOSE, OK);
    OtlpHttpSpanExporter exporter = exporter().build();

    assertThat(sends(exporter) && sends(exporter)).isTrue();
    assertThat(collector.connections()).isEqualTo(2);
  }

  /** As after a collector's restart, or its idle timeout. */
  @Test
  void aKeptConnectionThatEndedSilentlyCostsNothing() throws InterruptedException {
    collector.answers(OK + PlayedCollector.CLOSE, OK);
    OtlpHttpSpanExporter exporter = exporter().setRetryPolicy(null).build();

    assertThat(sends(exporter)).isTrue();
    Thread.sleep(50);
    assertThat(sends(exporter)).isTrue();
    assertThat(collector.connections()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 502, 503, 504})
  void whatMayPassIsTriedAgain(int status) {
    collector.answers("HTTP/1.1 " + status + " Not now\r\nContent-Length: 0\r\n\r\n", OK);

    assertThat(sends(exporter().build())).isTrue();
    assertThat(collector.requests()).hasSize(2);
    assertThat(collector.requests().get(1).body()).isEqualTo(collector.requests().get(0).body());
  }

  @Test
  void butNotForEver() {
    String later = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    collector.answers(later, later, later, later);

    assertThat(sends(exporter().build())).isFalse();
    assertThat(collector.requests()).hasSize(3);
  }

  @Test
  void thePauseThatTheCollectorAsksForIsKept() {
    collector.answers("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", OK);
    long start = System.nanoTime();

    assertThat(sends(exporter().build())).isTrue();
    assertThat(System.nanoTime() - start).isGreaterThan(900_000_000L);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 404, 500})
  void whatWouldFailAgainIsNot(int status) {
    collector.answers("HTTP/1.1 " + status + " No\r\nContent-Length: 0\r\n\r\n", OK);

    assertThat(sends(exporter().build())).isFalse();
    assertThat(collector.requests()).hasSize(1);
  }

  @Test
  void whatIsNoHttpFails() {
    collector.answers("SSH-2.0-OpenSSH_9.2\r\n");

    assertThat(failure(exporter().setRetryPolicy(null).build()).getCause())
        .hasMessage("no HTTP answer");
  }

  /** It may have taken the spans: sent again, they would be there twice. */
  @Test
  void anAnswerThatDoesNotComeIsWaitedForOnce() {
    collector.answers(PlayedCollector.SILENCE, OK);
    long start = System.nanoTime();

    assertThat(sends(exporter().setTimeout(Duration.ofMillis(300)).build())).isFalse();
    assertThat(System.nanoTime() - start).isBetween(250_000_000L, 2_000_000_000L);
    assertThat(collector.requests()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"})
  void anAnswerThatComesInDripsIsCutOff(String before) {
    collector.answers(before + PlayedCollector.DRIPS);
    long start = System.nanoTime();

    assertThat(failureWhileLookedAt(spans()).getCause()).hasMessage("no answer in time");
    assertThat(System.nanoTime() - start).isBetween(250_000_000L, 2_000_000_000L);
  }

  /**
   * Read by read there is no end to it: another thread looks at the clock, as the audit thread
   * does.
   */
  private Throwable failureWhileLookedAt(List<SpanData> spans) {
    OtlpHttpSpanExporter exporter =
        exporter().setRetryPolicy(null).setTimeout(Duration.ofMillis(300)).build();
    CompletableResultCode[] result = new CompletableResultCode[1];
    Thread sender = new Thread(() -> result[0] = exporter.export(spans));
    sender.start();
    try {
      while (sender.isAlive()) {
        Thread.sleep(20);
        Deadline.look();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    assertThat(result[0].isSuccess()).isFalse();
    return result[0].getFailureThrowable();
  }

  @Test
  void aCollectorThatIsNotThereIsToldAsSuch() {
    collector.close();

    assertThat(failure(exporter().setRetryPolicy(null).build()).getCause())
        .hasMessage("Connection refused");
  }

  /** The JVM's end: no pause is slept through, no further attempt made. */
  @Test
  void anInterruptedThreadTriesOnce() {
    collector.answers("HTTP/1.1 503 Busy\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n", OK);
    OtlpHttpSpanExporter exporter = exporter().build();
    long start = System.nanoTime();
    Thread.currentThread().interrupt();
    try {
      assertThat(sends(exporter)).isFalse();
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(2));
    assertThat(collector.requests()).hasSize(1);
  }

  @Test
  void gzipIsSentAsSuch() throws Exception {
    collector.answers(OK);
    assertThat(sends(exporter().setCompression("gzip").build())).isTrue();

    PlayedCollector.Request request = collector.requests().get(0);
    assertThat(request.head()).contains("Content-Encoding: gzip\r\n");
    byte[] body = new GZIPInputStream(new ByteArrayInputStream(request.body())).readAllBytes();
    assertThat(new String(body, StandardCharsets.ISO_8859_1)).contains("read_wait");
  }

  @Test
  void aCollectorThatTakesNothingIsLeft() {
    collector.answers(PlayedCollector.TAKES_NOTHING);
    SpanDataOut out = new SpanDataOut(Resource.empty());
    SpanMaker maker = new SpanMaker(out, new PhaseRule("all", 0));
    for (int i = 0; i < 20_000; i++) {
      maker.exchange(Told.server().exchange(), Told.server().url());
    }

    assertThat(failureWhileLookedAt(out.take()).getCause()).hasMessage("no answer in time");
  }

  @Test
  void aCollectorBehindTlsIsTrustedByItsCertificateAlone(@TempDir Path folder) throws Exception {
    SelfSigned certificate = SelfSigned.in(folder, "collector.test", "ip:127.0.0.1");
    SelfSigned other = SelfSigned.in(folder, "other.test", "ip:127.0.0.1");
    SelfSigned elsewhere = SelfSigned.in(folder, "elsewhere.test", "dns:elsewhere.test");
    try (PlayedCollector tls = new PlayedCollector(certificate.sockets());
        PlayedCollector misnamed = new PlayedCollector(elsewhere.sockets())) {
      tls.answers(OK, OK);
      OtlpHttpSpanExporter trusting =
          exporter().setEndpoint(tls.endpoint()).setTrustedCertificates(certificate.pem()).build();
      assertThat(sends(trusting) && sends(trusting)).isTrue();
      assertThat(tls.connections()).isEqualTo(1);

      assertThat(
              failure(
                      exporter()
                          .setEndpoint(tls.endpoint())
                          .setTrustedCertificates(other.pem())
                          .build())
                  .getCause())
          .isInstanceOf(SSLException.class);
      assertThat(failure(exporter().setEndpoint(tls.endpoint()).build()).getCause())
          .isInstanceOf(SSLException.class);
      assertThat(
              failure(
                      exporter()
                          .setEndpoint(misnamed.endpoint())
                          .setTrustedCertificates(elsewhere.pem())
                          .build())
                  .getCause())
          .hasMessageContaining("No subject alternative names matching IP address 127.0.0.1");
      assertThat(tls.requests()).hasSize(2);
    }
  }
}
