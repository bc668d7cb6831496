package io.httpaudit.kernel;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Native memory for the arguments of one call: attributes, a key, a value. Sixty-four are kept,
 * taken and given back without a lock, so that a call on an application's thread allocates nothing;
 * whoever finds all taken gets one of its own.
 */
public final class CallBuffer {
  /** Where the arguments of bpf(2) and the like are, from the buffer's begin. */
  static final int ATTRIBUTES = 0;

  /** Where a key is: up to 128 bytes. */
  public static final int KEY = 128;

  /** Where a value is: up to 1,792 bytes. */
  public static final int VALUE = 256;

  private static final int SIZE = 2048;
  private static final int COUNT = Long.SIZE;
  private static final AtomicLong TAKEN = new AtomicLong();
  private static volatile CallBuffer[] kept;

  private final Memory memory;
  private final int begin;
  private final int index;

  private CallBuffer(Memory memory, int begin, int index) {
    this.memory = memory;
    this.begin = begin;
    this.index = index;
  }

  /** Free until {@link #give} is called, by the same thread. */
  public static CallBuffer take() {
    CallBuffer[] buffers = kept == null ? keep() : kept;
    for (long taken = TAKEN.get(); taken != -1; taken = TAKEN.get()) {
      int index = Long.numberOfTrailingZeros(~taken);
      if (TAKEN.compareAndSet(taken, taken | 1L << index)) {
        return buffers[index];
      }
    }
    return ofSize(SIZE - VALUE);
  }

  private static synchronized CallBuffer[] keep() {
    if (kept == null) {
      Memory memory = allocate(SIZE * COUNT);
      CallBuffer[] buffers = new CallBuffer[COUNT];
      for (int i = 0; i < COUNT; i++) {
        buffers[i] = new CallBuffer(memory, i * SIZE, i);
      }
      kept = buffers;
    }
    return kept;
  }

  private static Memory allocate(int size) {
    try {
      return Memory.allocate(size);
    } catch (KernelException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /** One of its own, for a value of {@code size} bytes. */
  static CallBuffer ofSize(int size) {
    return new CallBuffer(allocate(VALUE + size), 0, -1);
  }

  public void give() {
    if (index < 0) {
      memory.free();
      return;
    }
    long taken;
    do {
      taken = TAKEN.get();
    } while (!TAKEN.compareAndSet(taken, taken & ~(1L << index)));
  }

  /** For absolute access at {@link #at}. */
  public ByteBuffer bytes() {
    return memory.bytes();
  }

  /** Index in {@link #bytes} of a place in this buffer. */
  public int at(int offset) {
    return begin + offset;
  }

  long address(int offset) {
    return memory.address() + begin + offset;
  }

  /** Zeroes {@code count} bytes, a multiple of 8, from {@code offset} on. */
  void clear(int offset, int count) {
    ByteBuffer bytes = memory.bytes();
    for (int i = at(offset); i < at(offset + count); i += 8) {
      bytes.putLong(i, 0);
    }
  }
}
