package io.httpaudit.observe;

/**
 * A write that the kernel has been given and does while nobody waits. The thread of the channel's
 * event loop. Allocates when a write has more pieces than any before.
 */
final class Submission {
  /**
   * {base, length} of each piece. Not native: the memory that Netty keeps them in is used again
   * before the write is done.
   */
  private long[] given = new long[2];

  /** 0: none is under way; -1: nobody sees its bytes. */
  private int pieces;

  /** The arguments are those of {@link HttpAuditSink#submitted}. */
  void set(long address, int length, int vectors) {
    pieces = vectors < 0 ? -1 : Math.max(1, vectors);
    if (given.length < 2 * pieces) {
      given = new long[2 * pieces];
    }
    for (int i = 0; i < pieces; i++) {
      given[2 * i] = vectors == 0 ? address : Vectors.base(address, i);
      given[2 * i + 1] = vectors == 0 ? length : Vectors.length(address, i);
    }
  }

  /** {@code n} bytes of it went; whether a message ended in them. */
  boolean moved(Direction direction, long n) {
    int count = pieces;
    pieces = 0;
    if (n <= 0 || count == 0) {
      return false;
    }
    if (count < 0 || n > length(count)) {
      // What completed is another one's.
      return direction.movedUnseen(n);
    }
    if (count == 1) {
      return direction.moved(given[0], 0, n);
    }
    long block = HttpAuditVectors.take();
    try {
      return direction.moved(block, HttpAuditVectors.fill(block, given, count), n);
    } finally {
      HttpAuditVectors.give(block);
    }
  }

  private long length(int count) {
    long length = 0;
    for (int i = 0; i < count; i++) {
      length += given[2 * i + 1];
    }
    return length;
  }
}
