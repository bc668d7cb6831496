package io.httpaudit.agent;

import io.httpaudit.capture.Capture;
import io.httpaudit.enrich.Beside;
import io.httpaudit.report.Reporting;

/** The line at the start: what is audited, where, by which right, and where spans go. */
final class StartLine {
  private StartLine() {}

  static String of(Settings settings, Capture capture, Beside beside) {
    StringBuilder line = new StringBuilder("httpaudit ").append(Reporting.VERSION);
    line.append(": auditing pid ").append(ProcessHandle.current().pid());
    if (capture.tier() == 1) {
      String interfaces = String.join(", ", capture.tapped());
      line.append(interfaces.isEmpty() ? ", no interface yet" : " on ".concat(interfaces));
      line.append("; tier 1 (kernel filter)");
    } else {
      line.append(capture.tier() == 3 ? "; tier 3 (TCP_INFO)" : "; application times only");
    }
    if (!capture.missing().isEmpty()) {
      // A verifier's log is for doctor to show.
      line.append(": ").append(capture.missing().split("; the verifier says:|\n", 2)[0]);
    }
    if (!settings.notDone().isEmpty()) {
      line.append("; ").append(settings.notDone()).append(" is not in this version");
    }
    String destination =
        beside.isActive() ? "enriching OpenTelemetry's spans" : settings.reporting().destination();
    return line.append("; ").append(destination).toString();
  }
}
