package io.httpaudit.cli;

import io.httpaudit.agent.Settings;
import io.httpaudit.report.Reporting;

/** What {@code help} prints. */
final class Help {
  private static final String START =
      """
      httpaudit %s: every HTTP exchange of a JVM, as the kernel saw it.

        java -javaagent:httpaudit.jar -jar app.jar
        java -javaagent:httpaudit.jar=log=audit.jsonl,phases=all -jar app.jar

      java -jar httpaudit.jar
        help                    this
        version                 the version
        doctor                  what works here, what doesn't, and what to do about it;
                                exits with 0 (tier 1), 1 (a lower tier) or 2 (nothing works)
        report [--last N | --all] FILE
                                reads an audit log (- is standard input): a waterfall for each of
                                the last 20 exchanges, the slowest, TLS handshakes that failed
                                and why, and how many of each verdict

      Settings: the agent's argument a.b=…, else the system property httpaudit.a.b, else the
      variable HTTPAUDIT_A_B

        setting       default
      """;

  private static final String END =
      """

      OpenTelemetry's own settings, as variables or as system properties (otel.service.name)

        OTEL_SERVICE_NAME                    the jar's or the main class's name
        OTEL_RESOURCE_ATTRIBUTES             none
        OTEL_TRACES_EXPORTER                 otlp (or console, none)
        OTEL_METRICS_EXPORTER                none (there are no metrics)
        OTEL_EXPORTER_OTLP_ENDPOINT          http://localhost:4318
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT   the endpoint above, with /v1/traces
        OTEL_EXPORTER_OTLP_PROTOCOL          http/protobuf
        OTEL_EXPORTER_OTLP_HEADERS           none
        OTEL_TRACES_SAMPLER                  parentbased_always_on
        OTEL_TRACES_SAMPLER_ARG              1
        OTEL_PROPAGATORS                     tracecontext,baggage (or b3, b3multi, jaeger, none)
        OTEL_SDK_DISABLED                    false

      Tiers: what can be known depends on the process's rights

        1  kernel filter (CAP_NET_RAW and CAP_BPF, Linux 5.8 or newer): every byte's time on the wire
        2  CAP_NET_RAW alone: not in this version
        3  no right at all: round trip times and retransmissions (TCP_INFO), application times

      Examples

        java -javaagent:httpaudit.jar=log=audit.jsonl -jar app.jar      every exchange into a file
        java -javaagent:httpaudit.jar=log=-,quiet=true -jar app.jar     on standard output
        OTEL_SERVICE_NAME=shop java -javaagent:httpaudit.jar=ignore=/health+/actuator/** -jar app.jar
        OTEL_TRACES_EXPORTER=none java -javaagent:httpaudit.jar=log=/var/log/audit-%p.jsonl -jar app.jar
        java -jar httpaudit.jar report audit.jsonl
      """;

  private Help() {}

  static String text() {
    return START.formatted(Reporting.VERSION) + Settings.help() + END;
  }
}
