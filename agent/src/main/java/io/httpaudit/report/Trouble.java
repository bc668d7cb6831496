package io.httpaudit.report;

import io.opentelemetry.sdk.common.export.HttpResponse;
import java.util.List;
import java.util.Locale;

/** Why spans were not taken, in a few words. */
final class Trouble {
  private static final String OTLP = "otel.exporter.otlp.";

  /**
   * What may be wrong with the exporter's settings.
   *
   * @param word by which the SDK's message names it, before it quotes anything
   */
  private record Setting(String word, String property, String takes) {
    private static Setting file(String word) {
      return new Setting(word, OTLP + "certificate", "and its client forms take PEM files");
    }

    /** As a variable: of traces alone, where the user has set that. */
    private String variable() {
      String forTraces = property.replace(OTLP, OTLP + "traces.");
      String set = OtelConfig.get(forTraces).isEmpty() ? property : forTraces;
      return set.toUpperCase(Locale.ROOT).replace('.', '_');
    }
  }

  private static final List<Setting> SETTINGS =
      List.of(
          new Setting(
              "resource", "otel.resource.attributes", "takes name=value pairs, joined by commas"),
          new Setting(
              "header",
              OTLP + "headers",
              "takes name=value pairs, joined by commas; a % in a value is written %25"),
          new Setting(
              "endpoint",
              OTLP + "endpoint",
              "takes an http:// or https:// URL without query and fragment"),
          new Setting("timeout", OTLP + "timeout", "takes milliseconds"),
          new Setting("compress", OTLP + "compression", "takes gzip or none"),
          Setting.file("certificate"),
          Setting.file("client key"));

  private Trouble() {}

  /**
   * What the SDK refused, in our words and by its name alone: the SDK's have the value, which may
   * be a credential.
   */
  static String ofSettings(RuntimeException refusal) {
    String message = of(refusal);
    Setting refused = null;
    int first = Integer.MAX_VALUE;
    for (Setting setting : SETTINGS) {
      int at = message.indexOf(setting.word());
      if (at >= 0 && at < first) {
        refused = setting;
        first = at;
      }
    }
    return refused == null
        ? "OpenTelemetry's SDK refuses its settings (" + refusal.getClass().getSimpleName() + ")"
        : refused.variable() + " " + refused.takes();
  }

  static String of(HttpResponse answer) {
    return answer.getStatusCode() + " " + answer.getStatusMessage();
  }

  /** {@code failure} null: there was no answer, and no reason either. */
  static String of(Throwable failure) {
    if (failure == null) {
      return "no answer";
    }
    return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
  }
}
