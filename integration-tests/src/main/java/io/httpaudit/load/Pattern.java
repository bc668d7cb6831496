package io.httpaudit.load;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/**
 * The bytes of every body: one endless pattern, entered at a place of the message's own, so that
 * whoever reads a body can tell whether each byte is right. It has what a careless parser of HTTP
 * would take for a message's beginning or end.
 */
final class Pattern {
  private static final int PERIOD = 65_521;
  private static final byte[] BYTES = new byte[2 * PERIOD];

  static {
    Random random = new Random(1);
    byte[] period = new byte[PERIOD];
    random.nextBytes(period);
    String[] traps = {
      "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n", "0\r\n\r\n", "\n\n"
    };
    for (int i = 0; i < 500; i++) {
      byte[] trap = traps[i % traps.length].getBytes(StandardCharsets.ISO_8859_1);
      System.arraycopy(trap, 0, period, random.nextInt(PERIOD - trap.length), trap.length);
    }
    System.arraycopy(period, 0, BYTES, 0, PERIOD);
    System.arraycopy(period, 0, BYTES, PERIOD, PERIOD);
  }

  private Pattern() {}

  /**
   * Bytes {@code from … from + length} of message {@code id}'s body, at most 65,521 of them; not to
   * be written to.
   */
  static ByteBuffer view(int id, long from, int length) {
    return ByteBuffer.wrap(BYTES, (int) ((id + from) % PERIOD), length).slice().asReadOnlyBuffer();
  }

  static byte[] copy(int id, int length) {
    byte[] bytes = new byte[length];
    for (int done = 0; done < length; ) {
      int n = Math.min(PERIOD, length - done);
      view(id, done, n).get(bytes, done, n);
      done += n;
    }
    return bytes;
  }

  /** The most that {@link #view} gives. */
  static int most() {
    return PERIOD;
  }

  /** Reads one body. */
  static final class Check {
    private final int id;
    private long count;
    private long wrong = -1;

    Check(int id) {
      this.id = id;
    }

    void update(byte[] bytes, int offset, int length) {
      for (int done = 0; done < length; ) {
        int n = Math.min(PERIOD, length - done);
        int at = (int) ((id + count) % PERIOD);
        int mismatch = Arrays.mismatch(bytes, offset + done, offset + done + n, BYTES, at, at + n);
        if (mismatch >= 0 && wrong < 0) {
          wrong = count + mismatch;
        }
        done += n;
        count += n;
      }
    }

    long count() {
      return count;
    }

    /** How many bytes came and, where they are not the pattern's, the first such position. */
    String result() {
      return wrong < 0 ? Long.toString(count) : count + " wrong at " + wrong;
    }
  }
}
