package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * The demo's nine steps: who called whom, and what the trace says of the time that the
 * applications' own logs miss. That time is the caller's figure less the callee's, both taken by
 * the demo's own code, which knows of no agent.
 */
final class StoryCheck {
  /** In the message of what fails for being more than that off. */
  static final String A_TENTH = "within a tenth";

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

  void explainsEachDelay() {
    next(CHECKOUT);
    hereAndThere();
    next(
        """
        customer client GET /basket
          shop server GET /basket
            shop client GET /reserve
              stock server GET /reserve
        """);
    explains(
        delayed(trace.only("stock server GET /reserve"), "read_wait"),
        trace.only("shop client GET /reserve"));
    assertThat(step.wire()).contains("(read_wait)");
    next(CHECKOUT);
    explains(
        delayed(trace.only("bank server GET /pay"), "accept_wait"),
        trace.only("shop client GET /pay"));
    assertThat(step.wire()).contains("(accept_wait)");
    next(
        "customer client GET /inventory\n  shop server GET /inventory\n"
            + "    shop client GET /count\n      stock server GET /count\n".repeat(4));
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
    next(
        """
        customer client GET /bills
          shop server GET /bills
            shop client GET /pay
              bank server GET /pay
            shop client GET /pay
              bank server GET /pay
        """);
    overHttps();
    next(
        """
        customer client GET /refund
          shop server GET /refund
            shop client shake hands: tls_failed
        """);
    notTrusted();
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
    assertThat(missing).as("%s: %s", A_TENTH, step).isGreaterThan(100);
    return missing;
  }

  private void tells(double millis) {
    assertThat(DemoStep.numbers(step.wire()))
        .as("%s", step)
        .anySatisfy(told -> assertThat(told).isCloseTo(millis, within(0.11)));
  }

  /**
   * What is missing is the time that the demo caused, and what the caller's own side took, by the
   * trace's account: on a busy machine the latter is not little.
   */
  private void explains(double millis, DemoTrace.Told call) {
    tells(millis);
    assertThat(millis + ownSide(call))
        .as("%s: %s", A_TENTH, step)
        .isCloseTo(missing(), withinPercentage(10));
  }

  /** As it is drawn below the span. */
  private double delayed(DemoTrace.Told span, String phase) {
    assertThat(span.millis(phase)).as("%s: %s", A_TENTH, step).isGreaterThan(100);
    return trace.drawn(span, phase);
  }

  /** Before a call's bytes left, after they came, and in no phase. */
  private static double ownSide(DemoTrace.Told call) {
    double millis = call.millis("other");
    for (String phase : List.of("blocked", "dns", "connect", "queue", "lag")) {
      millis += call.has(phase) ? call.millis(phase) : 0;
    }
    return millis;
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
    // A span lies within what the caller measured around the call.
    assertThat(millis("customer client GET /checkout")).isLessThanOrEqualTo(own(0) + 1);
    assertThat(millis("shop client GET /reserve")).isLessThanOrEqualTo(own(1) + 1);
    assertThat(millis("shop client GET /pay")).isLessThanOrEqualTo(own(2) + 1);
  }

  private double millis(String span) {
    return trace.only(span).span().micros() / 1e3;
  }

  private String on(String span) {
    return trace.only(span).tag("network.interface.name");
  }

  /** The first three are read at once; the fourth when a worker is free. */
  private void fanOut() {
    List<DemoTrace.Told> calls = trace.all("shop client GET /count");
    List<DemoTrace.Told> counts = trace.all("stock server GET /count");
    assertThat(counts)
        .allSatisfy(count -> assertThat(count.millis("process")).isGreaterThanOrEqualTo(399.0));
    List<DemoTrace.Told> late =
        counts.stream().filter(count -> count.millis("read_wait") > 200).toList();
    assertThat(late).as("%s: %s", A_TENTH, step).hasSize(1);
    explains(delayed(late.get(0), "read_wait"), trace.callOf(late.get(0)));
    // All four under way at once.
    long lastStart = calls.stream().mapToLong(DemoTrace.Told::start).max().orElseThrow();
    long firstEnd = calls.stream().mapToLong(DemoTrace.Told::end).min().orElseThrow();
    assertThat(lastStart).isLessThan(firstEnd);
  }

