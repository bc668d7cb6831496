package io.httpaudit.report;

import io.opentelemetry.sdk.common.export.HttpResponse;

/** Why spans were not taken, in a few words. */
final class Trouble {
  private Trouble() {}

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
