package io.httpaudit.load;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Four exchanges on one connection, both ends in this JVM: an urgent byte of the client's before
 * the second request, one of the server's before the fourth response.
 */
public final class UrgentBytes {
  private static final int EXCHANGES = 4;
  private static final int HEARTBEAT = 0xFF;

  private UrgentBytes() {}

  public static void main(String[] arguments) throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread server = new Thread(() -> serve(listener));
      server.start();
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.getLocalPort())) {
        for (int i = 0; i < EXCHANGES; i++) {
          if (i == 1) {
            socket.sendUrgentData(HEARTBEAT);
          }
          write(socket, "GET /" + i + " HTTP/1.1\r\nHost: a\r\n\r\n");
          head(socket.getInputStream());
        }
      }
      server.join();
    }
    System.out.println("done");
  }

  private static void serve(ServerSocket listener) {
    try (Socket socket = listener.accept()) {
      for (int i = 0; i < EXCHANGES; i++) {
        head(socket.getInputStream());
        if (i == EXCHANGES - 1) {
          socket.sendUrgentData(HEARTBEAT);
        }
        write(socket, "HTTP/1.1 204 No Content\r\nX-Number: " + i + "\r\n\r\n");
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Up to the empty line. */
  private static void head(InputStream in) throws IOException {
    for (int last = 0; last != 0x0D0A0D0A; ) {
      int b = in.read();
      if (b < 0) {
        throw new IOException("ended within a head");
      }
      last = last << 8 | b;
    }
  }
}
