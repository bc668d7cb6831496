package io.httpaudit.correlate;

import java.time.Instant;

/** The wall clock beside the monotonic one. */
public final class WallClock {
  private WallClock() {}

  /** Nanoseconds to add to {@link System#nanoTime()} for nanoseconds since 1970. */
  public static long offset() {
    long best = Long.MAX_VALUE;
    long offset = 0;
    // A thread may lose its CPU between the two readings.
    for (int i = 0; i < 3 && best > 1_000; i++) {
      long before = System.nanoTime();
      Instant now = Instant.now();
      long after = System.nanoTime();
      if (after - before < best) {
        best = after - before;
        offset = now.getEpochSecond() * 1_000_000_000L + now.getNano() - (before + best / 2);
      }
    }
    return offset;
  }
}
