package io.httpaudit.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads an audit log once, from its start to its end, and prints waterfalls, those of calls that
 * got no connection among them, then the slowest exchanges and the TLS handshakes that failed, then
 * what all of them come to. Lines of several processes may be mixed; lines that are none are
 * counted.
 */
final class LogReport {
  /** The two views of an exchange are written within seconds: so many exchanges may lie between. */
  private static final int APART = 256;

  private static final int SLOWEST = 5;

  /**
   * Exchanges drawn before it is asked whether anyone still reads ({@code | head}): asking flushes.
   */
  private static final int CHECKED = 16;

  private final Terminal terminal;
  private final Waterfall waterfall;
  private final PrintStream out;
  private final Window window;
  private final PriorityQueue<Logged> slowest =
      new PriorityQueue<>(Comparator.comparingLong(Logged::duration));
  private final Map<String, Map<String, Long>> whyByVerdict = new TreeMap<>();
  private final Map<String, Long> outcomes = new TreeMap<>();
  private final TlsFailures tlsFailures = new TlsFailures();
  private final Set<Long> pids = new HashSet<>();
  private long exchanges;
  private long understood;
  private long lost;
  private long first = Long.MAX_VALUE;
  private long last;
  private long lineNumber;
  private long notUnderstood;
  private String complaint = "";
  private boolean cutOff;
  private long drawn;
  private boolean unread;

  /**
   * @param last how many exchanges are drawn; {@link Integer#MAX_VALUE}: all
   */
  LogReport(Terminal terminal, int last, PrintStream out) {
    this.terminal = terminal;
    this.out = out;
    waterfall = new Waterfall(terminal);
    window =
        last == Integer.MAX_VALUE ? new Window(APART, this::draw) : new Window(last, views -> {});
  }

  /** Told how far reading has come. */
  interface Progress {
    void bytes(long bytes);
  }

  /** Reads to the end. */
  void read(InputStream in, Progress progress) throws IOException {
    LogLines lines = new LogLines(in);
    for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
      lineNumber++;
      if (!line.get().isBlank()) {
        line(line.get(), lines.ended());
      }
      progress.bytes(lines.bytes());
      if (unread) {
        return;
      }
    }
  }

  private void line(String line, boolean ended) {
    try {
      Map<String, Object> object = JsonText.object(line);
      if (Logged.number(object, "v", 0) != 1) {
        throw new JsonText.Malformed("no \"v\":1, as each line of an audit log has it", 0);
      }
      understand(object);
      understood++;
    } catch (JsonText.Malformed e) {
      if (!ended) {
        cutOff = true;
        return;
      }
      notUnderstood++;
      if (complaint.isEmpty()) {
        complaint = "line " + lineNumber + ": " + e.getMessage();
      }
    }
  }

  private void understand(Map<String, Object> line) throws JsonText.Malformed {
    switch (Logged.text(line, "type")) {
      case "exchange":
        exchange(Logged.of(line));
        break;
      case "connection":
        outcomes.merge(Logged.text(line, "outcome"), 1L, Long::sum);
        tlsFailures.add(line);
        if (!Logged.text(line, "trace_id").isEmpty()) {
          window.add(Logged.failedCall(line));
        }
        break;
      case "summary":
        lost += Logged.number(line, "records_lost", 0);
        break;
      default:
        // A later version may write more.
        break;
    }
    pids.add(Logged.number(line, "pid", 0));
  }

  private void exchange(Logged view) {
    exchanges++;
    whyByVerdict
        .computeIfAbsent(view.verdict(), v -> new TreeMap<>())
        .merge(view.why(), 1L, Long::sum);
    first = Math.min(first, view.start());
    last = Math.max(last, view.end());
    if (view.isWhole() && view.duration() > 0) {
      slowest.add(view);
    }
    if (slowest.size() > SLOWEST) {
      slowest.remove();
    }
    window.add(view);
  }

  private void draw(Views views) {
    out.println(waterfall.draw(views));
    drawn++;
    unread = drawn % CHECKED == 0 && out.checkError();
  }

  /** Whether the file was one: a log that holds no line yet is. */
  boolean isLog() {
    return understood > 0 || notUnderstood == 0;
  }

  /** What was wrong with the first line that was not understood; empty: none was. */
  String complaint() {
    return complaint;
  }

  /** All that comes after the last line. */
  void finish() {
    if (unread) {
      return;
    }
    window.drain(this::draw);
    if (exchanges > 0) {
      out.println(waterfall.legend());
      out.println();
    }
    if (!slowest.isEmpty()) {
      slowest();
    }
    if (!tlsFailures.isEmpty()) {
      tlsFailures.print(line -> out.println(waterfall.fit(line, terminal.width())));
      out.println();
    }
    summary();
  }

  private void slowest() {
    List<Logged> ordered = new ArrayList<>(slowest);
    ordered.sort(Comparator.comparingLong(Logged::duration).reversed());
    out.println("Slowest");
    for (Logged view : ordered) {
      StringBuilder line = new StringBuilder();
      line.append(" ".repeat(Math.max(1, 13 - Waterfall.millis(view.duration()).length())));
      line.append(Waterfall.millis(view.duration()))
          .append(view.isServer() ? "  server " : "  client ");
      line.append(view.service()).append("  ").append(view.method()).append(' ').append(view.url());
      Optional<Logged.Bar> longest =
          view.phases().stream().max(Comparator.comparingLong(Logged.Bar::micros));
      String most =
          longest
              .map(bar -> "  (" + bar.phase() + " " + Waterfall.millis(bar.micros()) + ")")
              .orElse("");
      out.println(
          waterfall.fit(
              waterfall.fit(line.toString(), terminal.width() - most.length()) + most,
              terminal.width()));
    }
    out.println();
  }

  private void summary() {
    if (exchanges == 0) {
      out.println("No exchange in this log.");
    } else {
      String of = count(exchanges, "view") + " of exchanges by " + count(pids.size(), "process");
      String when = ", " + Waterfall.clock(first) + " to " + Waterfall.clock(last) + " UTC";
      out.println(waterfall.fit(of + when, terminal.width()));
      whyByVerdict.forEach(this::verdict);
    }
    outcomes.forEach((outcome, count) -> line("connection: " + outcome, count));
    line("packet records lost", lost);
    if (cutOff) {
      out.println("  The last line is cut off: it is being written, or its process was killed.");
    }
    if (notUnderstood > 0) {
      out.println(
          waterfall.fit(
              "  " + count(notUnderstood, "line") + " not understood; " + complaint,
              terminal.width()));
    }
  }

  private void verdict(String verdict, Map<String, Long> whys) {
    long sum = 0;
    StringBuilder reasons = new StringBuilder();
    for (Map.Entry<String, Long> why : whys.entrySet()) {
      sum += why.getValue();
      if (!why.getKey().isEmpty()) {
        reasons
            .append(reasons.length() == 0 ? "  (" : ", ")
            .append(why.getKey())
            .append(' ')
            .append(why.getValue());
      }
    }
    String end = reasons.length() == 0 ? "" : reasons.append(')').toString();
    out.println(waterfall.fit(row(verdict, sum) + end, terminal.width()));
  }

  private void line(String what, long count) {
    out.println(waterfall.fit(row(what, count), terminal.width()));
  }

  private static String row(String what, long count) {
    return "  " + what + " ".repeat(Math.max(1, 24 - what.length())) + count;
  }

  private static String count(long count, String what) {
    return count + " " + what + (count == 1 ? "" : what.endsWith("s") ? "es" : "s");
  }
}
