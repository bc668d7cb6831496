package io.httpaudit.correlate;

import io.httpaudit.flow.Flow;
import io.httpaudit.flow.Packet;
import java.util.Arrays;

/** Packets of a flow whose connection the JVM has not told of yet, in ring order. One thread. */
final class EarlyPackets {
  private static final int STRIDE = 5;

  final long flow;

  /** When the first one came. */
  final long since;

  /** Some found no room. */
  boolean dropped;

  private long[] packed = new long[4 * STRIDE];
  private int count;

  EarlyPackets(long flow, long since) {
    this.flow = flow;
    this.since = since;
  }

  int count() {
    return count;
  }

  void add(Packet p) {
    int i = STRIDE * count++;
    if (i == packed.length) {
      packed = Arrays.copyOf(packed, packed.length * 2);
    }
    packed[i] = p.time;
    packed[i + 1] = (long) p.seq << 32 | p.ack & 0xffff_ffffL;
    packed[i + 2] = (long) p.payload << 32 | p.lost & 0xffff_ffffL;
    packed[i + 3] =
        (long) p.ifindex << 32 | (long) p.window << 16 & 0xffff_0000L | p.gsoSize & 0xffff;
    packed[i + 4] = (long) p.gsoSegs << 32 | p.flags << 8 | p.direction;
  }

  /** Tells {@code to} of all of them; {@code p} is overwritten. */
  void replay(Flow to, Packet p) {
    for (int i = 0; i < STRIDE * count; i += STRIDE) {
      p.flow = flow;
      p.time = packed[i];
      p.seq = (int) (packed[i + 1] >>> 32);
      p.ack = (int) packed[i + 1];
      p.payload = (int) (packed[i + 2] >>> 32);
      p.lost = (int) packed[i + 2];
      p.ifindex = (int) (packed[i + 3] >>> 32);
      p.window = (int) packed[i + 3] >>> 16;
      p.gsoSize = (int) packed[i + 3] & 0xffff;
      p.gsoSegs = (int) (packed[i + 4] >>> 32);
      p.flags = (int) packed[i + 4] >>> 8 & 0xff;
      p.direction = (int) packed[i + 4] & 0xff;
      to.packet(p);
    }
  }
}
