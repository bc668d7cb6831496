package io.httpaudit.cli;

import io.httpaudit.agent.Settings;
import io.httpaudit.report.Reporting;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.Arrays;

/** The command line: {@code java -jar httpaudit.jar help | version | doctor | report FILE}. */
public final class Cli {
  static final int OK = 0;

  /** What was asked for can't be done as it was asked. */
  static final int WRONG = 2;

  private static final String[] COMMANDS = {"help", "version", "doctor", "report"};

  private Cli() {}

  /** By reflection, from the launcher; returns the exit code. */
  public static int main(String[] arguments) {
    // In the locale's encoding: System.out's would do since JDK 18 only.
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, Terminal.stdoutCharset());
    int status = run(arguments, Terminal.ofStdout(), out, System.err);
    out.flush();
    return status;
  }

  static int run(String[] arguments, Terminal terminal, PrintStream out, PrintStream err) {
    String command = arguments.length == 0 ? "help" : arguments[0];
    String[] rest =
        arguments.length == 0 ? arguments : Arrays.copyOfRange(arguments, 1, arguments.length);
    switch (command) {
      case "help":
      case "--help":
      case "-h":
        out.print(Help.text());
        return OK;
      case "version":
      case "--version":
        out.println("httpaudit " + Reporting.VERSION);
        return OK;
      case "doctor":
        return new Doctor(out).run();
      case "report":
        return new ReportCommand(terminal, out, err).run(rest);
      default:
        err.println(
            "httpaudit: unknown command '"
                + command
                + "', the nearest is '"
                + Settings.nearest(command, COMMANDS)
                + "'; java -jar httpaudit.jar help lists all");
        return WRONG;
    }
  }
}
