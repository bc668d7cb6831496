package io.httpaudit.report;

import java.io.IOException;
import java.net.Socket;

/**
 * Ends writes to a collector that takes nothing: the JDK's sockets have a timeout for reads alone. One writer; whoever passes
 * by now and then looks at the clock.
 */
final class WriteTimeout {
  private static Socket socket;
  private static long deadline;

  private WriteTimeout() {}

  /** Before a write, with the time of {@link System#nanoTime()} at which it is ended. */
  static synchronized void begin(Socket writing, long until) {
    socket = writing;
    deadline = until;
  }

  static synchronized void done() {
    socket = null;
  }

  /** Any thread. Closes the socket of a write whose time is over: the write fails. */
  static synchronized void look() {
    if (socket != null && System.nanoTime() - deadline > 0) {
      try {
        socket.close();
      } catch (IOException e) {
        // The write fails all the same.
      } finally {
        socket = null;
      }
    }
  }
}
