package io.httpaudit.load;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * A server and its client, which waits for commands on standard input: {@code again} calls over one
 * connection that stays, {@code new} over one of its own. Each call prints {@code answered}. Ends
 * with its input.
 */
public final class OnDemand {
  private static final String ANSWER =
      "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-length: 2\r\n\r\nok";

  private OnDemand() {}

  public static void main(String[] arguments) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write(new byte[] {'o', 'k'});
          exchange.close();
        });
    server.start();
    int port = server.getAddress().getPort();
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    try (Socket kept = new Socket(InetAddress.getLoopbackAddress(), port)) {
      call(kept, "/kept");
      for (String command = commands.readLine(); command != null; command = commands.readLine()) {
        if (command.equals("again")) {
          call(kept, "/again");
        } else {
          try (Socket own = new Socket(InetAddress.getLoopbackAddress(), port)) {
            call(own, "/new");
          }
        }
        System.out.println(command + " answered");
      }
    }
    server.stop(0);
  }

  private static void call(Socket socket, String target) throws IOException {
    socket
        .getOutputStream()
        .write(
            ("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    byte[] answer = new byte[ANSWER.length()];
    new DataInputStream(socket.getInputStream()).readFully(answer);
    if (!new String(answer, StandardCharsets.US_ASCII).endsWith("\r\n\r\nok")) {
      throw new IOException("not the answer");
    }
    if (target.equals("/kept")) {
      System.out.println("ready");
    }
  }
}
