package io.httpaudit.kernel;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * The consumer's side of a BPF_MAP_TYPE_RINGBUF (kernel/bpf/ringbuf.c). Positions count bytes from
 * the ring's creation on; a record is a header of 8 bytes, whose first word holds the length and
 * two bits, and its data, rounded up to 8.
 *
 * <p>Two mappings: one page with the consumer's position, writable; then the page of the producer's
 * position and the data twice, so that a record that wraps around is in one piece.
 *
 * <p>Order: the producer's position is read before a header, a header before its data, and the
 * consumer's position is written after all reads of what it gives back. Each is a plain aligned
 * access, which these processors do whole, and an acquire or a release fence beside it: fences cost
 * no set-up, method handles do.
 *
 * <p>One thread. No allocation for a record.
 */
public final class RingBuffer implements AutoCloseable {
  /** The record is being written. */
  private static final int BUSY = 1 << 31;

  /** The record was given up. */
  private static final int DISCARDED = 1 << 30;

  private static final int HEADER = 8;

  private final Memory consumerPage;
  private final Memory producer;
  private final ByteBuffer consumed;
  private final ByteBuffer data;
  private final int pageSize;
  private final int mask;
  private final int fd;

  /** Receives the records of a ring. */
  public interface Records {
    /** A record at {@code offset} of {@code ring}; the bytes are valid during the call. */
    void record(ByteBuffer ring, int offset, int length);
  }

  public RingBuffer(BpfMap map) throws KernelException {
    fd = map.fd();
    pageSize = Libc.pageSize();
    mask = map.maxEntries() - 1;
    consumerPage = Memory.shared(fd, 0, pageSize, true);
    try {
      producer = Memory.shared(fd, pageSize, pageSize + 2 * map.maxEntries(), false);
    } catch (KernelException e) {
      consumerPage.free();
      throw e;
    }
    consumed = consumerPage.bytes();
    data = producer.bytes();
  }

  int fd() {
    return fd;
  }

  /**
   * Hands over what is there.
   *
   * @param limit records at most
   * @return records handed over; {@code limit}: there may be more
   */
  public int drain(Records records, int limit) {
    int count = 0;
    long position = consumed.getLong(0);
    while (count < limit) {
      long end = data.getLong(0);
      VarHandle.acquireFence();
      if (position >= end) {
        break;
      }
      while (position < end && count < limit) {
        int at = pageSize + ((int) position & mask);
        int header = data.getInt(at);
        VarHandle.acquireFence();
        if ((header & BUSY) != 0) {
          return count;
        }
        int length = header & ~DISCARDED;
        if (length > mask) {
          // No record is so long: what follows can't be found.
          return count;
        }
        if ((header & DISCARDED) == 0) {
          records.record(data, at + HEADER, length);
          count++;
        }
        position += length + HEADER + 7 & ~7L;
        VarHandle.releaseFence();
        consumed.putLong(0, position);
      }
    }
    return count;
  }

  /** The mappings end with this call; nothing may use the ring any more. */
  @Override
  public void close() {
    consumerPage.free();
    producer.free();
  }
}
