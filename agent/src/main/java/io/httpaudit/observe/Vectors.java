package io.httpaudit.observe;

/** struct iovec of the JDK's scattering and gathering calls: {base, length}, 8 bytes each. */
final class Vectors {
  private static final int IOVEC = 16;

  private Vectors() {}

  static long base(long vectors, int index) {
    return HttpAudit.getLong(vectors + (long) IOVEC * index);
  }

  static long length(long vectors, int index) {
    return HttpAudit.getLong(vectors + (long) IOVEC * index + 8);
  }

  static long total(long vectors, int count) {
    long total = 0;
    for (int i = 0; i < count; i++) {
      total += length(vectors, i);
    }
    return total;
  }
}
