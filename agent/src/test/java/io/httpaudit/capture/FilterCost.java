package io.httpaudit.capture;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.kernel.Libc;
import io.httpaudit.kernel.Measured;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * What the filter takes for a packet, of an admitted flow and of another, beside an empty filter on
 * the same packets: not a test, and not run as one; integration-tests/bench.sh does.
 */
class FilterCost {
  private static final int ROUNDS = 30;
  private static final int ROUND_TRIPS = 20_000;

  @Test
  void print() throws Exception {
    double[] empty = new double[ROUNDS];
    double[] foreign = new double[ROUNDS];
    double[] own = new double[ROUNDS];
    Libc.load();
    Measured.count(true);
    try (Filter filter = new Filter();
        PingPong talk = new PingPong()) {
      for (int round = -2; round < ROUNDS; round++) {
        double none = cost(Measured.empty(), talk, null);
        double other = cost(Measured.of(filter.object), talk, null);
        filter.admit(talk.client(), talk.server(), 1);
        double ours = cost(Measured.of(filter.object), talk, filter);
        filter.withdraw(talk.client(), talk.server());
        if (round >= 0) {
          empty[round] = none;
          foreign[round] = other - none;
          own[round] = ours - none;
        }
      }
    } finally {
      Measured.count(false);
    }
    System.out.printf(
        Locale.ROOT,
        "%nfilter, ns a packet on lo, medians of %d rounds of %d packets%n",
        ROUNDS,
        2 * ROUND_TRIPS);
    System.out.printf("  empty                %s%n", quartiles(empty));
    System.out.printf("  foreign, less empty  %s%n", quartiles(foreign));
    System.out.printf("  own, less empty      %s%n", quartiles(own));
  }

  private static double cost(Measured measured, PingPong talk, Filter drained) throws IOException {
    try (measured) {
      long[] before = measured.spent();
      for (int i = 0; i < ROUND_TRIPS; i++) {
        talk.roundTrip();
        if (drained != null && i % 1_000 == 999) {
          drained.discard();
        }
      }
      long[] after = measured.spent();
      return (after[0] - before[0]) / (double) (after[1] - before[1]);
    }
  }

  private static String quartiles(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return String.format(
        Locale.ROOT, "%6.1f  (%.1f to %.1f)", sorted[n / 2], sorted[n / 4], sorted[n * 3 / 4]);
  }

  /** One connection, one byte there and one back; echoed on a thread of its own. */
  private static final class PingPong implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final Socket client =
        new Socket(InetAddress.getLoopbackAddress(), listener.getLocalPort());
    private final Socket server = listener.accept();

    PingPong() throws IOException {
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      Thread echo = new Thread(this::echo);
      echo.setDaemon(true);
      echo.start();
    }

    private void echo() {
      try {
        for (int b = server.getInputStream().read(); b >= 0; b = server.getInputStream().read()) {
          server.getOutputStream().write(b);
        }
      } catch (IOException e) {
        // Closed.
      }
    }

    void roundTrip() throws IOException {
      client.getOutputStream().write(1);
      client.getInputStream().read();
    }

    Endpoint client() {
      return Endpoint.of((InetSocketAddress) client.getLocalSocketAddress());
    }

    Endpoint server() {
      return Endpoint.of((InetSocketAddress) client.getRemoteSocketAddress());
    }

    @Override
    public void close() throws IOException {
      client.close();
      server.close();
      listener.close();
    }
  }
}
