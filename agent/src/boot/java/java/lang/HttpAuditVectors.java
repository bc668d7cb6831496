package java.lang;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLongArray;
import jdk.internal.misc.Unsafe;
import sun.nio.ch.DirectBuffer;

/**
 * An array of buffers as struct iovec, {base, length} of 8 bytes each, like the JDK's own gathering
 * writes: in native memory, of which a few blocks are kept, without a lock.
 */
public final class HttpAuditVectors {
  /** IOV_MAX: no call writes more. */
  private static final int MOST = 1024;

  private static final int IOVEC = 16;
  private static final int SLOTS = 16;
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final long ADDRESS = UNSAFE.objectFieldOffset(Buffer.class, "address");
  private static final AtomicLongArray KEPT = new AtomicLongArray(SLOTS);

  private HttpAuditVectors() {}

  private static int slot() {
    return System.identityHashCode(Thread.currentThread()) & SLOTS - 1;
  }

  /** A block, to be given back. */
  public static long take() {
    long kept = KEPT.getAndSet(slot(), 0);
    return kept == 0 ? UNSAFE.allocateMemory((long) IOVEC * MOST) : kept;
  }

  public static void give(long block) {
    if (!KEPT.compareAndSet(slot(), 0, block)) {
      UNSAFE.freeMemory(block);
    }
  }

  /** {base, length} of {@code count} pieces; returns how many there are in the block. */
  public static int fill(long block, long[] pieces, int count) {
    int used = Math.min(count, MOST);
    for (int i = 0; i < 2 * used; i++) {
      UNSAFE.putLong(block + 8L * i, pieces[i]);
    }
    return used;
  }

  /**
   * Address of index 0 of a direct buffer. By the field: where the memory is a shared arena's, as
   * Netty's on JDK 25 may be, {@code DirectBuffer.address} throws.
   *
   * @throws ClassCastException it is not direct: its field is no address
   */
  static long address(ByteBuffer buffer) {
    return UNSAFE.getLong((DirectBuffer) buffer, ADDRESS);
  }

  /**
   * What is between position and limit of {@code count} buffers, which are direct.
   *
   * @return how many there are in the block
   */
  static int fill(long block, ByteBuffer[] buffers, int first, int count) {
    int used = Math.min(count, MOST);
    for (int i = 0; i < used; i++) {
      ByteBuffer buffer = buffers[first + i];
      long vector = block + (long) IOVEC * i;
      UNSAFE.putLong(vector, address(buffer) + buffer.position());
      UNSAFE.putLong(vector + 8, buffer.remaining());
    }
    return used;
  }
}
