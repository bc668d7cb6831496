package io.httpaudit.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One of several processes that share a host, a port, a server: run audited, and not. Serves if
 * told so, and calls once a line comes on standard input; the heads and bodies of both ways are
 * full of a mark.
 */
public final class Neighbour {
  /** Its rotations are all that eight bytes in a row of the marked payload can be. */
  public static final String MARK = "QzXj";

  private static final int BODY = 200;

  private Neighbour() {}

  /**
   * @param arguments {@code serve=port}: on all addresses, with SO_REUSEPORT; {@code
   *     call=address:port}; {@code exchanges=n}; {@code each=n}: exchanges on a connection; {@code
   *     ports=p}: the first connection's own port, 0: any; {@code pause=ms} between exchanges
   */
  public static void main(String[] arguments) throws Exception {
    String call = "";
    int exchanges = 0;
    int each = 1;
    int ports = 0;
    int pause = 0;
    for (String argument : arguments) {
      String value = argument.substring(argument.indexOf('=') + 1);
      switch (argument.substring(0, argument.indexOf('='))) {
        case "serve" -> serve(Integer.parseInt(value));
        case "call" -> call = value;
        case "exchanges" -> exchanges = Integer.parseInt(value);
        case "each" -> each = Integer.parseInt(value);
        case "ports" -> ports = Integer.parseInt(value);
        case "pause" -> pause = Integer.parseInt(value);
        default -> throw new IllegalArgumentException(argument);
      }
    }
    System.out.println("ready");
    System.in.read();
    List<Socket> open = new ArrayList<>();
    for (int done = 0; done < exchanges; done += each) {
      Socket socket = connect(call, ports == 0 ? 0 : ports + done / each);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      for (int i = 0; i < each; i++) {
        socket
            .getOutputStream()
            .write(message("POST /" + MARK.repeat(10) + " HTTP/1.1\r\nHost: x"));
        read(in);
        if (pause > 0) {
          Thread.sleep(pause);
        }
      }
      // The last ones stay open, to the end of all.
      open.add(socket);
      if (open.size() > 3) {
        open.remove(0).close();
      }
    }
    System.out.println("called");
    while (System.in.read() >= 0) {
      // Until standard input ends.
    }
    System.exit(0);
  }

  private static Socket connect(String to, int localPort) throws IOException {
    int colon = to.lastIndexOf(':');
    Socket socket = new Socket();
    socket.setReuseAddress(true);
    socket.setTcpNoDelay(true);
    if (localPort > 0) {
      socket.bind(new InetSocketAddress(localPort));
    }
    socket.connect(
        new InetSocketAddress(to.substring(0, colon), Integer.parseInt(to.substring(colon + 1))));
    return socket;
  }

  private static byte[] message(String start) {
    return (start
            + "\r\nX-Secret: "
            + MARK.repeat(10)
            + "\r\nContent-Length: "
            + BODY
            + "\r\n\r\n"
            + MARK.repeat(BODY / MARK.length()))
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static void serve(int port) throws IOException {
    ServerSocket server = new ServerSocket();
    server.setOption(StandardSocketOptions.SO_REUSEPORT, true);
    server.bind(new InetSocketAddress(port), 1000);
    start(
        () -> {
          while (true) {
            Socket socket = server.accept();
            socket.setTcpNoDelay(true);
            start(() -> answer(socket));
          }
        });
  }

  /** What a thread runs. */
  private interface Task {
    void run() throws IOException;
  }

  private static void start(Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private static void answer(Socket socket) throws IOException {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      while (read(in)) {
        socket.getOutputStream().write(message("HTTP/1.1 200 OK"));
      }
    }
  }

  /** A whole message, which ends where all of these do; false: the other end has closed. */
  private static boolean read(InputStream in) throws IOException {
    int last = 0;
    for (int b = in.read(); b >= 0; b = in.read()) {
      last = last << 8 | b;
      if (last == 0x0d0a0d0a) {
        return in.readNBytes(BODY).length == BODY;
      }
    }
    return false;
  }
}
