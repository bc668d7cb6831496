package io.httpaudit.cli;

import io.httpaudit.agent.Agent;
import io.httpaudit.agent.Settings;
import io.httpaudit.capture.Capture;
import io.httpaudit.observe.HookCheck;
import io.httpaudit.report.Reporting;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.List;

/**
 * {@code doctor}: whether the agent would work in a JVM that is started here as this one was, by
 * doing what the agent does. One line a check: {@code fail} costs a tier, {@code warn} does not.
 */
final class Doctor {
  private static final int TIER_1 = 0;
  private static final int LOWER_TIER = 1;
  private static final int NOTHING = 2;

  /** Since when the agent is tested, and until when. */
  private static final int OLDEST_JAVA = 17;

  private static final int NEWEST_JAVA = 25;

  private final PrintStream out;

  /** What belongs to a check and is longer than a line: printed whole, behind all of them. */
  private final StringBuilder rest = new StringBuilder();

  Doctor(PrintStream out) {
    this.out = out;
  }

  /** Prints what it finds, and returns the exit code. */
  int run() {
    out.println("httpaudit " + Reporting.VERSION + " doctor, pid " + ProcessHandle.current().pid());
    Settings settings = Settings.of(null);
    for (String complaint : settings.complaints()) {
      print(Check.warn("settings", complaint.substring("httpaudit: ".length()), ""));
    }
    print(java());
    boolean hooked = print(hooks());
    KernelChecks kernel = new KernelChecks();
    kernel.all().forEach(this::print);
    print(InterfaceCheck.of(settings.interfaces()));
    int tier;
    try (Capture capture = new Capture(new HashSet<>(settings.interfaces()), true)) {
      capture.start();
      tier = capture.tier();
      print(kernel.clock(tier, capture.missing()));
      print(ExporterCheck.of());
      print(
          Check.ok(
              "left alone", "by JAVA_TOOL_OPTIONS: " + String.join(" ", List.of(Agent.tools()))));
      out.print(rest);
      out.println();
      out.println(verdict(tier, hooked, capture.missing().lines().findFirst().orElse("")));
    }
    return tier > 3 ? NOTHING : tier == 1 && hooked ? TIER_1 : LOWER_TIER;
  }

  /** Whether it is no failure. */
  private boolean print(Check check) {
    out.println(check.line());
    if (!check.rest().isEmpty()) {
      rest.append('\n').append(check.name()).append(":\n").append(check.rest());
    }
    out.flush();
    return check.level() != Check.Level.FAIL;
  }

  private static String verdict(int tier, boolean hooked, String missing) {
    if (tier > 3) {
      return "Application times only: " + missing;
    }
    if (tier > 1) {
      return "Tier 3 (TCP_INFO): exchanges are inferred, none is matched. " + missing;
    }
    return hooked
        ? "Tier 1 (kernel filter): every exchange can be matched."
        : "Tier 1 (kernel filter), but this JDK's sockets are not hooked whole.";
  }

  private static Check java() {
    int feature = Runtime.version().feature();
    String found =
        Runtime.version()
            + ", "
            + System.getProperty("java.vendor")
            + ", "
            + System.getProperty("os.arch");
    return feature > NEWEST_JAVA
        ? Check.warn("java", found, "tested with " + OLDEST_JAVA + " to " + NEWEST_JAVA)
        : Check.ok("java", found);
  }

  private static Check hooks() {
    List<String> missing = HookCheck.missing();
    return missing.isEmpty()
        ? Check.ok(
            "hooks", "all " + HookCheck.wanted() + " methods of this JDK's sockets can be hooked")
        : Check.fail(
            "hooks",
            "this JDK lacks " + String.join(", ", missing),
            "bytes that go that way are not seen: use a JDK from "
                + OLDEST_JAVA
                + " to "
                + NEWEST_JAVA);
  }
}
