package io.httpaudit.cli;

import java.util.List;
import java.util.Locale;

/**
 * Draws exchanges: a line on what was asked, then for each view its phases as bars on one common
 * axis.
 */
final class Waterfall {
  /** In front of the bars: indentation, a phase's name, its milliseconds. */
  private static final int LABELS = 29;

  /** Eighths of a cell, from one to seven. */
  private static final String EIGHTHS = "▏▎▍▌▋▊▉";

  private final Terminal terminal;
  private final StringBuilder text = new StringBuilder();

  Waterfall(Terminal terminal) {
    this.terminal = terminal;
  }

  /** What the two kinds of bars are. */
  String legend() {
    return terminal.unicode()
        ? "░ the application could not see   █ it could"
        : "= the application could not see   # it could";
  }

  String draw(Views views) {
    text.setLength(0);
    List<Logged> all = views.all();
    Logged first = all.get(0);
    long start = first.start();
    long end = first.end();
    boolean whole = false;
    for (Logged view : all) {
      start = Math.min(start, view.start());
      end = Math.max(end, view.end());
      whole |= view.isWhole();
    }
    String result = first.result().isEmpty() ? "no response" : first.result();
    String time = whole ? millis(end - start) : "time not known";
    String tail = (terminal.unicode() ? " → " : " -> ") + result + "  " + time;
    String head = clock(start) + "  " + first.method() + " " + first.url();
    text.append(fit(head, terminal.width() - tail.length())).append(tail).append('\n');
    for (Logged view : all) {
      view(view, start, end);
    }
    traces(all);
    return text.toString();
  }

  /** One, if the request said which; a client and a server that were told of none have one each. */
  private void traces(List<Logged> views) {
    StringBuilder line = new StringBuilder();
    for (Logged view : views) {
      if (!view.traceId().isEmpty() && line.indexOf(view.traceId()) < 0) {
        line.append(line.length() == 0 ? "  trace " : ", ").append(view.traceId());
      }
    }
    if (line.length() > 0) {
      text.append(fit(line.toString(), terminal.width())).append('\n');
    }
  }

  private void view(Logged view, long start, long end) {
    StringBuilder line = new StringBuilder(view.isServer() ? "  server  " : "  client  ");
    line.append(view.service())
        .append(" (pid ")
        .append(view.pid())
        .append("), ")
        .append(view.verdict());
    if (!view.why().isEmpty()) {
      line.append(" (").append(view.why()).append(')');
    }
    line.append(view.isServer() ? ", from " : ", to ")
        .append(view.isServer() ? view.client() : view.server());
    if (!view.interfaceName().isEmpty()) {
      line.append(" over ").append(view.interfaceName());
    }
    long unseen = view.unseen();
    if (unseen >= 0) {
      line.append("; unseen ").append(millis(unseen));
    }
    text.append(fit(line.toString(), terminal.width())).append('\n');
    if (view.phases().isEmpty()) {
      text.append("    no phase is known\n");
    }
    for (Logged.Bar bar : view.phases()) {
      text.append(
          String.format(Locale.ROOT, "    %-11s %10s  ", clean(bar.phase()), millis(bar.micros())));
      bar(bar, start, end);
    }
    long other = view.other();
    if (other >= 1_000 && other * 20 >= view.duration()) {
      text.append(String.format(Locale.ROOT, "    %-11s %10s%n", "(other)", millis(other)));
    }
    if (view.syns() < 0) {
      travel(view);
    } else if (view.syns() > 0) {
      text.append("    ").append(view.syns()).append(view.syns() == 1 ? " SYN\n" : " SYNs\n");
    }
    tls(view);
  }

  private void tls(Logged view) {
    if (view.tls().isEmpty()) {
      return;
    }
    text.append(fit("    " + TlsWords.settled(view.tls()), terminal.width())).append('\n');
    String failure = TlsWords.failure(view.tls(), view.isServer());
    if (!failure.isEmpty()) {
      text.append(fit("    " + failure, terminal.width())).append('\n');
    }
  }

  private void bar(Logged.Bar bar, long start, long end) {
    int cells = terminal.width() - LABELS;
    long total = Math.max(1, end - start);
    int from = at(bar.from() - start, total, cells) / 8 * 8;
    from = Math.min(from, 8 * cells - 8);
    int to = at(bar.from() + bar.micros() - start, total, cells);
    // However short, it is there.
    to = Math.max(to, from + 1);
    text.append(" ".repeat(from / 8));
    if (bar.isUnseen() || !terminal.unicode()) {
      String cell = terminal.unicode() ? "░" : bar.isUnseen() ? "=" : "#";
      text.append(cell.repeat((to - from + 7) / 8));
    } else {
      text.append("█".repeat((to - from) / 8));
      if ((to - from) % 8 > 0) {
        text.append(EIGHTHS.charAt((to - from) % 8 - 1));
      }
    }
    text.append('\n');
  }

  /** In eighths of a cell, within the axis wherever the log's times are. */
  private static int at(long micros, long total, int cells) {
    return (int) Math.max(0, Math.min(8 * cells, micros * 8.0 * cells / total));
  }

  private void travel(Logged view) {
    StringBuilder line = new StringBuilder("    request ");
    range(line, view.request());
    line.append(", response ");
    range(line, view.response());
    if (!view.rtt().isEmpty()) {
      line.append(", rtt ").append(view.rtt()).append(" ms");
    }
    text.append(fit(line.toString(), terminal.width())).append('\n');
  }

  private static void range(StringBuilder line, Logged.Range range) {
    line.append(range.bytes()).append(" B");
    if (range.segments() > 0) {
      line.append(" in ")
          .append(range.segments())
          .append(range.segments() == 1 ? " segment" : " segments");
    }
    if (range.retransmits() > 0) {
      line.append(" (").append(range.retransmits()).append(" sent again)");
    }
  }

  static String millis(long micros) {
    return String.format(Locale.ROOT, micros < 100_000 ? "%.3f ms" : "%.1f ms", micros / 1_000.0);
  }

  /** Time of day, in UTC as the log has it. */
  static String clock(long micros) {
    long milli = Math.floorMod(micros / 1_000, 86_400_000L);
    return String.format(
        Locale.ROOT,
        "%02d:%02d:%02d.%03d",
        milli / 3_600_000,
        milli / 60_000 % 60,
        milli / 1_000 % 60,
        milli % 1_000);
  }

  /**
   * In so many characters, without what would move a terminal's cursor: a URL comes from whoever
   * sent the request.
   */
  String fit(String line, int width) {
    String clean = clean(line);
    if (clean.length() <= width) {
      return clean;
    }
    String mark = terminal.unicode() ? "…" : "...";
    return clean.substring(0, Math.max(0, width - mark.length())) + mark;
  }

  private static String clean(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int type = Character.getType(c);
      boolean shown =
          !Character.isISOControl(c) && type != Character.FORMAT && type != Character.SURROGATE;
      clean.append(shown ? c : '?');
    }
    return clean.toString();
  }
}
