package io.httpaudit.demo;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * The store room, on loopback. Its {@value #WORKERS} workers do all: while each of them counts a
 * shelf for {@value #COUNTING} ms, whatever else is asked for lies in the kernel, unread. The
 * handler that then takes it would swear that it took no longer than its own {@value #RESERVING}
 * ms.
 */
public final class Stock {
  private static final int WORKERS = 3;
  private static final int COUNTING = 400;
  private static final int RESERVING = 20;

  private Stock() {}

  public static void main(String[] arguments) throws IOException {
    new TextServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), WORKERS)
        .answers("/count", query -> count())
        .answers("/reserve", query -> after(RESERVING, "reserved\n"))
        .answers("/health", query -> after(0, "fine\n"))
        .start();
  }

  private static String count() throws IOException {
    System.out.println("counting");
    return after(COUNTING, "42 left\n");
  }

  /** So long is worked for the answer. */
  static String after(int millis, String answer) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new InterruptedIOException("told to stop");
    }
    return answer;
  }
}
