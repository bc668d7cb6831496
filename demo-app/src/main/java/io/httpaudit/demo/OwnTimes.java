package io.httpaudit.demo;

import java.util.Locale;

/**
 * What a service's own log says of how long things took: all that is known of them without a look
 * at the wire.
 */
final class OwnTimes {
  private OwnTimes() {}

  /** A line on what began at this {@link System#nanoTime} and ends now. */
  static void tell(String what, long start) {
    System.out.printf(Locale.ROOT, "%s %.3f ms%n", what, (System.nanoTime() - start) / 1e6);
  }
}
