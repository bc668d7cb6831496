package io.httpaudit.kernel;

import java.io.BufferedReader;
import java.io.FileReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Capabilities of the calling thread (capabilities(7)): each thread has its own, and passes them on
 * to those it starts.
 */
public final class Rights {
  private static final int CAP_NET_RAW = 13;
  private static final int CAP_SYS_ADMIN = 21;
  private static final int CAP_BPF = 39;

  /** Of ten times the weight of a thread at 0. */
  private static final int FIRST = -10;

  /** The nice value before {@link #goFirst} changed it; {@link #FIRST}: it didn't. */
  private static volatile int usual = FIRST;

  private static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522;

  private Rights() {}

  /**
   * What this thread lacks to capture, in words: empty, if nothing. No native call.
   *
   * @throws KernelException /proc can't be read
   */
  public static String lacking() throws KernelException {
    long effective = read("CapEff:");
    boolean raw = has(effective, CAP_NET_RAW);
    boolean bpf = has(effective, CAP_BPF) || has(effective, CAP_SYS_ADMIN);
    return raw ? bpf ? "" : "CAP_BPF" : bpf ? "CAP_NET_RAW" : "CAP_NET_RAW and CAP_BPF";
  }

  /** Whether this thread may still be given one of the two, or has it. */
  public static boolean holdsAny() throws KernelException {
    long held = read("CapEff:") | read("CapPrm:") | read("CapInh:") | read("CapAmb:");
    return has(held, CAP_NET_RAW) || has(held, CAP_BPF);
  }

  private static boolean has(long capabilities, int capability) {
    return (capabilities >>> capability & 1) != 0;
  }

  private static long read(String field) throws KernelException {
    String file = "/proc/thread-self/status";
    try (BufferedReader in =
        new BufferedReader(new FileReader(file, StandardCharsets.US_ASCII), 2048)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith(field)) {
          return Long.parseUnsignedLong(line.substring(field.length()).trim(), 16);
        }
      }
    } catch (IOException | NumberFormatException e) {
      throw new KernelException(file + " can't be read", e);
    }
    throw new KernelException(file + " has no " + field);
  }

  /**
   * The calling thread gives up CAP_NET_RAW and CAP_BPF for good, and so do the threads that it
   * will start.
   */
  public static void drop() throws KernelException {
    drop(1L << CAP_NET_RAW | 1L << CAP_BPF);
  }

  /** As {@link #drop}, but CAP_BPF stays: before kernel 5.19 each use of a map needs it. */
  public static void dropNetRaw() throws KernelException {
    drop(1L << CAP_NET_RAW);
  }

  /**
   * The calling thread, and those that it starts from now on, are run before others of this process
   * that want a processor as much (sched(7), the nice value). Without the right to, CAP_SYS_NICE or
   * RLIMIT_NICE, nothing changes.
   */
  public static void goFirst() {
    int before = Libc.getpriority();
    if (before > FIRST && Libc.setpriority(FIRST) == 0) {
      usual = before;
    }
  }

  /** The calling thread, started by one that goes first, does not. */
  public static void goAsUsual() {
    if (usual > FIRST) {
      Libc.setpriority(usual);
    }
  }

  /**
   * @param capabilities bit {@code 1L << number} for each
   */
  static void drop(long capabilities) throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      ByteBuffer bytes = buffer.bytes();
      int header = buffer.at(CallBuffer.KEY);
      int data = buffer.at(CallBuffer.VALUE);
      bytes.putInt(header, LINUX_CAPABILITY_VERSION_3);
      bytes.putInt(header + 4, 0);
      Libc.check(
          Libc.capget(buffer.address(CallBuffer.KEY), buffer.address(CallBuffer.VALUE)), "capget");
      // Effective, permitted, inheritable of capabilities 0 to 31, then of 32 to 63.
      for (int word = 0; word < 6; word++) {
        int gone = (int) (word < 3 ? capabilities : capabilities >>> 32);
        bytes.putInt(data + 4 * word, bytes.getInt(data + 4 * word) & ~gone);
      }
      // The kernel takes from the ambient set what is no longer permitted.
      Libc.check(
          Libc.capset(buffer.address(CallBuffer.KEY), buffer.address(CallBuffer.VALUE)), "capset");
    } finally {
      buffer.give();
    }
  }
}
