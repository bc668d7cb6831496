package io.httpaudit.capture;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * A process of its own, in another network namespace: sends back what it reads, one connection at a
 * time.
 */
final class EchoServer {
  private EchoServer() {}

  public static void main(String[] arguments) throws IOException {
    try (ServerSocket server = new ServerSocket(Integer.parseInt(arguments[0]))) {
      System.out.println("ready");
      while (true) {
        try (Socket socket = server.accept()) {
          byte[] bytes = new byte[4096];
          for (int n = socket.getInputStream().read(bytes);
              n > 0;
              n = socket.getInputStream().read(bytes)) {
            socket.getOutputStream().write(bytes, 0, n);
          }
        }
      }
    }
  }
}
