package io.httpaudit.faults;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The fault switch, for tests alone: hooks and native calls that throw, stall or return garbage,
 * one in so many, by a seed; or a write that is told {@link #LATE} after it returned. The system
 * property {@code httpaudit.test.faults} is {@code seed:rate:where}: one call in {@code rate};
 * {@code where} is {@code hooks}, {@code natives}, {@code all} or {@code late}. Without it {@link
 * #HOOKS} and {@link #NATIVES} are constants, and what they guard is no code once compiled.
 *
 * <p>Garbage is what a kernel could say: another error, a length or a count that isn't true,
 * success for a call that was not made. Not an address or a descriptor that is someone else's,
 * which nobody could tell from a true one. Any thread.
 */
public final class Faults {
  public static final boolean HOOKS;
  public static final boolean NATIVES;

  private static final long SEED;
  private static final int RATE;
  private static final AtomicLong CALLS = new AtomicLong();
  private static final AtomicLong STRUCK = new AtomicLong();

  private static final boolean DELAYS;

  /** What a thread needs to close the socket meanwhile, in nanoseconds. */
  private static final long LATE = 40_000_000;

  /** The longest stall. */
  private static final long STALL_NANOS = 30_000_000;

  private static final int[] GARBAGE = {
    0,
    1,
    7,
    4096,
    65_536,
    1 << 24,
    Integer.MAX_VALUE,
    -1,
    -4,
    -7,
    -9,
    -11,
    -12,
    -22,
    -105,
    Integer.MIN_VALUE,
  };

  static {
    String setting = System.getProperty("httpaudit.test.faults");
    String[] parts = setting == null ? new String[0] : setting.split(":");
    boolean on = parts.length == 3;
    SEED = on ? Long.parseLong(parts[0]) : 0;
    RATE = on ? Integer.parseInt(parts[1]) : 0;
    DELAYS = on && parts[2].equals("late");
    HOOKS = on && !parts[2].equals("natives");
    NATIVES = on && !DELAYS && !parts[2].equals("hooks");
  }

  private Faults() {}

  /** 0: this call is let pass; else random bits. */
  private static long turn() {
    // SplitMix64's finalizer: each call's lot hangs on the seed and on its number alone.
    long bits = SEED * 0x9e3779b97f4a7c15L + CALLS.incrementAndGet();
    bits = (bits ^ bits >>> 30) * 0xbf58476d1ce4e5b9L;
    bits = (bits ^ bits >>> 27) * 0x94d049bb133111ebL;
    bits ^= bits >>> 31;
    if (Long.remainderUnsigned(bits, RATE) != 0) {
      return 0;
    }
    STRUCK.incrementAndGet();
    return bits | 1;
  }

  /** Faults so far: a test must have seen some. */
  public static long struck() {
    return STRUCK.get();
  }

  /** A write has returned. */
  public static void delay() {
    if (DELAYS) {
      LockSupport.parkNanos(LATE);
    }
  }

  /** Throws or stalls, if it is this call's turn. */
  public static void strike() {
    long bits = turn();
    if (bits != 0) {
      strike(bits);
    }
  }

  /**
   * As {@link #strike}, but of eight turns seven are stalls: what throws may end an audit, and then
   * nothing else is tried.
   */
  public static void disturb() {
    long bits = turn();
    if (bits != 0) {
      strike((bits >>> 40 & 7) == 0 ? bits : bits | 0x700);
    }
  }

  private static void strike(long bits) {
    switch ((int) (bits >>> 8) & 7) {
      case 0:
        throw new IllegalStateException("a fault, on purpose");
      case 1:
        throw new StackOverflowError("a fault, on purpose");
      case 2:
        throw new OutOfMemoryError("a fault, on purpose");
      case 3:
        throw new NoClassDefFoundError("a fault, on purpose");
      case 4:
        throw new IndexOutOfBoundsException("a fault, on purpose");
      case 5:
        throw new NullPointerException("a fault, on purpose");
      default:
        LockSupport.parkNanos((bits >>> 16) % STALL_NANOS);
    }
  }

  /** Whether this call is not to be made: its answer is {@link #garbage}. */
  public static boolean skips() {
    return turn() != 0;
  }

  public static int garbage() {
    return GARBAGE[
        (int) Long.remainderUnsigned(CALLS.get() * 0x9e3779b97f4a7c15L >>> 8, GARBAGE.length)];
  }

  /** The answer, or another one. */
  public static int garbled(int answer) {
    return turn() == 0 ? answer : garbage();
  }

  /**
   * As {@link #garbled}, of calls whose answer is a descriptor or an address: an error, or one that
   * is nobody's.
   */
  public static long garbledHandle(long answer) {
    if (turn() == 0) {
      return answer;
    }
    int garbage = garbage();
    return garbage < 0 ? garbage : 0x7fff_ff00;
  }
}
