package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Exchange.Timing;
import io.httpaudit.correlate.Phase;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** INTERFACE.md, Spans: which phases become children. */
class PhaseRuleTest {
  private static final long MILLI = 1_000_000;

  private static List<String> drawn(String phases, long nanos, long whole) {
    PhaseRule rule = new PhaseRule(phases, MILLI);
    List<String> drawn = new ArrayList<>();
    for (Phase phase : Phase.values()) {
      if (rule.draws(new Timing(phase, 7, 7 + nanos), whole)) {
        drawn.add(phase.label());
      }
    }
    return drawn;
  }

  @Test
  void autoDrawsWhatExplains() {
    assertThat(drawn("auto", 20 * MILLI, 20 * MILLI))
        .containsExactlyInAnyOrder(
            "blocked", "dns", "connect", "ssl", "queue", "accept_wait", "read_wait", "lag");
  }

  @Test
  void allDrawsEachThatHasALength() {
    assertThat(drawn("all", 1, 1_000_000_000))
        .containsExactlyInAnyOrder(
            "blocked",
            "dns",
            "connect",
            "ssl",
            "queue",
            "send",
            "wait",
            "receive",
            "lag",
            "accept_wait",
            "read_wait",
            "process");
    assertThat(drawn("all", 0, 1_000_000_000)).isEmpty();
  }

  @Test
  void noneDrawsNone() {
    assertThat(drawn("none", 20 * MILLI, 20 * MILLI)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    // phases.min, the phase's ns, its span's ns, drawn
    "1000000, 1000000,  1000000, true",
    "1000000,  999999,   999999, false",
    "1000000, 1000000, 20000000, true",
    "1000000, 1000000, 20000001, false",
    "1000000, 1000000, 20000019, false",
    "1000000, 1000001, 20000020, true",
    "      0,       5,      100, true",
    "      0,       5,      101, false",
    "      0,       4,      100, false",
    " 500000,  500000, 10000000, true",
    "5000000, 4999999,  5000000, false",
    "5000000, 5000000,  5000000, true",
  })
  void autoDrawsFromPhasesMinAndFromATwentiethOfTheSpan(
      long min, long nanos, long whole, boolean drawn) {
    PhaseRule rule = new PhaseRule("auto", min);
    for (Phase phase : Phase.values()) {
      assertThat(rule.draws(new Timing(phase, 0, nanos), whole))
          .as(phase.label())
          .isEqualTo(drawn && phase.explains());
    }
  }

  @Test
  void aSpanOfYearsHasATwentiethToo() {
    long year = 365L * 24 * 3_600 * 1_000_000_000;
    assertThat(drawn("auto", year, 20 * year / 2)).isNotEmpty();
    assertThat(drawn("auto", year / 3, 10 * year)).isEmpty();
  }
}
