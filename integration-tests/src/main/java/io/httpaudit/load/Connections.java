package io.httpaudit.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Connections that carry no exchange, by each way of the JDK to make one. Prints a line for each:
 * what happened to it, and the port that it went to. Argument: an address that never answers, or
 * {@code -}.
 */
public final class Connections {
  private static final int PATIENCE = 300;

  private final List<Callable<String>> attempts = new ArrayList<>();

  private Connections() {}

  /** Connects, then reads if {@code read} until the peer ends it, and closes. */
  private interface Way {
    void go(InetSocketAddress to, boolean read) throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    Connections all = new Connections();
    InetAddress here = InetAddress.getByName("127.0.0.1");
    int port = 1;
    for (Way way :
        List.<Way>of(
            Connections::socket,
            Connections::impatientSocket,
            Connections::channel,
            Connections::adaptor,
            Connections::selector,
            Connections::asynchronous,
            Connections::client)) {
      all.attempt("refused", new InetSocketAddress(here, port++), way, false);
    }
    all.attempt("refused", new InetSocketAddress("::1", port++), Connections::channel, false);
    if (!arguments[0].equals("-")) {
      InetAddress silent = InetAddress.getByName(arguments[0]);
      // The caller's patience ends, or the kernel's.
      for (Way way :
          List.<Way>of(
              Connections::impatientSocket,
              Connections::adaptor,
              Connections::impatientSelector,
              Connections::impatientAsynchronous,
              Connections::client,
              Connections::socket,
              Connections::channel,
              Connections::selector,
              Connections::asynchronous)) {
        all.attempt("timeout", new InetSocketAddress(silent, port++), way, false);
      }
    }
    for (Way way :
        List.<Way>of(
            Connections::socket,
            Connections::impatientSocket,
            Connections::channel,
            Connections::adaptor,
            Connections::selector,
            Connections::asynchronous)) {
      all.served("closed_idle", here, way, false);
      all.served("reset", here, way, true);
    }
    all.datagram(here);
    all.go();
  }

  private void attempt(String outcome, InetSocketAddress to, Way way, boolean read) {
    attempts.add(
        () -> {
          try {
            way.go(to, read);
          } catch (Exception e) {
            // As it should be.
          }
          return outcome + " " + to.getPort();
        });
  }

  private void served(String outcome, InetAddress here, Way way, boolean reset) throws IOException {
    ServerSocket server = new ServerSocket(0, 1, here);
    Thread thread =
        new Thread(
            () -> {
              try (server;
                  Socket accepted = server.accept()) {
                if (reset) {
                  accepted.setSoLinger(true, 0);
                } else {
                  accepted.getInputStream().read();
                }
              } catch (IOException e) {
                // The client's matter.
              }
            });
    thread.start();
    attempt(outcome, new InetSocketAddress(here, server.getLocalPort()), way, reset);
  }

  /** What is no TCP has no line. */
  private void datagram(InetAddress here) {
    attempts.add(
        () -> {
          try (DatagramChannel channel = DatagramChannel.open()) {
            channel.connect(new InetSocketAddress(here, 9));
            return "none 9";
          }
        });
  }

  private void go() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(attempts.size());
    for (Future<String> done : threads.invokeAll(attempts)) {
      System.out.println(done.get());
    }
    threads.shutdown();
  }

  private static void socket(InetSocketAddress to, boolean read) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(to);
      readAll(socket, read);
    }
  }

  private static void impatientSocket(InetSocketAddress to, boolean read) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(to, PATIENCE);
      readAll(socket, read);
    }
  }

  private static void readAll(Socket socket, boolean read) throws IOException {
    if (read) {
      socket.getInputStream().readAllBytes();
    }
  }

  private static void channel(InetSocketAddress to, boolean read) throws IOException {
    try (SocketChannel channel = SocketChannel.open()) {
      channel.connect(to);
      if (read) {
        channel.read(ByteBuffer.allocate(1));
      }
    }
  }

  private static void adaptor(InetSocketAddress to, boolean read) throws IOException {
    try (SocketChannel channel = SocketChannel.open()) {
      channel.socket().connect(to, PATIENCE);
      if (read) {
        channel.read(ByteBuffer.allocate(1));
      }
    }
  }

  private static void selector(InetSocketAddress to, boolean read) throws IOException {
    select(to, read, 0);
  }

  private static void impatientSelector(InetSocketAddress to, boolean read) throws IOException {
    select(to, read, PATIENCE);
  }

  private static void select(InetSocketAddress to, boolean read, int patience) throws IOException {
    try (Selector selector = Selector.open();
        SocketChannel channel = SocketChannel.open()) {
      channel.configureBlocking(false);
      SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
      if (!channel.connect(to)) {
        if (selector.select(patience) == 0) {
          return;
        }
        channel.finishConnect();
      }
      if (read) {
        key.interestOps(SelectionKey.OP_READ);
        selector.select();
        channel.read(ByteBuffer.allocate(1));
      }
    }
  }

  private static void asynchronous(InetSocketAddress to, boolean read)
      throws IOException, InterruptedException, ExecutionException {
    try (AsynchronousSocketChannel channel = AsynchronousSocketChannel.open()) {
      channel.connect(to).get();
      if (read) {
        channel.read(ByteBuffer.allocate(1)).get();
      }
    }
  }

  private static void impatientAsynchronous(InetSocketAddress to, boolean read)
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    try (AsynchronousSocketChannel channel = AsynchronousSocketChannel.open()) {
      channel.connect(to).get(PATIENCE, TimeUnit.MILLISECONDS);
    }
  }

  private static void client(InetSocketAddress to, boolean read)
      throws IOException, InterruptedException {
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofMillis(PATIENCE))
            .build();
    URI uri = URI.create("http://" + to.getAddress().getHostAddress() + ":" + to.getPort() + "/");
    client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding());
  }
}
