package io.httpaudit.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.trace.samplers.SamplingDecision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The oracle is the SDK's own sampler of the same configuration. */
class SamplerTest {
  private final List<String> complaints = new ArrayList<>();

  private static io.opentelemetry.sdk.trace.samplers.Sampler configuredBySdk(
      String name, String argument) {
    io.opentelemetry.sdk.trace.samplers.Sampler[] configured =
        new io.opentelemetry.sdk.trace.samplers.Sampler[1];
    Map<String, String> properties =
        Map.of(
            "otel.traces.sampler", name,
            "otel.traces.sampler.arg", argument,
            "otel.traces.exporter", "none",
            "otel.metrics.exporter", "none",
            "otel.logs.exporter", "none");
    AutoConfiguredOpenTelemetrySdk.builder()
        .disableShutdownHook()
        .addPropertiesSupplier(() -> properties)
        .addSamplerCustomizer(
            (sampler, config) -> {
              configured[0] = sampler;
              return sampler;
            })
        .build()
        .getOpenTelemetrySdk()
        .close();
    return configured[0];
  }

  private static Context parent(String traceId, String parentSpanId, boolean sampled) {
    if (parentSpanId.isEmpty()) {
      return Context.root();
    }
    TraceFlags flags = sampled ? TraceFlags.getSampled() : TraceFlags.getDefault();
    return Context.root()
        .with(
            Span.wrap(
                SpanContext.createFromRemoteParent(
                    traceId, parentSpanId, flags, TraceState.getDefault())));
  }

  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "always_on, ''",
    "always_off, ''",
    "traceidratio, 0.25",
    "traceidratio, 0",
    "traceidratio, 1",
    "traceidratio, ''",
    "parentbased_always_on, ''",
    "parentbased_always_off, ''",
    "parentbased_traceidratio, 0.25",
  })
  void decidesAsTheSdkWould(String name, String argument) {
    var oracle = configuredBySdk(name.isEmpty() ? "parentbased_always_on" : name, argument);
    Sampler sampler = Sampler.of(name, argument, complaints);
    List<String> parents = List.of("", "b7ad6b7169203331");
    for (int i = 0; i < 2_000; i++) {
      long low = SpanIds.next();
      String traceId = SpanIds.hex(SpanIds.next()) + SpanIds.hex(low);
      for (String parent : parents) {
        boolean sampled = i % 2 == 0;
        SamplingDecision expected =
            oracle
                .shouldSample(
                    parent(traceId, parent, sampled),
                    traceId,
                    "GET",
                    SpanKind.SERVER,
                    Attributes.empty(),
                    List.of())
                .getDecision();
        assertThat(sampler.samples(low, !parent.isEmpty(), sampled))
            .as("%s of %s below %s", name, traceId, parent)
            .isEqualTo(expected == SamplingDecision.RECORD_AND_SAMPLE);
      }
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void anUnknownSamplerIsNamedAndTheDefaultHolds() {
    Sampler sampler = Sampler.of("allways_on", "", complaints);

    assertThat(complaints)
        .containsExactly(
            "httpaudit: unknown OTEL_TRACES_SAMPLER 'allways_on'; 'parentbased_always_on' holds");
    assertThat(sampler.samples(1L << 62, false, false)).isTrue();
    assertThat(sampler.samples(1L << 62, true, false)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"2", "-0.1", "half", "NaN"})
  void aRatioThatIsNoneIsNamed(String argument) {
    Sampler sampler = Sampler.of("traceidratio", argument, complaints);

    assertThat(complaints)
        .containsExactly(
            "httpaudit: OTEL_TRACES_SAMPLER_ARG can't be '"
                + argument
                + "', it is 0 to 1; '1' holds");
    assertThat(sampler.samples(1L << 62, false, false)).isTrue();
  }
}
