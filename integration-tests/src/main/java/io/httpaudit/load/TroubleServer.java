package io.httpaudit.load;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * A server on plain sockets that does what the query asks for: {@code send} bytes in the response's
 * body (0), {@code pause} milliseconds before it reads the request's body, {@code cutread} bytes of
 * that body read before it resets the connection, {@code cut} bytes of the response's body written
 * before it does, {@code close} behind the response.
 *
 * <p>Argument: the address. Ends with its standard input.
 */
public final class TroubleServer {
  private TroubleServer() {}

  public static void main(String[] arguments) throws Exception {
    ServerSocket listener = new ServerSocket();
    listener.bind(new InetSocketAddress(InetAddress.getByName(arguments[0]), 0), 200);
    System.out.println("port " + listener.getLocalPort());
    Thread acceptor = new Thread(() -> accept(listener));
    acceptor.setDaemon(true);
    acceptor.start();
    while (System.in.read() >= 0) {
      // Until its end.
    }
    System.exit(0);
  }

  private static void accept(ServerSocket listener) {
    try {
      while (true) {
        Socket socket = listener.accept();
        Thread thread = new Thread(() -> serve(socket));
        thread.setDaemon(true);
        thread.start();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void serve(Socket socket) {
    try (socket) {
      socket.setSoTimeout(6_000);
      InputStream in = new BufferedInputStream(socket.getInputStream(), 16_384);
      OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 16_384);
      while (exchange(socket, in, out)) {
        // The next one.
      }
    } catch (IOException e) {
      // The peer, or the way to it, ended the connection: that is what this is for.
    }
  }

  private static boolean exchange(Socket socket, InputStream in, OutputStream out)
      throws IOException {
    String head = head(in);
    if (head.isEmpty()) {
      return false;
    }
    Map<String, Integer> asked = query(head);
    int length = Integer.parseInt(header(head, "Content-Length", "0"));
    if (asked.containsKey("pause")) {
      sleep(asked.get("pause"));
    }
    if (asked.containsKey("cutread")) {
      in.readNBytes(Math.min(length, asked.get("cutread")));
      reset(socket);
      return false;
    }
    for (int left = length; left > 0; ) {
      int n = in.readNBytes(Math.min(left, 8_192)).length;
      if (n == 0) {
        return false;
      }
      left -= n;
    }
    int size = asked.getOrDefault("send", 0);
    boolean close = asked.containsKey("close");
    out.write(
        ("HTTP/1.1 200 OK\r\nContent-Length: "
                + size
                + (close ? "\r\nConnection: close" : "")
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    int most = asked.getOrDefault("cut", size);
    byte[] piece = new byte[8_000];
    for (int done = 0; done < most; ) {
      int n = Math.min(piece.length, most - done);
      out.write(piece, 0, n);
      done += n;
    }
    out.flush();
    if (asked.containsKey("cut")) {
      sleep(asked.getOrDefault("linger", 0));
      reset(socket);
      return false;
    }
    return !close;
  }

  private static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A head with its empty line; empty: the stream ended. */
  static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
      int c = in.read();
      if (c < 0) {
        return "";
      }
      head.append((char) c);
    }
    return head.toString();
  }

  static String header(String head, String name, String otherwise) {
    int at = head.indexOf("\r\n" + name + ": ");
    if (at < 0) {
      return otherwise;
    }
    int from = at + name.length() + 4;
    return head.substring(from, head.indexOf("\r\n", from));
  }

  private static Map<String, Integer> query(String head) {
    Map<String, Integer> asked = new HashMap<>();
    String target = head.split(" ")[1];
    if (target.contains("?")) {
      for (String pair : target.substring(target.indexOf('?') + 1).split("&")) {
        String[] sides = pair.split("=");
        asked.put(sides[0], Integer.parseInt(sides[1]));
      }
    }
    return asked;
  }
}
