package io.httpaudit.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A stream's lines, one at a time, whatever the stream's length. */
final class LogLines {
  /** No line of an audit log is so long; what lies behind it is skipped. */
  private static final int LONGEST = 1 << 20;

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int at;
  private int end;
  private long bytes;
  private boolean ended = true;

  LogLines(InputStream in) {
    this.in = in;
  }

  /** The next line without its end; empty: there is none. */
  Optional<String> next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(1024);
    boolean some = false;
    ended = false;
    while (!ended) {
      if (at == end && !fill()) {
        break;
      }
      some = true;
      int from = at;
      while (at < end && buffer[at] != '\n') {
        at++;
      }
      line.write(buffer, from, Math.max(0, Math.min(at - from, LONGEST - line.size())));
      if (at < end) {
        at++;
        ended = true;
      }
    }
    return some ? Optional.of(line.toString(StandardCharsets.UTF_8)) : Optional.empty();
  }

  private boolean fill() throws IOException {
    at = 0;
    end = Math.max(0, in.read(buffer));
    bytes += end;
    return end > 0;
  }

  /**
   * Whether the last line had an end: the last of a log that is being written, or was cut off, may
   * have none.
   */
  boolean ended() {
    return ended;
  }

  /** How many bytes were read so far. */
  long bytes() {
    return bytes;
  }
}
