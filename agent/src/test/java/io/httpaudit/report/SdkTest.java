package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the SDK makes of the user's settings. */
class SdkTest {
  private static final String HEADERS_TAKE =
      " takes name=value pairs, joined by commas; a % in a value is written %25";

  @RegisterExtension final SystemProperties properties = new SystemProperties();

  /** Whose message is printed. */
  @ParameterizedTest
  @CsvSource({
    "headers, Authorization: Bearer s3cret, HEADERS",
    "headers, api-key=50%off-s3cret, HEADERS",
    "traces.headers, s3cret, TRACES_HEADERS",
    "traces.headers, endpoint=%s3cret, TRACES_HEADERS",
  })
  void aRefusedHeaderIsNamedAndItsValueIsNot(String property, String value, String named) {
    properties.set("otel.exporter.otlp." + property, value);

    assertThatThrownBy(Sdk::configured)
        .hasNoCause()
        .hasMessage("OTEL_EXPORTER_OTLP_" + named + HEADERS_TAKE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "endpoint | http://me:s3cret@c:43l8 | OTEL_EXPORTER_OTLP_ENDPOINT takes an http",
        "endpoint | me:s3cret@c:4318 | OTEL_EXPORTER_OTLP_ENDPOINT takes an http",
        "traces.endpoint | https://c.test/otlp?api-key=s3cret | OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
            + " takes an http",
        "endpoint | https://c.test#s3cret | OTEL_EXPORTER_OTLP_ENDPOINT takes an http",
        "endpoint | s3cret://c.test | OTEL_EXPORTER_OTLP_ENDPOINT takes an http",
        "timeout | s3cret | OTEL_EXPORTER_OTLP_TIMEOUT takes milliseconds",
        "compression | s3cret | OTEL_EXPORTER_OTLP_COMPRESSION takes gzip or none",
        "certificate | /s3cret | OTEL_EXPORTER_OTLP_CERTIFICATE and its client forms take PEM",
        "client.key | /s3cret | OTEL_EXPORTER_OTLP_CERTIFICATE and its client forms take PEM",
      })
  void soIsAnyOtherSetting(String property, String value, String told) {
    properties.set("otel.exporter.otlp." + property, value);

    assertThatThrownBy(Sdk::configured)
        .hasNoCause()
        .hasMessageStartingWith(told)
        .hasMessageNotContaining("s3cret");
  }

  @ParameterizedTest
  @CsvSource({"header-s3cret", "a=b;c", "a=%s3cret"})
  void soAreResourceAttributes(String attributes) {
    properties.set("otel.resource.attributes", attributes + ",x");

    assertThatThrownBy(Sdk::configured)
        .hasNoCause()
        .hasMessage("OTEL_RESOURCE_ATTRIBUTES takes name=value pairs, joined by commas");
  }

  /** As deployment templates leave them; OpenTelemetry's specification: as if not set. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "endpoint",
        "headers",
        "compression",
        "timeout",
        "certificate",
        "client.key",
        "client.certificate"
      })
  void aSettingOfNothingIsNone(String setting) {
    for (String nothing : List.of("", " ")) {
      properties.set("otel.exporter.otlp." + setting, nothing);
      properties.set("otel.exporter.otlp.traces." + setting, nothing);

      assertThat(Sdk.configured()).hasSize(1);
    }
  }
}
