package io.httpaudit.kernel;

import com.kenai.jffi.DirectCall;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Pages mapped with mmap(2): outside the heap, and not counted against the application's own direct
 * memory. Whoever holds it must not touch the bytes after {@link #free}.
 */
public final class Memory {
  private final long address;
  private final int size;
  private final ByteBuffer bytes;

  private Memory(long address, int size) {
    this.address = address;
    this.size = size;
    this.bytes = DirectCall.buffer(address, size).order(ByteOrder.nativeOrder());
  }

  /** Zeroed bytes of our own. */
  public static Memory allocate(int size) throws KernelException {
    return map(
        size, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
  }

  /** Part of a file shared with the kernel. */
  static Memory shared(int fd, long offset, int size, boolean writable) throws KernelException {
    int protection = writable ? Libc.PROT_READ | Libc.PROT_WRITE : Libc.PROT_READ;
    return map(size, protection, Libc.MAP_SHARED, fd, offset);
  }

  private static Memory map(int size, int protection, int flags, int fd, long offset)
      throws KernelException {
    long address = Libc.mmap(size, protection, flags, fd, offset);
    if (address < 0) {
      throw new KernelException(
          "mmap of " + size + " bytes", (int) -address, KernelException.advice((int) -address));
    }
    if (address <= Integer.MAX_VALUE) {
      // Neither the JVM's heap nor a library has left room there: it can't be.
      throw new KernelException("mmap of " + size + " bytes gave " + address);
    }
    return new Memory(address, size);
  }

  long address() {
    return address;
  }

  /** In this machine's byte order; for absolute access only, so that threads may share it. */
  public ByteBuffer bytes() {
    return bytes;
  }

  public void free() {
    Libc.munmap(address, size);
  }
}
