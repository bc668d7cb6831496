package io.httpaudit.report;

import io.opentelemetry.common.ComponentLoader;
import io.opentelemetry.sdk.common.export.HttpSender;
import io.opentelemetry.sdk.common.export.HttpSenderConfig;
import io.opentelemetry.sdk.common.export.HttpSenderProvider;
import java.util.List;

/**
 * What the SDK's exporter looks for components with: it is given our sender, and that, with all
 * that was configured for it (endpoint, headers, TLS, time limits, retries, compression), is kept
 * for ourselves.
 */
final class OwnSender implements ComponentLoader, HttpSenderProvider {
  private final ComponentLoader others;
  private OtlpSender made;

  OwnSender(ComponentLoader others) {
    this.others = others;
  }

  @Override
  public <T> Iterable<T> load(Class<T> service) {
    return service == HttpSenderProvider.class ? List.of(service.cast(this)) : others.load(service);
  }

  @Override
  public HttpSender createSender(HttpSenderConfig config) {
    made = new OtlpSender(config);
    return made;
  }

  /** The last one. */
  OtlpSender made() {
    return made;
  }
}
