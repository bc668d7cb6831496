package io.httpaudit.report;

import java.io.IOException;
import java.net.Socket;

/**
 * Ends a request to a collector that takes nothing, or answers in drips: the JDK's sockets have a
 * timeout for a single read alone. One request at a time; whoever passes by now and then looks at
 * the clock.
 */
final class Deadline {
  private static Socket socket;
  private static long at;

  private Deadline() {}

  /** With the time of {@link System#nanoTime()} at which it is ended. */
  static synchronized void begin(Socket requested, long until) {
    socket = requested;
    at = until;
  }

  static synchronized void done() {
    socket = null;
  }

  /** Any thread. Closes the socket of a request whose time is over, so that it fails. */
  static synchronized void look() {
    if (socket != null && System.nanoTime() - at > 0) {
      try {
        socket.close();
      } catch (IOException e) {
        // The request fails all the same.
      } finally {
        socket = null;
      }
    }
  }
}
