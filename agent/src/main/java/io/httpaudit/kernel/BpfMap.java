package io.httpaudit.kernel;

import java.nio.ByteBuffer;

/**
 * A map of the kernel's. Keys and values lie in a {@link CallBuffer} ({@link CallBuffer#KEY},
 * {@link CallBuffer#VALUE}). Any thread. From kernel 5.19 on its use needs no right, only its
 * creation does.
 */
public final class BpfMap implements AutoCloseable {
  public static final int HASH = 1;
  public static final int ARRAY = 2;
  public static final int PERCPU_ARRAY = 6;
  public static final int LRU_HASH = 9;
  public static final int RINGBUF = 27;

  public static final int BPF_F_NO_PREALLOC = 1;

  /**
   * Entries of an LRU map that each processor sets aside (the kernel's LOCAL_FREE_TARGET). Once all
   * are set aside, a processor that comes later evicts its own last entry for each new one, until
   * Linux commit d4adf1c9ee77 of 2025.
   */
  private static final int SET_ASIDE = 128;

  /** Create or replace. */
  public static final long BPF_ANY = 0;

  /** Create, or fail with EEXIST. */
  public static final long BPF_NOEXIST = 1;

  private final String name;
  private final int fd;
  private final int type;
  private final int keySize;
  private final int valueSize;
  private final int maxEntries;

  BpfMap(String name, int fd, int type, int keySize, int valueSize, int maxEntries) {
    this.name = name;
    this.fd = fd;
    this.type = type;
    this.keySize = keySize;
    this.valueSize = valueSize;
    this.maxEntries = maxEntries;
  }

  /** How many entries to create, so that {@code declared} ones can be in use. */
  static int entries(int type, int declared, int processors) {
    return type == LRU_HASH ? declared + SET_ASIDE * processors : declared;
  }

  /** Descriptors are closed on exec. */
  public static BpfMap create(
      String name, int type, int keySize, int valueSize, int maxEntries, int flags)
      throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.clear(CallBuffer.ATTRIBUTES, Bpf.ATTRIBUTES);
      ByteBuffer bytes = buffer.bytes();
      int attributes = buffer.at(CallBuffer.ATTRIBUTES);
      bytes.putInt(attributes, type);
      bytes.putInt(attributes + 4, keySize);
      bytes.putInt(attributes + 8, valueSize);
      bytes.putInt(attributes + 12, maxEntries);
      bytes.putInt(attributes + 16, flags);
      Bpf.putName(bytes, attributes + 28, name);
      int fd = Libc.bpf(Bpf.BPF_MAP_CREATE, buffer.address(CallBuffer.ATTRIBUTES), Bpf.ATTRIBUTES);
      if (fd < 0) {
        throw new KernelException("bpf(BPF_MAP_CREATE " + name + ")", -fd, Bpf.advice(-fd));
      }
      return new BpfMap(name, fd, type, keySize, valueSize, maxEntries);
    } finally {
      buffer.give();
    }
  }

  /** Value of the key; 0, or minus errno ({@link Errno#ENOENT}). */
  public int lookup(CallBuffer buffer) {
    return element(Bpf.BPF_MAP_LOOKUP_ELEM, buffer, 0);
  }

  /** 0, or minus errno ({@link Errno#E2BIG}: full; {@link Errno#EEXIST}). */
  public int update(CallBuffer buffer, long flags) {
    return element(Bpf.BPF_MAP_UPDATE_ELEM, buffer, flags);
  }

  /** 0, or minus errno ({@link Errno#ENOENT}). */
  public int delete(CallBuffer buffer) {
    return element(Bpf.BPF_MAP_DELETE_ELEM, buffer, 0);
  }

  private int element(int command, CallBuffer buffer, long flags) {
    ByteBuffer bytes = buffer.bytes();
    int attributes = buffer.at(CallBuffer.ATTRIBUTES);
    bytes.putLong(attributes, fd);
    bytes.putLong(attributes + 8, buffer.address(CallBuffer.KEY));
    bytes.putLong(attributes + 16, buffer.address(CallBuffer.VALUE));
    bytes.putLong(attributes + 24, flags);
    // A deletion takes no value, and refuses what lies behind the key.
    int size = command == Bpf.BPF_MAP_DELETE_ELEM ? 16 : 32;
    return Libc.bpf(command, buffer.address(CallBuffer.ATTRIBUTES), size);
  }

  /**
   * The values of an array that was made with BPF_F_MMAPABLE, one after the other: shared with the
   * kernel, writable. Stays mapped to the end of the process.
   */
  public ByteBuffer mapped() throws KernelException {
    int page = Libc.pageSize();
    return Memory.shared(fd, 0, (maxEntries * valueSize + page - 1) / page * page, true).bytes();
  }

  /**
   * A buffer for this map's values, where they are larger than a {@link CallBuffer} holds: one for
   * each CPU.
   */
  public CallBuffer bufferForValues(int possibleCpus) {
    return CallBuffer.ofSize((valueSize + 7 & ~7) * possibleCpus);
  }

  /**
   * BPF_OBJ_GET_INFO_BY_FD: what the kernel made of it (struct bpf_map_info).
   *
   * @return type, key size, value size, maximum of entries, flags
   */
  int[] info() throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.clear(CallBuffer.ATTRIBUTES, Bpf.ATTRIBUTES);
      buffer.clear(CallBuffer.VALUE, 128);
      ByteBuffer bytes = buffer.bytes();
      bytes.putInt(buffer.at(0), fd);
      bytes.putInt(buffer.at(4), 80);
      bytes.putLong(buffer.at(8), buffer.address(CallBuffer.VALUE));
      int result = Libc.bpf(Bpf.BPF_OBJ_GET_INFO_BY_FD, buffer.address(0), 16);
      Libc.check(result, "bpf(BPF_OBJ_GET_INFO_BY_FD " + name + ")");
      int[] info = new int[5];
      int[] from = {0, 8, 12, 16, 20};
      for (int i = 0; i < info.length; i++) {
        info[i] = bytes.getInt(buffer.at(CallBuffer.VALUE + from[i]));
      }
      return info;
    } finally {
      buffer.give();
    }
  }

  public String name() {
    return name;
  }

  int fd() {
    return fd;
  }

  int type() {
    return type;
  }

  public int keySize() {
    return keySize;
  }

  public int valueSize() {
    return valueSize;
  }

  public int maxEntries() {
    return maxEntries;
  }

  @Override
  public void close() {
    Libc.close(fd);
  }
}
