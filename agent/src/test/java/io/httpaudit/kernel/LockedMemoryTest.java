package io.httpaudit.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the sum that Linux 5.8 to 5.10 makes up, as its sources have it. */
class LockedMemoryTest {
  private static final long PAGE = 4096;

  /** include/linux/filter.h: charged by the page; ours has some 4,000 instructions of 8 bytes. */
  private static final long PROGRAM = 1 << 16;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 32, 64, 512})
  void whatIsAskedForIsEnoughAndNotFarTooMuch(int processors) throws KernelException {
    long charged = PROGRAM;
    for (Btf.Declared map : BpfObject.types(BpfObject.read()).maps()) {
      charged += pages(charged(map, processors));
    }
    assertThat(LockedMemory.needed(processors)).isBetween(charged, charged * 3 / 2);
  }

  private static long charged(Btf.Declared map, int processors) {
    long entries = BpfMap.entries(map.type(), map.maxEntries(), processors);
    long value = map.valueSize() + 7 & ~7;
    return switch (map.type()) {
      // kernel/bpf/hashtab.c, htab_map_alloc: buckets of 16 bytes, a power of two of them, and
      // entries with 48 bytes of their own, each CPU's spare one, too.
      case BpfMap.HASH, BpfMap.LRU_HASH ->
          16 * powerOfTwo(entries)
              + (48 + (map.keySize() + 7 & ~7) + value) * (entries + processors);
      // arraymap.c, array_map_alloc: struct bpf_array in a page of its own, if it is mapped.
      case BpfMap.ARRAY -> PAGE + pages(value * entries);
      case BpfMap.PERCPU_ARRAY -> PAGE + (8 + value * processors) * entries;
      // ringbuf.c, ringbuf_map_alloc: three pages before the data.
      case BpfMap.RINGBUF -> 4 * PAGE + entries;
      default -> throw new IllegalArgumentException(map.name());
    };
  }

  private static long powerOfTwo(long count) {
    return Long.highestOneBit(2 * count - 1);
  }

  private static long pages(long bytes) {
    return (bytes + PAGE - 1) / PAGE * PAGE;
  }
}
