package io.httpaudit.observe;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Arrays into which heads are copied from native memory, to be parsed. A few are kept, without a
 * lock: a thread takes one from its slot, or makes one. Given back they are zeroed: heads hold
 * secrets.
 */
final class Scratch {
  /** Stands for bytes that nobody saw: no head, and no chunk, can begin with it. */
  static final byte[] UNSEEN = new byte[1];

  private static final int SIZE = 4096;
  private static final int SLOTS = 16;
  private static final AtomicReferenceArray<byte[]> KEPT = new AtomicReferenceArray<>(SLOTS);

  /** What a TLS record holds at the most, and a little (RFC 8446, 5.2). */
  private static final int RECORD = (1 << 14) + 256;

  private static final AtomicReferenceArray<byte[]> RECORDS = new AtomicReferenceArray<>(SLOTS);

  private Scratch() {}

  /** Room for a record's plaintext. */
  static byte[] takeRecord() {
    byte[] kept = RECORDS.getAndSet(slot(), null);
    return kept == null ? new byte[RECORD] : kept;
  }

  static void giveRecord(byte[] scratch, int used) {
    Arrays.fill(scratch, 0, used, (byte) 0);
    RECORDS.set(slot(), scratch);
  }

  static byte[] take() {
    byte[] kept = KEPT.getAndSet(slot(), null);
    return kept == null ? new byte[SIZE] : kept;
  }

  static void give(byte[] scratch, int used) {
    Arrays.fill(scratch, 0, used, (byte) 0);
    KEPT.set(slot(), scratch);
  }

  @SuppressWarnings("deprecation") // threadId() came with 19
  private static int slot() {
    return (int) Thread.currentThread().getId() & SLOTS - 1;
  }
}
