package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The demo's seven steps: who called whom, and what the trace says of the time that the
 * applications' own logs miss. That time is the caller's figure less the callee's, both taken by
 * the demo's own code, which knows of no agent.
 */
final class StoryCheck {
  private static final String CHECKOUT =
      """
      customer client GET /checkout
        shop server GET /checkout
          shop client GET /reserve
            stock server GET /reserve
          shop client GET /pay
            bank server GET /pay
      """;

  private final Iterator<DemoStep> steps;
  private final Map<String, DemoTrace> traces;
  private final String cable;
  private final String ui;
  private DemoStep step;
  private DemoTrace trace;

  StoryCheck(List<DemoStep> steps, Map<String, DemoTrace> traces, String cable, String ui) {
    this.steps = steps.iterator();
    this.traces = traces;
    this.cable = cable;
    this.ui = ui;
  }

  void all() {
    next(CHECKOUT);
    hereAndThere();
    next(
        """
        customer client GET /basket
          shop server GET /basket
            shop client GET /reserve
              stock server GET /reserve
        """);
    explains("stock server GET /reserve", "read_wait");
    next(CHECKOUT);
    explains("bank server GET /pay", "accept_wait");
    next(
        """
        customer client GET /inventory
          shop server GET /inventory
        """
            + """
                shop client GET /count
                  stock server GET /count
            """
                .repeat(4)
                .indent(2));
    fanOut();
    next(
        """
        customer client GET /catalogue
          shop server GET /catalogue
        """);
    readLate();
    next(CHECKOUT);
    lost();
    next(
        """
        customer client GET /delivery
          shop server GET /delivery
            shop client connect to 8081: refused
            shop client connect to 8082: timeout
        """);
    nobody();
  }

  private void next(String tree) {
    step = steps.next();
    assertThat(step.link()).isEqualTo(ui + "/trace/" + step.trace());
    trace = traces.get(step.trace());
    assertThat(trace).as("%s", step).isNotNull();
    assertThat(trace.tree()).as("%s", step).isEqualTo(tree);
  }

  /** The times that the step's own logs tell, the {@code n}th of them. */
  private double own(int n) {
    return DemoStep.numbers(step.own()).get(n);
  }

  /** The callee's time comes first, then the caller's. */
  private double missing() {
    double missing = own(1) - own(0);
    assertThat(missing).as("%s", step).isGreaterThan(100);
    return missing;
  }

  private void tells(double millis) {
    assertThat(DemoStep.numbers(step.wire()))
        .as("%s", step)
        .anySatisfy(told -> assertThat(told).isCloseTo(millis, within(0.11)));
  }

  private void explains(String span, String phase) {
    double millis = trace.drawn(trace.only(span), phase);
    assertThat(millis).as("%s", step).isCloseTo(missing(), withinPercentage(10));
    assertThat(step.wire()).contains(String.format(Locale.ROOT, "(%s)", phase));
    tells(millis);
  }

  private void hereAndThere() {
    assertThat(
            List.of(
                "customer client GET /checkout " + on("customer client GET /checkout"),
                "shop client GET /reserve " + on("shop client GET /reserve"),
                "stock server GET /reserve " + on("stock server GET /reserve"),
                "shop client GET /pay " + on("shop client GET /pay"),
                "bank server GET /pay " + on("bank server GET /pay")))
        .containsExactly(
            "customer client GET /checkout lo",
            "shop client GET /reserve lo",
            "stock server GET /reserve lo",
            "shop client GET /pay " + cable,
            "bank server GET /pay eth0");
    assertThat(step.wire()).isEqualTo("Stock was asked over lo, the bank over " + cable + ".");
    // Nothing delays: each of the customer's milliseconds is one of those who served.
    assertThat(own(0)).isBetween(own(1) + own(2), own(1) + own(2) + 40);
  }

  private String on(String span) {
    return trace.only(span).tag("network.interface.name");
  }

  /** The first three are read at once; the fourth when a worker is free. */
  private void fanOut() {
    List<DemoTrace.Told> calls = trace.all("shop client GET /count");
    List<DemoTrace.Told> counts = trace.all("stock server GET /count");
    assertThat(counts)
        .allSatisfy(count -> assertThat(count.millis("process")).isBetween(250.0, 325.0));
    List<DemoTrace.Told> late =
        counts.stream().filter(count -> count.millis("read_wait") > 100).toList();
    assertThat(late).hasSize(1);
    double unread = trace.drawn(late.get(0), "read_wait");
    assertThat(unread).as("%s", step).isCloseTo(missing(), withinPercentage(10));
    tells(unread);
    // All four under way at once.
    long lastStart = calls.stream().mapToLong(DemoTrace.Told::start).max().orElseThrow();
    long firstEnd = calls.stream().mapToLong(DemoTrace.Told::end).min().orElseThrow();
    assertThat(lastStart).isLessThan(firstEnd);
  }

  private void readLate() {
    double lag = trace.drawn(trace.only("customer client GET /catalogue"), "lag");
    double looked = DemoStep.numbers(step.truth()).get(0);
    assertThat(looked).isGreaterThan(100);
    assertThat(lag).as("%s", step).isCloseTo(looked, withinPercentage(10));
    tells(lag);
  }

  private void lost() {
    DemoTrace.Told call = trace.only("shop client GET /pay");
    DemoTrace.Told served = trace.only("bank server GET /pay");
    assertThat(call.tag("httpaudit.request.segments")).isEqualTo("2");
    assertThat(call.tag("httpaudit.request.retransmits")).isEqualTo("1");
    assertThat(call.tag("httpaudit.response.retransmits")).isEqualTo("0");
    // The bank knows of nothing: its span begins with what it got.
    double bank = (served.end() - served.start()) / 1e3;
    assertThat(bank).isCloseTo(own(0), within(20.0));
    assertThat(call.millis("wait") - bank)
        .as("%s", step)
        .isCloseTo(missing(), withinPercentage(10));
    tells((served.start() - call.line().get("request").get("first_us").asLong()) / 1e3);
    assertThat(step.truth()).contains("dropped 1 packet");
  }

  private void nobody() {
    DemoTrace.Told refused = trace.only("shop client connect to 8081: refused");
    DemoTrace.Told silent = trace.only("shop client connect to 8082: timeout");
    assertThat(refused.tag("error.type")).isEqualTo("refused");
    assertThat(silent.tag("error.type")).isEqualTo("timeout");
    assertThat(refused.line().get("syns").asInt()).isEqualTo(1);
    assertThat(silent.line().get("syns").asInt()).isEqualTo(2);
    assertThat(refused.millis("connect")).isLessThanOrEqualTo(own(0));
    double waited = trace.drawn(silent, "connect");
    assertThat(waited).isGreaterThan(1_000).isCloseTo(own(1), withinPercentage(10));
    tells(waited);
    assertThat(trace.only("shop server GET /delivery").tag("http.response.status_code"))
        .isEqualTo("503");
  }
}
