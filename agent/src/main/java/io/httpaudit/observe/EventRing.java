package io.httpaudit.observe;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bounded ring of variable-length records: many application threads write, the audit thread
 * reads.
 *
 * <p>Assumes at most one reader at a time. Guarantees: a writer never waits for the reader nor for
 * another writer but by repeating one compare-and-set; a record is seen whole or not at all;
 * records of one thread keep their order; a record that finds no room is refused at once, and
 * counted. Memory that was read is zeroed, since requests' targets hold secrets.
 *
 * <pre>
 *   record, aligned to 8 bytes:
 *     0  long  0: free, or claimed and not yet written; else length (low 32 bits) and type (high 32 bits)
 *     8  …     body
 * </pre>
 *
 * A writer moves {@code tail}, writes the body, then publishes the header (release). The reader
 * takes the header (acquire), reads, zeroes body then header, and moves {@code head} (release):
 * only then may a writer claim that room again.
 */
final class EventRing {
  static final int HEADER = 8;
  static final int PADDING = -1;

  private static final VarHandle LONGS =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private static final byte[] ZEROS = new byte[1024];

  /** Direct: only there is a long's access by acquire and release allowed on every JDK. */
  private final ByteBuffer buffer;

  private final int capacity;
  private final int mask;
  private final Runnable quarterFull;
  private final AtomicLong tail = new AtomicLong();
  private final AtomicLong head = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  /** The ring was made a quarter full, and nobody was told yet. */
  private volatile boolean wake;

  /**
   * @param capacity bytes, a power of two
   * @param quarterFull called by a writer once the ring is a quarter full
   */
  EventRing(int capacity, Runnable quarterFull) {
    if (Integer.bitCount(capacity) != 1) {
      throw new IllegalArgumentException("not a power of two");
    }
    this.capacity = capacity;
    buffer = ByteBuffer.allocateDirect(capacity + 16).alignedSlice(8);
    mask = capacity - 1;
    this.quarterFull = quarterFull;
  }

  /**
   * Claims room for a record with a body of {@code length} bytes.
   *
   * @return index of its body, for the put methods and {@link #publish}; -1: refused
   */
  int claim(int length) {
    int size = aligned(HEADER + length);
    if (size > capacity / 8) {
      refused.incrementAndGet();
      return -1;
    }
    // A stack that is too short to publish a record overflows here, while nothing is claimed.
    LONGS.setRelease(buffer, capacity, 0L);
    long at;
    int padding;
    do {
      at = tail.get();
      int toEnd = capacity - ((int) at & mask);
      // A record lies in one piece: what is left at the end is skipped.
      padding = toEnd < size ? toEnd : 0;
      if (at + padding + size - head.get() > capacity) {
        refused.incrementAndGet();
        return -1;
      }
    } while (!tail.compareAndSet(at, at + padding + size));
    if (padding != 0) {
      LONGS.setRelease(buffer, (int) at & mask, header(padding, PADDING));
    }
    long waiting = at - head.get();
    int quarter = capacity >> 2;
    if (waiting < quarter && waiting + padding + size >= quarter) {
      wake = true;
    }
    return ((int) (at + padding) & mask) + HEADER;
  }

  /** Makes the record claimed at {@code body} visible. */
  void publish(int body, int length, int type) {
    LONGS.setRelease(buffer, body - HEADER, header(aligned(HEADER + length), type));
    if (wake) {
      wake();
    }
  }

  /** Not while a record is claimed: what then fails would hold up the reader for good. */
  private void wake() {
    // Before: what another writer adds meanwhile may be worth a wake-up of its own.
    wake = false;
    try {
      quarterFull.run();
    } catch (Throwable e) {
      // The stack may be too short for it: the next writer tries again.
      wake = true;
    }
  }

  /**
   * The record claimed at {@code body} could not be written: it is skipped, and counts as refused.
   */
  void abandon(int body, int length) {
    publish(body, length, PADDING);
    refused.incrementAndGet();
  }

  void putLong(int index, long value) {
    LONGS.set(buffer, index, value);
  }

  long getLong(int index) {
    return (long) LONGS.get(buffer, index);
  }

  void putChar(int index, char value) {
    buffer.putChar(index, value);
  }

  char getChar(int index) {
    return buffer.getChar(index);
  }

  void putBytes(int index, byte[] from, int offset, int length) {
    buffer.put(index, from, offset, length);
  }

  /** Whether {@link #getText} would be {@code text}. */
  boolean isText(int index, int length, String text) {
    if (length != text.length()) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if ((buffer.get(index + i) & 0xff) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Text of the wire: bytes are ISO 8859-1, so that none is lost. */
  String getText(int index, int length) {
    byte[] text = new byte[length];
    buffer.get(index, text);
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  /**
   * How far it was written, and how far read: a record below the former is drained once the latter
   * has reached it.
   */
  long written() {
    return tail.get();
  }

  long drained() {
    return head.get();
  }

  /** Records refused so far. */
  long refused() {
    return refused.get();
  }

  /** Reads at most {@code limit} records; returns how many. */
  int drain(Reader reader, int limit) {
    int count = 0;
    while (count < limit) {
      long from = head.get();
      int index = (int) from & mask;
      long header = (long) LONGS.getAcquire(buffer, index);
      if (header == 0) {
        break;
      }
      int size = (int) header;
      int type = (int) (header >> 32);
      try {
        if (type != PADDING) {
          count++;
          reader.record(type, index + HEADER);
        }
      } finally {
        clear(index, size);
        head.setRelease(from + size);
      }
    }
    return count;
  }

  private void clear(int index, int size) {
    for (int done = 0; done < size; done += ZEROS.length) {
      buffer.put(index + done, ZEROS, 0, Math.min(ZEROS.length, size - done));
    }
  }

  /** Takes one record. */
  interface Reader {
    void record(int type, int body);
  }

  private static long header(int size, int type) {
    return (long) type << 32 | size;
  }

  private static int aligned(int length) {
    return length + 7 & ~7;
  }
}
