package io.httpaudit.report;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Our lines on standard error, whole ones, past {@code System.err}: an application may have put
 * something else there, and what it put there may lead back to us. Any thread.
 */
public final class Stderr {
  private static final long MINUTE = 60_000_000_000L;

  private static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.err);

  private Stderr() {}

  public static void line(String line) {
    try {
      OUT.write(line.concat("\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // A closed standard error: there is nobody to tell.
      return;
    }
  }

  /** A source of trouble that may last: at most one line a minute. */
  public static final class Rare {
    private boolean said;
    private long at;

    public synchronized void line(String line) {
      long now = System.nanoTime();
      if (!said || now - at >= MINUTE) {
        said = true;
        at = now;
        Stderr.line(line);
      }
    }
  }
}
