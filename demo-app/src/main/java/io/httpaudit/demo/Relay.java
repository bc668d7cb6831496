package io.httpaudit.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * Carries bytes from a port of the address that is its first argument to the host and port that
 * follow. From the bank's network this host is reached, but not what listens on its loopback, as a
 * Jaeger does: the bank's spans take this way.
 */
public final class Relay {
  private Relay() {}

  public static void main(String[] arguments) throws IOException {
    try (ServerSocket in = new ServerSocket(0, 0, InetAddress.getByName(arguments[0]))) {
      System.out.println("listening on " + in.getLocalPort());
      while (true) {
        Socket one = in.accept();
        try {
          Socket other = new Socket(arguments[1], Integer.parseInt(arguments[2]));
          carry(one, other);
          carry(other, one);
        } catch (IOException e) {
          System.err.println(arguments[1] + ":" + arguments[2] + ": " + e.getMessage());
          one.close();
        }
      }
    }
  }

  /** Until either end closes: then both are. */
  private static void carry(Socket from, Socket to) {
    Thread thread =
        new Thread(
            () -> {
              try (from;
                  to) {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                in.transferTo(out);
              } catch (IOException e) {
                // One of them is gone, and with it the other.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }
}
