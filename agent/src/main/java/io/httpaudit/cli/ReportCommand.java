package io.httpaudit.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** {@code report FILE}: an audit log, to be read. */
final class ReportCommand {
  static final String USAGE = "java -jar httpaudit.jar report [--last N | --all] FILE";

  private static final int DEFAULT_LAST = 20;

  /** Bytes from which on reading takes long enough to say how far it has come. */
  private static final long LONG = 8 << 20;

  private final Terminal terminal;
  private final PrintStream out;
  private final PrintStream err;
  private int last = DEFAULT_LAST;
  private String file = "";

  ReportCommand(Terminal terminal, PrintStream out, PrintStream err) {
    this.terminal = terminal;
    this.out = out;
    this.err = err;
  }

  /** The exit code. */
  int run(String[] arguments) {
    String wrong = parse(arguments);
    if (!wrong.isEmpty()) {
      err.println("httpaudit: " + wrong + "; " + USAGE);
      return Cli.WRONG;
    }
    if (file.equals("-")) {
      return report(System.in, 0);
    }
    Path path;
    try {
      path = Path.of(file);
    } catch (InvalidPathException e) {
      // A letter that the locale's encoding has not, for one.
      err.println("httpaudit: " + file + " can't be read: " + e.getReason());
      return Cli.WRONG;
    }
    if (!Files.exists(path)) {
      err.println(
          "httpaudit: "
              + file
              + " does not exist; an application writes it if it is started with"
              + " -javaagent:httpaudit.jar=log="
              + file);
      return Cli.WRONG;
    }
    if (!Files.isReadable(path) || Files.isDirectory(path)) {
      err.println(
          "httpaudit: "
              + file
              + (Files.isDirectory(path) ? " is a directory" : " may not be read by this user"));
      return Cli.WRONG;
    }
    try (InputStream in = Files.newInputStream(path)) {
      return report(in, Files.size(path));
    } catch (IOException e) {
      err.println("httpaudit: " + file + " can't be read: " + e.getMessage());
      return Cli.WRONG;
    }
  }

  /** What is wrong with the arguments; empty: nothing. */
  private String parse(String[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      String word = arguments[i];
      if (word.equals("--all")) {
        last = Integer.MAX_VALUE;
      } else if (word.equals("--last")) {
        last = i + 1 < arguments.length ? positive(arguments[++i]) : 0;
        if (last == 0) {
          return "--last needs a number of exchanges, like --last 50";
        }
      } else if (word.startsWith("-") && !word.equals("-")) {
        return "unknown option '" + word + "'";
      } else if (!file.isEmpty()) {
        return "one file at a time, not '" + file + "' and '" + word + "'";
      } else {
        file = word;
      }
    }
    return file.isEmpty() ? "which audit log?" : "";
  }

  private static int positive(String number) {
    try {
      return Math.max(0, Integer.parseInt(number));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private int report(InputStream in, long size) {
    LogReport report = new LogReport(terminal, last, out);
    boolean tells =
        size >= LONG
            && Terminal.isTerminal(2)
            && !(last == Integer.MAX_VALUE && Terminal.isTerminal(1));
    try {
      report.read(in, tells ? new Percent(size) : bytes -> {});
    } catch (IOException e) {
      err.println("httpaudit: reading " + file + " ended early: " + e.getMessage());
      return Cli.WRONG;
    }
    if (tells) {
      err.print("\r    \r");
    }
    if (!report.isLog()) {
      err.println(
          "httpaudit: " + file + " is not an audit log of httpaudit (" + report.complaint() + ")");
      return Cli.WRONG;
    }
    report.finish();
    return Cli.OK;
  }

  /** How much of the file was read, on one line of the terminal. */
  private final class Percent implements LogReport.Progress {
    private final long size;
    private long said = -1;

    Percent(long size) {
      this.size = size;
    }

    @Override
    public void bytes(long bytes) {
      long percent = Math.min(100, bytes * 100 / size);
      if (percent != said) {
        said = percent;
        err.print("\r" + percent + "%");
        err.flush();
      }
    }
  }
}
