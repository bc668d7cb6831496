package io.httpaudit.capture;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.kernel.OwnConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether the filter's clock is {@link System#nanoTime}: in a time namespace it is not
 * (time_namespaces(7)). Asked once, of a connection of our own on loopback, which the filter sees.
 */
public final class ClockCheck {
  /** Nanoseconds by which they may differ. */
  private static final long TOLERANCE = 1_000_000;

  private static final Endpoint LOOPBACK = new Endpoint(0, 0xffff_7f00_0001L, 0);

  private ClockCheck() {}

  /**
   * The difference in nanoseconds as far as it exceeds what the call itself took; 0: none.
   *
   * @param listening to tell the filter of our listener
   */
  static long difference(Candidates candidates, Listeners.Entries listening) {
    try (OwnConnection connection = new OwnConnection()) {
      Endpoint server = at(connection.port());
      listening.put(server);
      try {
        long before = System.nanoTime();
        connection.connect();
        long after = System.nanoTime();
        FlowTuple tuple = FlowTuple.of(at(connection.clientPort()), server);
        long syn = candidates.synTime(tuple);
        candidates.forget(tuple);
        if (syn != 0) {
          return syn < before ? before - syn : syn > after ? syn - after : 0;
        }
      } finally {
        listening.remove(server);
      }
    } catch (KernelException e) {
      // Loopback is down, or shut by a rule: ask the kernel's own word for it.
    }
    return declared() ? Long.MAX_VALUE : 0;
  }

  static boolean tolerable(long difference) {
    return difference <= TOLERANCE;
  }

  /** Whether the kernel says that our time namespace moves the monotonic clock. */
  public static boolean declared() {
    try {
      byte[] offsets = Files.readAllBytes(Path.of("/proc/self/timens_offsets"));
      for (String line : new String(offsets, StandardCharsets.US_ASCII).split("\n")) {
        if (line.startsWith("monotonic")) {
          String rest = line.substring("monotonic".length());
          return rest.chars().anyMatch(c -> c >= '1' && c <= '9');
        }
      }
      return false;
    } catch (IOException e) {
      // No time namespaces in this kernel.
      return false;
    }
  }

  private static Endpoint at(int port) {
    return new Endpoint(LOOPBACK.high(), LOOPBACK.low(), port);
  }
}
