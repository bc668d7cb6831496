package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Verdict;
import org.junit.jupiter.api.Test;

/** The line at the end. */
class ReportTest {
  @Test
  void whatIsLostIsInTheLastLineWhereverItWas() {
    Losses losses = new Losses(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);

    assertThat(Report.line(Verdict::ordinal, losses, 3))
        .isEqualTo(
            "httpaudit: 10 exchanges: 0 matched, 1 inferred, 2 app_only, 3 wire_only, 4"
                + " not_captured; 2 packet records lost, 3 spans dropped, 4 log lines lost, 5 hook"
                + " events lost, 6 exchanges dropped, 7 connections dropped, 8 packet records"
                + " dropped, 9 connections refused by the filter, 11 faults of hooks; 12 spans"
                + " enriched, 13 not");
  }

  @Test
  void whatIsNotIsNot() {
    Losses losses = new Losses(8112, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0);

    assertThat(Report.line(v -> v == Verdict.MATCHED ? 1204 : 0, losses, 1))
        .isEqualTo(
            "httpaudit: 1204 exchanges: 1204 matched, 0 inferred, 0 app_only, 0 wire_only;"
                + " 0 packet records lost");
  }
}
