package io.httpaudit.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The bank, on another host: one clerk at one counter, who speaks HTTP by hand. After each payment
 * the clerk enters it in the books, which takes {@value #BOOKING} ms, and accepts nobody meanwhile.
 * Who comes then is connected nevertheless: by the clerk's kernel, in the backlog. Beside it there
 * are counters that speak TLS, one for each key store that is an argument.
 */
public final class Bank {
  private static final int PAYING = 10;
  private static final int BOOKING = 300;

  private Bank() {}

  public static void main(String[] keys) throws Exception {
    StringBuilder ports = new StringBuilder("speaks TLS on");
    for (String each : keys) {
      ports.append(' ').append(TlsCounter.open(Path.of(each)));
    }
    System.out.println(ports);
    try (ServerSocket counter = new ServerSocket(0)) {
      System.out.println("listening on " + counter.getLocalPort());
      while (true) {
        if (serveNext(counter)) {
          long start = System.nanoTime();
          OwnTimes.tell(Stock.after(BOOKING, "booked"), start);
        }
      }
    }
  }

  /** Whether it was a payment. */
  private static boolean serveNext(ServerSocket counter) {
    try (Socket customer = counter.accept()) {
      return serve(reader(customer), customer, false).equals("/pay");
    } catch (IOException e) {
      // That customer has left. The next one, please.
      System.err.println("not served: " + e);
      return false;
    }
  }

  static BufferedReader reader(Socket customer) throws IOException {
    return new BufferedReader(
        new InputStreamReader(customer.getInputStream(), StandardCharsets.ISO_8859_1));
  }

  /**
   * What was asked for: {@code /pay}, {@code /health} or, of who leaves, nothing.
   *
   * @param staying whether who pays may ask for more
   */
  static String serve(BufferedReader in, Socket customer, boolean staying) throws IOException {
    String request = in.readLine();
    for (String header = request; header != null && !header.isEmpty(); ) {
      header = in.readLine();
    }
    if (request == null) {
      return "";
    }
    long start = System.nanoTime();
    boolean payment = request.startsWith("GET /pay");
    String answer = payment ? Stock.after(PAYING, "paid\n") : "fine\n";
    String response =
        "HTTP/1.1 200 OK\r\n"
            + (payment && staying ? "" : "Connection: close\r\n")
            + "Content-Length: "
            + answer.length()
            + "\r\n\r\n"
            + answer;
    customer.getOutputStream().write(response.getBytes(StandardCharsets.ISO_8859_1));
    String path = payment ? "/pay" : "/health";
    OwnTimes.tell("served " + path, start);
    return path;
  }
}
