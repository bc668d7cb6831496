package io.httpaudit.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program run to its end, for its output. */
public final class Command {
  private Command() {}

  /** Standard output; throws with all output if it fails, or takes longer than two minutes. */
  public static String run(String... words) {
    return run(List.of(words));
  }

  public static String run(List<String> words) {
    try {
      Process process =
          new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.PIPE).start();
      process.getOutputStream().close();
      Collector errors = new Collector(process.getErrorStream());
      Collector output = new Collector(process.getInputStream());
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IllegalStateException(words + " took longer than two minutes");
      }
      if (process.exitValue() != 0) {
        throw new IllegalStateException(
            words + " exited with " + process.exitValue() + ": " + errors.text() + output.text());
      }
      return output.text();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Standard error; throws if it fails. */
  static String errors(List<String> words) {
    try {
      Process process =
          new ProcessBuilder(words).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
      Collector errors = new Collector(process.getErrorStream());
      if (process.waitFor() != 0) {
        throw new IllegalStateException(
            words + " exited with " + process.exitValue() + ": " + errors.text());
      }
      return errors.text();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public static boolean exists(String name) {
    try {
      return new ProcessBuilder("sh", "-c", "command -v " + name).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads a stream to its end on a thread of its own. */
  static final class Collector {
    private final StringBuilder text = new StringBuilder();
    private final Thread thread;

    Collector(java.io.InputStream from) {
      thread =
          new Thread(
              () -> {
                byte[] bytes = new byte[8192];
                try (from) {
                  for (int n = from.read(bytes); n >= 0; n = from.read(bytes)) {
                    synchronized (text) {
                      text.append(new String(bytes, 0, n, StandardCharsets.ISO_8859_1));
                    }
                  }
                } catch (IOException e) {
                  // The process was ended.
                }
              });
      thread.setDaemon(true);
      thread.start();
    }

    /** All of it: waits for the end. */
    String text() {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return soFar();
    }

    String soFar() {
      synchronized (text) {
        return new String(
            text.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
      }
    }
  }
}
