package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code doctor} asks a collector is what the agent would send it. */
@Timeout(30)
class ExporterProbeTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  private final PlayedCollector collector = new PlayedCollector();
  @RegisterExtension final SystemProperties properties = new SystemProperties();

  private void set(String property, String value) {
    properties.set("otel.exporter.otlp." + property, value);
  }

  @AfterEach
  void clear() {
    collector.close();
  }

  @ParameterizedTest
  @CsvSource({
    // protocol, setting, endpoint's path, path asked
    "'', endpoint, '', /v1/traces",
    "'', endpoint, /, /v1/traces",
    "'', endpoint, /otlp, /otlp/v1/traces",
    "'', endpoint, /t@acme, /t@acme/v1/traces",
    "'', traces.endpoint, /t@acme, /t@acme",
    "grpc, traces.endpoint, '', /v1/traces",
    "grpc, endpoint, /, /v1/traces",
  })
  void theUrlIsTheVeryOne(String protocol, String setting, String path, String asked)
      throws IOException {
    String base = "http://127.0.0.1:" + collector.port();
    set("protocol", protocol);
    set(setting, base + path);
    collector.answers(OK);

    assertThat(ExporterProbe.status()).isEqualTo(200);
    assertThat(collector.requests().get(0).head()).startsWith("POST " + asked + " HTTP/1.1\r\n");
    assertThat(collector.requests().get(0).body()).isEmpty();
    assertThat(OtelConfig.shownUrl()).isEqualTo(base + asked);
  }

  @Test
  void headersAreSentAndARefusalIsNotRetried() throws IOException {
    set("endpoint", "http://127.0.0.1:" + collector.port());
    set("headers", "api-key=k");
    collector.answers("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");

    assertThat(ExporterProbe.status()).isEqualTo(503);
    assertThat(collector.requests()).hasSize(1);
    assertThat(collector.requests().get(0).head()).contains("api-key: k\r\n");
  }

  @Test
  void theConfiguredCertificateIsTrusted(@TempDir Path folder) throws Exception {
    SelfSigned certificate = SelfSigned.in(folder, "collector.test", "ip:127.0.0.1");
    Path pem = Files.write(folder.resolve("own-ca.pem"), certificate.pem());
    try (PlayedCollector tls = new PlayedCollector(certificate.sockets())) {
      tls.answers(OK);
      set("traces.endpoint", tls.endpoint());
      assertThatThrownBy(ExporterProbe::status).isInstanceOf(SSLException.class);

      set("certificate", pem.toString());
      assertThat(ExporterProbe.status()).isEqualTo(200);
    }
  }
}
