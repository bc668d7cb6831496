package io.httpaudit.report;

import java.io.IOException;

/** Whether someone takes spans where the agent would send them, by sending none as it would. */
public final class ExporterProbe {
  private ExporterProbe() {}

  /**
   * The collector's HTTP status.
   *
   * @throws IllegalArgumentException where a setting is refused; its message may be printed
   */
  public static int status() throws IOException {
    OtlpSender sender = Sdk.sender();
    try {
      return sender.postNothing().status();
    } finally {
      sender.shutdown();
    }
  }
}
