package io.httpaudit.report;

import io.opentelemetry.exporter.internal.FailedExportException.HttpExportException;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** By exporters of the SDK, which answer before {@code export} returns. */
final class SdkDestination implements Destination {
  /** Longer than any sender's own bounds. */
  private static final long ANSWER_SECONDS = 60;

  private final SpanDataOut out;
  private final SpanMaker maker;
  private final SpanExporter exporter;

  SdkDestination(Resource resource, PhaseRule rule, SpanExporter exporter) {
    out = new SpanDataOut(resource);
    maker = new SpanMaker(out, rule);
    this.exporter = exporter;
  }

  @Override
  public SpanMaker maker() {
    return maker;
  }

  @Override
  public Optional<String> send() {
    CompletableResultCode result = exporter.export(out.take());
    result.join(ANSWER_SECONDS, TimeUnit.SECONDS);
    return result.isSuccess() ? Optional.empty() : Optional.of(reason(result));
  }

  private static String reason(CompletableResultCode result) {
    Throwable failure = result.getFailureThrowable();
    if (failure instanceof HttpExportException http) {
      return http.getResponse() == null
          ? Trouble.of(http.getCause())
          : Trouble.of(http.getResponse());
    }
    return Trouble.of(failure);
  }
}
