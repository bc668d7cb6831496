package io.httpaudit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.report.SystemProperties;
import java.io.IOException;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ExporterCheckTest {
  @RegisterExtension final SystemProperties properties = new SystemProperties();

  private String check(String endpoint) {
    properties.set("otel.exporter.otlp.endpoint", endpoint);
    return ExporterCheck.of().line();
  }

  @Test
  void aPasswordInTheEndpointIsNotPrinted() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }

    assertThat(check("http://me:s3cret@127.0.0.1:" + free))
        .startsWith(
            "warn  exporter    http://127.0.0.1:"
                + free
                + " does not answer (Connection refused);");
    assertThat(check("http://me:s3cret@c:43l8"))
        .startsWith(
            "warn  exporter    OTEL_EXPORTER_OTLP_ENDPOINT takes an http:// or https:// URL")
        .doesNotContain("s3cret");
    assertThat(check("https://c.test/otlp?api-key=s3cret")).doesNotContain("s3cret");
  }
}
