package io.httpaudit.cli;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the reader's terminal can show.
 *
 * @param width in characters
 * @param unicode whether bars may be of block elements
 */
record Terminal(int width, boolean unicode) {
  static final int DEFAULT_WIDTH = 100;
  private static final int NARROWEST = 60;
  private static final int WIDEST = 240;

  /** Standard output's: its width if it is a terminal, else {@value #DEFAULT_WIDTH}. */
  static Terminal ofStdout() {
    return new Terminal(stdoutWidth(), stdoutCharset().equals(StandardCharsets.UTF_8));
  }

  /**
   * The locale's, which is what a terminal expects; {@code file.encoding} is not: since JDK 18 it
   * is always UTF-8.
   */
  static Charset stdoutCharset() {
    for (String property :
        new String[] {"stdout.encoding", "sun.stdout.encoding", "native.encoding"}) {
      String name = System.getProperty(property, "");
      if (!name.isEmpty() && Charset.isSupported(name)) {
        return Charset.forName(name);
      }
    }
    return StandardCharsets.US_ASCII;
  }

  private static int stdoutWidth() {
    int width = DEFAULT_WIDTH;
    if (isTerminal(1)) {
      try {
        width = columnsOf(Files.readSymbolicLink(Path.of("/proc/self/fd/1")));
      } catch (IOException e) {
        // A terminal whose size nobody tells.
        width = DEFAULT_WIDTH;
      }
    }
    return Math.max(NARROWEST, Math.min(WIDEST, width));
  }

  private static int columnsOf(Path device) throws IOException {
    Process stty = new ProcessBuilder("stty", "-F", device.toString(), "size").start();
    String[] rowsAndColumns =
        new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
            .trim()
            .split(" ");
    try {
      int columns = rowsAndColumns.length == 2 ? Integer.parseInt(rowsAndColumns[1]) : 0;
      return columns > 0 ? columns : DEFAULT_WIDTH;
    } catch (NumberFormatException e) {
      return DEFAULT_WIDTH;
    }
  }

  /**
   * Whether this descriptor of ours is a terminal; {@link System#console} would ask two of them at
   * once.
   */
  static boolean isTerminal(int fd) {
    try {
      String file = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
      return file.startsWith("/dev/pts/")
          || file.startsWith("/dev/tty")
          || file.equals("/dev/console");
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }
}
