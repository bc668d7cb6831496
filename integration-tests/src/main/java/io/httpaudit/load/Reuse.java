package io.httpaudit.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * File descriptor numbers used again at once, by connections of one exchange each. Some are closed
 * by another thread while their own waits in a read; datagram sockets take numbers in between.
 * Argument: how many connections.
 */
public final class Reuse {
  private static final int THREADS = 4;
  private static final byte[] ANSWER =
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(StandardCharsets.US_ASCII);

  private final ExecutorService pool = Executors.newCachedThreadPool();
  private final ServerSocket server;
  private final InetSocketAddress address;

  private Reuse() throws IOException {
    server = new ServerSocket(0, 100, InetAddress.getByName("127.0.0.1"));
    address = new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
  }

  public static void main(String[] arguments) throws Exception {
    new Reuse().run(Integer.parseInt(arguments[0]));
  }

  private void run(int count) throws Exception {
    pool.execute(this::accept);
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> threads = new ArrayList<>();
    for (int t = 0; t < THREADS; t++) {
      threads.add(
          pool.submit(
              () -> {
                for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                  if (i % 2 == 0) {
                    socket(i);
                  } else {
                    channel(i);
                  }
                  datagram();
                }
                return null;
              }));
    }
    for (Future<?> thread : threads) {
      thread.get();
    }
    server.close();
    pool.shutdown();
    pool.awaitTermination(20, TimeUnit.SECONDS);
  }

  private void accept() {
    while (true) {
      try {
        Socket accepted = server.accept();
        pool.execute(() -> serve(accepted));
      } catch (IOException e) {
        return;
      }
    }
  }

  private static void serve(Socket socket) {
    try (socket) {
      byte[] request = new byte[1_000];
      int n = 0;
      while (n < 4 || request[n - 3] != '\n') {
        int read = socket.getInputStream().read(request, n, request.length - n);
        if (read < 0) {
          return;
        }
        n += read;
      }
      socket.getOutputStream().write(ANSWER);
      socket.getInputStream().read();
    } catch (IOException e) {
      // The client's end.
    }
  }

  private static byte[] request(int i) {
    return ("GET /" + i + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
  }

  private void socket(int i) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(address);
      socket.getOutputStream().write(request(i));
      socket.getInputStream().readNBytes(ANSWER.length);
      if (i % 4 == 0) {
        pool.execute(() -> close(socket));
        socket.getInputStream().read();
      }
    } catch (IOException e) {
      closedByOther(i, e);
    }
  }

  private void channel(int i) throws IOException {
    try (SocketChannel channel = SocketChannel.open(address)) {
      channel.write(ByteBuffer.wrap(request(i)));
      ByteBuffer answer = ByteBuffer.allocate(ANSWER.length);
      while (answer.hasRemaining()) {
        channel.read(answer);
      }
      if (i % 4 == 1) {
        pool.execute(() -> close(channel));
        channel.read(ByteBuffer.allocate(1));
      }
    } catch (IOException e) {
      closedByOther(i, e);
    }
  }

  private static void closedByOther(int i, IOException e) throws IOException {
    if (i % 4 > 1) {
      throw e;
    }
  }

  private void datagram() throws IOException {
    try (DatagramChannel channel = DatagramChannel.open()) {
      channel.connect(address);
    }
  }

  private static void close(AutoCloseable open) {
    try {
      open.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
