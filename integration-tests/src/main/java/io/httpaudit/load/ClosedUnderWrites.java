package io.httpaudit.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Clients that are closed as Jetty 9 closes them, while another thread is in the write of their
 * second request: the key is cancelled first, and then, on JDK 17, whoever selects closes the
 * socket without waiting for the write. A hook that tells a write's end late finds it gone. The
 * argument is how many.
 */
public final class ClosedUnderWrites {
  private ClosedUnderWrites() {}

  public static void main(String[] arguments) throws Exception {
    for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
      try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
          Selector selector = Selector.open()) {
        Thread answers = start(() -> answerTheFirst(server));
        SocketChannel client = SocketChannel.open(server.getLocalSocketAddress());
        ask(client, "/first");
        client.read(ByteBuffer.allocate(999));
        client.configureBlocking(false);
        SelectionKey key = client.register(selector, SelectionKey.OP_READ);
        Thread writes = start(() -> ask(client, "/second"));
        Thread.sleep(15);
        Thread closes =
            start(
                () -> {
                  key.cancel();
                  client.close();
                });
        Thread.sleep(5);
        selector.selectNow();
        closes.join();
        writes.join();
        answers.join();
      }
    }
  }

  private interface Action {
    void run() throws IOException;
  }

  private static Thread start(Action action) {
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    thread.start();
    return thread;
  }

  private static void ask(SocketChannel client, String path) throws IOException {
    String request = "GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n";
    client.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
  }

  private static void answerTheFirst(ServerSocket server) throws IOException {
    try (Socket socket = server.accept()) {
      byte[] request = new byte[999];
      socket.getInputStream().read(request);
      String answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
      socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
      socket.getInputStream().read(request);
    }
  }
}
