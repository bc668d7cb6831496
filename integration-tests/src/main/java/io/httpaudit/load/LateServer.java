package io.httpaudit.load;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Serves so many connections a round, one exchange each, but sleeps before each accept, and before
 * each first read: what came meanwhile waits in the kernel. Waits for a byte on standard input
 * before it begins to accept. Prints its own marks, nanoTime: when {@code accept} had returned,
 * before the first read, and behind it.
 *
 * <p>Each argument is a round: {@code blocking} or {@code selector}, address, connections,
 * milliseconds before each accept, milliseconds before each first read, SO_RCVBUF (0: as it is),
 * separated by commas.
 */
public final class LateServer {
  private static final byte[] ANSWER =
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
          .getBytes(StandardCharsets.US_ASCII);

  private LateServer() {}

  public static void main(String[] arguments) throws Exception {
    for (String argument : arguments) {
      String[] round = argument.split(",");
      InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(round[1]), 0);
      int connections = Integer.parseInt(round[2]);
      int acceptDelay = Integer.parseInt(round[3]);
      int readDelay = Integer.parseInt(round[4]);
      int receiveBuffer = Integer.parseInt(round[5]);
      if (round[0].equals("blocking")) {
        blocking(address, connections, acceptDelay, readDelay, receiveBuffer);
      } else {
        selector(address, connections, acceptDelay, readDelay, receiveBuffer);
      }
      System.out.println("done");
    }
  }

  private static void blocking(
      InetSocketAddress address, int connections, int acceptDelay, int readDelay, int receiveBuffer)
      throws Exception {
    List<Thread> threads = new ArrayList<>();
    try (ServerSocket listener = new ServerSocket()) {
      if (receiveBuffer > 0) {
        listener.setReceiveBufferSize(receiveBuffer);
      }
      listener.bind(address, 100);
      System.out.println("port " + listener.getLocalPort());
      waitForClients();
      for (int i = 0; i < connections; i++) {
        Thread.sleep(acceptDelay);
        Socket socket = listener.accept();
        long accepted = System.nanoTime();
        Thread thread = new Thread(() -> serve(socket, accepted, readDelay));
        thread.start();
        threads.add(thread);
      }
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void serve(Socket socket, long accepted, int readDelay) {
    try (socket) {
      Thread.sleep(readDelay);
      Head head = new Head();
      byte[] bytes = new byte[16_384];
      InputStream in = socket.getInputStream();
      long reading = System.nanoTime();
      int n = in.read(bytes);
      long read = System.nanoTime();
      while (n > 0 && !head.whole(bytes, n)) {
        n = in.read(bytes);
      }
      socket.getOutputStream().write(ANSWER);
      say(socket.getPort(), socket.getLocalPort(), accepted, reading, read);
      // The client closes first.
      in.read(bytes);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One connection of the selector. */
  private static final class Served {
    final Head head = new Head();
    final long accepted;
    long reading;
    long read;
    boolean answered;

    Served(long accepted) {
      this.accepted = accepted;
    }
  }

  private static void selector(
      InetSocketAddress address, int connections, int acceptDelay, int readDelay, int receiveBuffer)
      throws Exception {
    ByteBuffer buffer = ByteBuffer.allocateDirect(16_384);
    byte[] bytes = new byte[buffer.capacity()];
    int accepted = 0;
    int done = 0;
    try (Selector selector = Selector.open();
        ServerSocketChannel listener = ServerSocketChannel.open()) {
      if (receiveBuffer > 0) {
        listener.socket().setReceiveBufferSize(receiveBuffer);
      }
      listener.bind(address, 100);
      System.out.println("port " + listener.socket().getLocalPort());
      waitForClients();
      listener.configureBlocking(false);
      listener.register(selector, SelectionKey.OP_ACCEPT);
      while (done < connections) {
        selector.select();
        if (accepted < connections) {
          Thread.sleep(acceptDelay);
        }
        for (SelectionKey key : selector.selectedKeys()) {
          if (key.isAcceptable()) {
            SocketChannel channel = listener.accept();
            Served served = new Served(System.nanoTime());
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, served);
            accepted++;
            continue;
          }
          SocketChannel channel = (SocketChannel) key.channel();
          Served served = (Served) key.attachment();
          if (served.reading == 0) {
            Thread.sleep(readDelay);
            served.reading = System.nanoTime();
          }
          buffer.clear();
          int n = channel.read(buffer);
          if (served.read == 0) {
            served.read = System.nanoTime();
          }
          if (n > 0) {
            buffer.flip().get(bytes, 0, n);
          }
          if (n < 0) {
            channel.close();
            done++;
          } else if (!served.answered && served.head.whole(bytes, n)) {
            served.answered = true;
            channel.write(ByteBuffer.wrap(ANSWER));
            say(
                channel.socket().getPort(),
                channel.socket().getLocalPort(),
                served.accepted,
                served.reading,
                served.read);
          }
        }
        selector.selectedKeys().clear();
      }
    }
  }

  /** Until the clients say that their requests wait. */
  private static void waitForClients() throws IOException {
    System.in.read();
  }

  private static synchronized void say(
      int client, int port, long accepted, long reading, long read) {
    System.out.println(
        "served " + client + ":" + port + " " + accepted + " " + reading + " " + read);
  }

  /** Counts a request's bytes until it is whole. */
  private static final class Head {
    private final StringBuilder head = new StringBuilder();
    private long left = -1;

    boolean whole(byte[] bytes, int n) {
      if (left < 0) {
        head.append(new String(bytes, 0, n, StandardCharsets.ISO_8859_1));
        int end = head.indexOf("\r\n\r\n");
        if (end < 0) {
          return false;
        }
        int length = head.indexOf("Content-Length: ") + 16;
        left =
            Long.parseLong(head.substring(length, head.indexOf("\r\n", length)))
                - (head.length() - end - 4);
      } else {
        left -= n;
      }
      return left == 0;
    }
  }
}
