package io.httpaudit.capture;

import io.httpaudit.correlate.Side;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.kernel.BpfMap;
import io.httpaudit.kernel.CallBuffer;
import io.httpaudit.kernel.Errno;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The flows whose packets leave the kernel: its map {@code admitted}. Any thread; nothing is
 * allocated.
 */
final class Admissions {
  private static final int ATTEMPTS = 4;

  private final BpfMap map;
  private final AtomicLong refused = new AtomicLong();

  Admissions(BpfMap map) {
    this.map = map;
  }

  /**
   * Claims the flow, or joins the other end's claim.
   *
   * @return the flow's id, or {@link Admission#REFUSED}
   */
  long claim(Endpoint local, Endpoint peer, Side side, long connection) {
    CallBuffer buffer = CallBuffer.take();
    try {
      key(buffer, local, peer);
      long mine = side == Side.SERVER ? connection | Layout.CLAIMED_BY_SERVER : connection;
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int result = put(buffer, mine, BpfMap.BPF_NOEXIST);
        if (result == -Errno.EEXIST) {
          if (map.lookup(buffer) != 0) {
            // Ended in between.
            continue;
          }
          long theirs = buffer.bytes().getLong(buffer.at(CallBuffer.VALUE) + Layout.ADMITTED_FLOW);
          if ((theirs ^ mine) >>> 62 != 0) {
            return theirs & ~Layout.CLAIMED_BY_SERVER;
          }
          // An earlier connection's of the same addresses and ports, the end of which was not seen.
          result = put(buffer, mine, BpfMap.BPF_ANY);
        }
        if (result == 0) {
          return connection;
        }
        break;
      }
      refuse();
      return Admission.REFUSED;
    } finally {
      buffer.give();
    }
  }

  private int put(CallBuffer buffer, long flow, long flags) {
    int value = buffer.at(CallBuffer.VALUE);
    buffer.bytes().putLong(value, flow);
    buffer.bytes().putLong(value + 8, 0);
    buffer.bytes().putLong(value + 16, 0);
    return map.update(buffer, flags);
  }

  private static void key(CallBuffer buffer, Endpoint one, Endpoint other) {
    boolean inOrder = one.compareTo(other) <= 0;
    Layout.putTuple(
        buffer.bytes(), buffer.at(CallBuffer.KEY), inOrder ? one : other, inOrder ? other : one);
  }

  /** Records that the flow lost; -1: it is not admitted. */
  long lost(FlowTuple tuple) {
    CallBuffer buffer = CallBuffer.take();
    try {
      Layout.putTuple(buffer.bytes(), buffer.at(CallBuffer.KEY), tuple);
      buffer.bytes().putInt(buffer.at(CallBuffer.VALUE) + Layout.ADMITTED_LOST, -1);
      if (map.lookup(buffer) != 0) {
        return -1;
      }
      return buffer.bytes().getInt(buffer.at(CallBuffer.VALUE) + Layout.ADMITTED_LOST)
          & 0xffff_ffffL;
    } finally {
      buffer.give();
    }
  }

  /** Ends the flow's admission, unless the entry is another flow's by now. */
  void end(FlowTuple tuple, long flow) {
    CallBuffer buffer = CallBuffer.take();
    try {
      Layout.putTuple(buffer.bytes(), buffer.at(CallBuffer.KEY), tuple);
      if (map.lookup(buffer) == 0
          && (buffer.bytes().getLong(buffer.at(CallBuffer.VALUE)) & ~Layout.CLAIMED_BY_SERVER)
              == flow) {
        map.delete(buffer);
      }
    } finally {
      buffer.give();
    }
  }

  /** Counts a claim that finds no room elsewhere. */
  void refuse() {
    refused.incrementAndGet();
  }

  /** Claims that found no room. */
  long refused() {
    return refused.get();
  }
}
