package io.httpaudit.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IntervalsTest {
  @Test
  void holdsWhatABitSetHolds() {
    Random random = new Random(1);
    for (int round = 0; round < 2_000; round++) {
      Intervals intervals = new Intervals();
      BitSet bits = new BitSet();
      for (int i = 0; i < 40; i++) {
        int from = random.nextInt(200);
        int to = from + random.nextInt(20);
        intervals.add(from, to);
        bits.set(from, to);
        int a = random.nextInt(220);
        int b = a + random.nextInt(30);
        assertThat(intervals.contains(a, b)).isEqualTo(a == b || bits.nextClearBit(a) >= b);
        assertThat(intervals.contiguousFrom(a)).isEqualTo(bits.nextClearBit(a));
      }
    }
  }
}
