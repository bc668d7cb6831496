package io.httpaudit.correlate;

import java.util.function.LongSupplier;

/**
 * The wall clock's offset, read once for all that happens in one drain, or is judged in one go: a
 * reading takes as long as all else about an event. One thread.
 */
final class WallOffset implements LongSupplier {
  private final LongSupplier clock;
  private boolean read;
  private long offset;

  /**
   * @param clock {@link WallClock#offset}
   */
  WallOffset(LongSupplier clock) {
    this.clock = clock;
  }

  /** What was read is old: the next call reads again. */
  void expire() {
    read = false;
  }

  @Override
  public long getAsLong() {
    if (!read) {
      offset = clock.getAsLong();
      read = true;
    }
    return offset;
  }
}
