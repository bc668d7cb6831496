package io.httpaudit.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.enrich.Beside;
import io.httpaudit.report.SystemProperties;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  @RegisterExtension final SystemProperties properties = new SystemProperties();

  @Test
  void withoutAnySettingTheDefaultsHold() {
    Settings settings = Settings.of(null);

    assertThat(settings.complaints()).isEmpty();
    assertThat(settings.enabled()).isTrue();
    assertThat(settings.interfaces()).isEmpty();
    assertThat(settings.keepRights()).isFalse();
    assertThat(settings.quiet()).isFalse();
    assertThat(settings.notDone()).isEmpty();
    assertThat(settings.reporting().log()).isEmpty();
    assertThat(settings.reporting().spans()).isTrue();
    assertThat(settings.reporting().phases()).isEqualTo("auto");
    assertThat(settings.reporting().phasesMinNanos()).isEqualTo(1_000_000);
    assertThat(settings.reporting().queryKeep()).isEmpty();
    assertThat(settings.reporting().redact()).isEmpty();
    assertThat(settings.reporting().ignore()).isEmpty();
  }

  @Test
  void theAgentsArgumentSetsThemAll() {
    Settings settings =
        Settings.of(
            "enabled=true,interfaces=lo+eth0,log=/var/log/a-%p.jsonl,spans=own,phases=all,phases.min=500us,"
                + "query.keep=page+size,redact=tok-*+key-*,ignore=/actuator/**+/health,rights=keep,capture=own,heads=false,quiet=true");

    assertThat(settings.complaints()).isEmpty();
    assertThat(settings.interfaces()).containsExactly("lo", "eth0");
    assertThat(settings.reporting().log())
        .isEqualTo("/var/log/a-" + ProcessHandle.current().pid() + ".jsonl");
    assertThat(settings.reporting().phases()).isEqualTo("all");
    assertThat(settings.reporting().phasesMinNanos()).isEqualTo(500_000);
    assertThat(settings.reporting().queryKeep()).containsExactly("page", "size");
    assertThat(settings.reporting().redact()).containsExactly("tok-*", "key-*");
    assertThat(settings.reporting().ignore()).containsExactly("/actuator/**", "/health");
    assertThat(settings.keepRights()).isTrue();
    assertThat(settings.quiet()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"500us, 500000", "3, 3000000", "3ms, 3000000", "2s, 2000000000", "0, 0"})
  void durationsHaveUnits(String value, long nanos) {
    assertThat(Settings.of("phases.min=" + value).reporting().phasesMinNanos()).isEqualTo(nanos);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '>',
      value = {
        "pases=all > httpaudit: unknown setting 'pases', the nearest is 'phases'; 'auto' holds",
        "querykeep=x > httpaudit: unknown setting 'querykeep', the nearest is 'query.keep'; 'none' holds",
        "quit > httpaudit: unknown setting 'quit', the nearest is 'quiet'; 'false' holds",
        "phases=some > httpaudit: setting 'phases' can't be 'some', it is one of auto|all|none; 'auto' holds",
        "phases=all|none > httpaudit: setting 'phases' can't be 'all|none', it is one of auto|all|none; 'auto' holds",
        "phases= > httpaudit: setting 'phases' can't be '', it is one of auto|all|none; 'auto' holds",
        "quiet=yes > httpaudit: setting 'quiet' can't be 'yes', it is one of true|false; 'false' holds",
        "quiet > httpaudit: setting 'quiet' has no value; 'false' holds",
        "phases.min=1m > httpaudit: setting 'phases.min' can't be '1m', it is like 500us, 1ms, 2s; '1ms' holds",
        "phases.min=-1ms > httpaudit: setting 'phases.min' can't be '-1ms', it is like 500us, 1ms, 2s; '1ms' holds",
        "phases.min=9999999999s > httpaudit: setting 'phases.min' can't be '9999999999s', it is like 500us, 1ms, 2s; '1ms' holds",
      })
  void whatIsNotUnderstoodIsNamedOnceAndTheDefaultHolds(String argument, String complaint) {
    Settings settings = Settings.of(argument);

    assertThat(settings.complaints()).containsExactly(complaint);
    assertThat(settings.reporting().phases()).isEqualTo("auto");
    assertThat(settings.reporting().phasesMinNanos()).isEqualTo(1_000_000);
    assertThat(settings.quiet()).isFalse();
  }

  @Test
  void eachOfSeveralMistakesHasItsLineAndTheRestHolds() {
    Settings settings = Settings.of("foo=1,phases=all,,bar=2, quiet=true");

    assertThat(settings.complaints()).hasSize(2);
    assertThat(settings.reporting().phases()).isEqualTo("all");
    assertThat(settings.quiet()).isTrue();
  }

  @Test
  void anUnknownPropertyOfOursIsNamedToo() {
    properties.set("httpaudit.logs", "x");

    assertThat(Settings.of("").complaints())
        .containsExactly("httpaudit: unknown setting 'logs', the nearest is 'log'; 'none' holds");
  }

  @Test
  void theArgumentGoesBeforeThePropertyAndABadOneLeavesTheProperty() {
    properties.set("httpaudit.phases", "none");

    assertThat(Settings.of("").reporting().phases()).isEqualTo("none");
    assertThat(Settings.of("phases=all").reporting().phases()).isEqualTo("all");
    Settings bad = Settings.of("phases=some");
    assertThat(bad.reporting().phases()).isEqualTo("none");
    assertThat(bad.complaints())
        .containsExactly(
            "httpaudit: setting 'phases' can't be 'some', it is one of auto|all|none; 'none' holds");
  }

  @Test
  void whatThisVersionDoesNotDoIsSaid() {
    assertThat(Settings.of("capture=headers-of-namespace").notDone())
        .isEqualTo("capture=headers-of-namespace");
    assertThat(Settings.of("heads=true").notDone()).isEqualTo("heads=true");
    assertThat(Settings.of("spans=none").reporting().spans()).isFalse();
  }

  @Test
  void theApplicationsOwnSpansAreEnrichedUnlessOursAreAskedFor() {
    assertThat(Settings.of("").beside()).isEqualTo(Beside.Mode.AUTO);
    assertThat(Settings.of("spans=enrich").beside()).isEqualTo(Beside.Mode.ENRICH);
    assertThat(Settings.of("spans=own").beside()).isEqualTo(Beside.Mode.OWN);
    assertThat(Settings.of("spans=none").beside()).isEqualTo(Beside.Mode.OWN);
    assertThat(Settings.of("").holdNanos()).isEqualTo(2_000_000_000L);
    assertThat(Settings.of("spans.hold=300ms").holdNanos()).isEqualTo(300_000_000L);
  }

  @Test
  void theVariableHoldsWhereNothingElseDoes() throws Exception {
    Map<String, String> variables =
        Map.of("HTTPAUDIT_PHASES", "none", "HTTPAUDIT_QUERY_KEEP", "a,b", "HTTPAUDIT_QUIET", "oui");

    assertThat(child(variables, ""))
        .isEqualTo(
            "none [a, b] [httpaudit: setting 'HTTPAUDIT_QUIET' can't be 'oui', it is one of true|false; 'false' holds]");
    assertThat(child(variables, "", "-Dhttpaudit.phases=all")).startsWith("all [a, b] ");
    assertThat(child(variables, "phases=auto", "-Dhttpaudit.phases=all"))
        .startsWith("auto [a, b] ");
  }

  @Test
  void aVariableThatIsAllButASettingsIsNamedAndSomebodyElsesIsNot() throws Exception {
    assertThat(child(Map.of("HTTPAUDIT_PHASE", "all"), ""))
        .endsWith(
            "[httpaudit: unknown setting 'HTTPAUDIT_PHASE', the nearest is 'phases'; 'auto' holds]");
    assertThat(
            child(
                Map.of(
                    "HTTPAUDIT_SERVICE_HOST", "10.0.0.1",
                    "HTTPAUDIT_PORT", "tcp://10.0.0.1:80",
                    "HTTPAUDIT_TAG", "1",
                    "HTTPAUDIT_", "x"),
                ""))
        .endsWith("[]");
  }

  /** A JVM of its own, since one's own variables are as they are. */
  private static String child(Map<String, String> variables, String argument, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(List.of(options));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), Printed.class.getName(), argument));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(variables);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    process.waitFor();
    return output.trim();
  }

  /** The child's program. */
  static final class Printed {
    private Printed() {}

    public static void main(String[] arguments) {
      Settings settings = Settings.of(arguments[0]);
      System.out.println(
          settings.reporting().phases()
              + " "
              + settings.reporting().queryKeep()
              + " "
              + settings.complaints());
    }
  }
}
