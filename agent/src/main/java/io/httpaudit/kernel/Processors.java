package io.httpaudit.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The machine's processors: a filter runs on any of them, whichever this JVM may use. */
public final class Processors {
  /** The kernel's NR_CPUS is no larger. */
  public static final int MOST = 8192;

  private static final Path LISTS = Path.of("/sys/devices/system/cpu");

  private Processors() {}

  /**
   * Those that are there. Not {@code possible} ones: a virtual machine into which more could be
   * plugged may announce a hundred that it never has; nor {@code online} ones, which LXCFS shows a
   * container as if it had a machine of its own.
   */
  static int present() {
    return count(LISTS.resolve("present"), Runtime.getRuntime().availableProcessors());
  }

  /**
   * Those that may ever be there: so many values a map of the kernel's has that keeps one for each
   * (num_possible_cpus). {@link #MOST}, if it isn't known.
   */
  public static int possible() {
    return count(LISTS.resolve("possible"), MOST);
  }

  /**
   * How many a list of the kernel's names: {@code 0-3,8-11} are eight.
   *
   * @param unread if it can't be read
   */
  static int count(Path list, int unread) {
    try {
      int count = 0;
      for (String range : Files.readString(list, StandardCharsets.US_ASCII).trim().split(",")) {
        int dash = range.indexOf('-');
        int last = Integer.parseInt(range.substring(dash + 1));
        count += dash < 0 ? 1 : last - Integer.parseInt(range.substring(0, dash)) + 1;
      }
      if (count > 0 && count <= MOST) {
        return count;
      }
    } catch (IOException | NumberFormatException e) {
      // As below.
    }
    return unread;
  }
}
