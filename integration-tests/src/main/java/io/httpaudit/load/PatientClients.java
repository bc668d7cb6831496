package io.httpaudit.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * So many connections at once, one request each, whose body has so many bytes. Says {@code waiting}
 * once each has written its head, and for each its marks, nanoTime: before {@code connect}, behind
 * it, before the head's write, behind it, and how many bytes it sent and got.
 *
 * <p>Each line of standard input is a round: address, port, connections, bytes of each body.
 */
public final class PatientClients {
  private PatientClients() {}

  public static void main(String[] arguments) throws Exception {
    BufferedReader rounds =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = rounds.readLine(); line != null; line = rounds.readLine()) {
      String[] round = line.split(" ");
      round(
          InetAddress.getByName(round[0]),
          Integer.parseInt(round[1]),
          Integer.parseInt(round[2]),
          Integer.parseInt(round[3]));
      System.out.println("done");
    }
  }

  private static void round(InetAddress address, int port, int connections, int body)
      throws InterruptedException {
    CountDownLatch written = new CountDownLatch(connections);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Thread thread = new Thread(() -> call(address, port, body, written));
      thread.start();
      threads.add(thread);
    }
    written.await();
    System.out.println("waiting");
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void call(InetAddress address, int port, int body, CountDownLatch written) {
    long connecting = System.nanoTime();
    try (Socket socket = new Socket(address, port)) {
      long connected = System.nanoTime();
      socket.setTcpNoDelay(true);
      OutputStream out = socket.getOutputStream();
      byte[] head =
          ("POST /late HTTP/1.1\r\nHost: late\r\nContent-Length: " + body + "\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII);
      long writing = System.nanoTime();
      out.write(head);
      long wrote = System.nanoTime();
      written.countDown();
      out.write(new byte[body]);
      // The server keeps the connection open until this side closes it.
      byte[] answer = new byte[1_000];
      int got = 0;
      while (!new String(answer, 0, got, StandardCharsets.US_ASCII).endsWith("\r\n\r\nok")) {
        got += socket.getInputStream().read(answer, got, answer.length - got);
      }
      say(
          socket.getLocalPort() + ":" + port,
          connecting,
          connected,
          writing,
          wrote,
          head.length + body,
          got);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static synchronized void say(String ports, long... marks) {
    StringBuilder line = new StringBuilder("called ").append(ports);
    for (long mark : marks) {
      line.append(' ').append(mark);
    }
    System.out.println(line);
  }
}