  private void readLate() {
    double lag = trace.drawn(trace.only("customer client GET /catalogue"), "lag");
    double looked = DemoStep.numbers(step.truth()).get(0);
    assertThat(looked).isGreaterThan(100);
    tells(lag);
    assertThat(lag).as("%s: %s", A_TENTH, step).isCloseTo(looked, withinPercentage(10));
  }

  private void lost() {
    DemoTrace.Told call = trace.only("shop client GET /pay");
    DemoTrace.Told served = trace.only("bank server GET /pay");
    assertThat(call.tag("httpaudit.request.segments")).isEqualTo("2");
    assertThat(call.tag("httpaudit.request.retransmits")).isEqualTo("1");
    assertThat(call.tag("httpaudit.response.retransmits")).isEqualTo("0");
    // The bank knows of nothing: its span begins with what it got.
    long sent = call.line().get("request").get("first_us").asLong();
    explains((served.start() - sent) / 1e3, call);
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
    tells(waited);
    assertThat(waited)
        .as("%s: %s", A_TENTH, step)
        .isGreaterThan(1_000)
        .isCloseTo(own(1), withinPercentage(10));
    assertThat(trace.only("shop server GET /delivery").tag("http.response.status_code"))
        .isEqualTo("503");
  }

  /** Two calls on one connection: the first had to wait for it, and for its handshake. */
  private void overHttps() {
    List<DemoTrace.Told> calls = trace.all("shop client GET /pay");
    List<DemoTrace.Told> served = trace.all("bank server GET /pay");
    DemoTrace.Told first = calls.get(0);
    DemoTrace.Told second = calls.get(1);
    for (DemoTrace.Told call : List.of(first, second, served.get(0), served.get(1))) {
      assertThat(call.tag("tls.protocol.version")).isEqualTo("1.3");
      assertThat(call.tag("tls.established")).isEqualTo("true");
      assertThat(call.tag("tls.resumed")).isEqualTo("false");
      assertThat(call.line().get("url").asText()).startsWith("https://");
    }
    assertThat(second.tag("httpaudit.connection")).isEqualTo(first.tag("httpaudit.connection"));
    assertThat(second.tag("httpaudit.sequence")).isEqualTo("1");
    assertThat(second.has("connect") || second.has("ssl")).isFalse();

    double connect = trace.drawn(first, "connect");
    double ssl = trace.drawn(first, "ssl");
    tells(connect);
    tells(ssl);
    assertThat(connect).as("%s: %s", A_TENTH, step).isCloseTo(1_000, withinPercentage(10));
    // What the bank's own clock says of the handshake, from its beginning to its end.
    double shook = DemoStep.numbers(step.truth()).get(1);
    assertThat(shook).isGreaterThanOrEqualTo(300.0);
    assertThat(ssl).as("%s: %s", A_TENTH, step).isCloseTo(shook, withinPercentage(10));
    // What the shop's own clock says of the two calls: the first took longer by that.
    assertThat(connect + ssl)
        .as("%s: %s", A_TENTH, step)
        .isCloseTo(own(2) - own(3), withinPercentage(10));
    // Both stand before the request was sent.
    double before = first.line().get("request").get("first_us").asLong() - first.start();
    assertThat(before / 1e3).isGreaterThanOrEqualTo(connect + ssl);
    assertThat(step.truth()).contains("dropped 1 SYN");
  }

  private void notTrusted() {
    DemoTrace.Told failed = trace.only("shop client shake hands: tls_failed");
    assertThat(failed.tag("error.type")).isEqualTo("tls_failed");
    assertThat(failed.tag("tls.established")).isEqualTo("false");
    assertThat(failed.tag("httpaudit.tls.alert")).isEqualTo("certificate_unknown");
    assertThat(failed.tag("httpaudit.tls.failed_by")).isEqualTo("local");
    assertThat(step.wire()).contains("tls_failed", "after server_hello", "certificate_unknown");
    double ssl = trace.drawn(failed, "ssl");
    assertThat(ssl).isGreaterThanOrEqualTo(300.0);
    assertThat(ssl).as("%s: %s", A_TENTH, step).isCloseTo(own(0), withinPercentage(10));
    assertThat(trace.only("shop server GET /refund").tag("http.response.status_code"))
        .isEqualTo("503");
  }
}
