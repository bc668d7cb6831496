package io.httpaudit.kernel;

/**
 * What a filter with its maps is charged against RLIMIT_MEMLOCK, before Linux 5.11: all at once,
 * when they are made, for as many entries as they may have. It is the user's: what his other JVMs
 * have is part of it.
 */
public final class LockedMemory {
  /** Of maps that have as many entries as the object declares, and the program. */
  private static final long MAPS = 24L << 20;

  /** Of the entries that the two maps of candidates have beside those, for a processor. */
  private static final long PROCESSOR = 256L << 10;

  private LockedMemory() {}

  /** Bytes, with some to spare, on this machine. */
  public static long needed() {
    return needed(Processors.present());
  }

  static long needed(int processors) {
    return MAPS + processors * PROCESSOR;
  }

  /** What to set for one JVM, in MiB: a power of two. */
  public static long advisedMegabytes() {
    return Long.highestOneBit(needed() - 1) << 1 >> 20;
  }
}
