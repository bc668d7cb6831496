package io.httpaudit.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Clients that count their bytes, no two exchanges of the same size, against the JDK's server: a
 * few exchanges a connection, some connections at once. Each body is checked. What each moved is
 * written to the file {@code arguments[0]}: {@code number requestOffset requestBytes responseOffset
 * responseBytes}. {@code arguments[1]}: how many.
 */
public final class CountedExchanges {
  private static final int THREADS = 4;
  private static final int A_CONNECTION = 5;

  private CountedExchanges() {}

  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[1]);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", CountedExchanges::answer);
    ExecutorService pool = Executors.newCachedThreadPool();
    server.setExecutor(pool);
    server.start();
    ExecutorService clients = Executors.newFixedThreadPool(THREADS);
    List<Future<List<String>>> all = new ArrayList<>();
    for (int first = 0; first < count; first += A_CONNECTION) {
      int from = first;
      Callable<List<String>> connection =
          () ->
              connection(server.getAddress().getPort(), from, Math.min(count, from + A_CONNECTION));
      all.add(clients.submit(connection));
    }
    int checked = 0;
    try (PrintWriter truth =
        new PrintWriter(Path.of(arguments[0]).toFile(), StandardCharsets.US_ASCII)) {
      for (Future<List<String>> one : all) {
        for (String line : one.get()) {
          truth.println(line);
          checked++;
        }
      }
    }
    System.out.println("checked " + checked);
    clients.shutdown();
    // The server's threads are through with their writes before their connections are closed.
    pool.shutdown();
    pool.awaitTermination(10, TimeUnit.SECONDS);
    server.stop(0);
  }

  private static int responseLength(int number) {
    return 10 + 3 * number;
  }

  private static void answer(HttpExchange exchange) throws IOException {
    int number = Integer.parseInt(exchange.getRequestURI().getQuery().substring("n=".length()));
    int length = exchange.getRequestBody().readAllBytes().length;
    byte[] body = new byte[responseLength(number)];
    body[0] = (byte) number;
    exchange.sendResponseHeaders(length == number ? 200 : 400, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static List<String> connection(int port, int from, int to) throws IOException {
    List<String> truth = new ArrayList<>();
    long out = 0;
    long in = 0;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      OutputStream output = socket.getOutputStream();
      DataInputStream input = new DataInputStream(socket.getInputStream());
      for (int number = from; number < to; number++) {
        byte[] head =
            ("POST /counted?n="
                    + number
                    + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + number
                    + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        output.write(head);
        output.write(new byte[number]);
        int answered = response(input, number);
        truth.add(number + " " + out + " " + (head.length + number) + " " + in + " " + answered);
        out += head.length + number;
        in += answered;
      }
    }
    return truth;
  }

  /** Its size in bytes. */
  private static int response(DataInputStream input, int number) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) input.readUnsignedByte());
    }
    byte[] body = new byte[responseLength(number)];
    input.readFully(body);
    if (!head.toString().startsWith("HTTP/1.1 200 ") || body[0] != (byte) number) {
      throw new IOException("not the answer to " + number + ": " + head);
    }
    return head.length() + body.length;
  }
}
