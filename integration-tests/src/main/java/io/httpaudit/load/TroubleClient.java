package io.httpaudit.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.net.ExtendedSocketOptions;

/**
 * Calls a {@link TroubleServer} in ways that make trouble. Prints {@code done}, how many requests
 * it began, and how many responses it read whole.
 *
 * <p>Arguments: what ({@code bulk}, {@code cut}, {@code stop}, {@code idle}, {@code reuse}, {@code
 * reuse-later}, {@code short}), address, port, how often, seed.
 */
public final class TroubleClient {
  private static final int THREADS = 4;
  private static final AtomicInteger BEGUN = new AtomicInteger();
  private static final AtomicInteger WHOLE = new AtomicInteger();

  private final InetSocketAddress server;
  private final Random random;

  private TroubleClient(InetSocketAddress server, long seed) {
    this.server = server;
    random = new Random(seed);
  }

  public static void main(String[] arguments) throws Exception {
    InetSocketAddress server =
        new InetSocketAddress(InetAddress.getByName(arguments[1]), Integer.parseInt(arguments[2]));
    int times = Integer.parseInt(arguments[3]);
    int threads = THREADS;
    List<Thread> running = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      TroubleClient client = new TroubleClient(server, Long.parseLong(arguments[4]) * 100 + i);
      Thread thread =
          new Thread(() -> client.run(arguments[0], (times + threads - 1) / threads, failures));
      thread.start();
      running.add(thread);
    }
    for (Thread thread : running) {
      thread.join();
    }
    for (Throwable failure : failures) {
      failure.printStackTrace();
    }
    System.out.println("done " + BEGUN + " " + WHOLE);
    System.exit(failures.isEmpty() ? 0 : 1);
  }

  private void run(String what, int times, List<Throwable> failures) {
    try {
      switch (what) {
        case "bulk" -> bulk(times);
        case "cut" -> cut(times);
        case "stop" -> stop(times);
        case "idle" -> idle(times);
        case "reuse" -> reuse(times, 0);
        case "reuse-later" -> reuse(times, 700);
        case "short" -> brief(times);
        default -> throw new IllegalArgumentException(what);
      }
    } catch (IOException | RuntimeException e) {
      synchronized (failures) {
        failures.add(e);
      }
    }
  }

  /** Large and small bodies both ways, on connections kept alive for some exchanges. */
  private void bulk(int times) throws IOException {
    for (int done = 0; done < times; ) {
      try (Wire wire = new Wire(server)) {
        // What comes while the server is about to accept is another test's.
        wire.exchange("/first?send=10", 10);
        int here = Math.min(times - done, 1 + random.nextInt(8));
        for (int i = 0; i < here; i++) {
          wire.exchange("/bulk?send=" + size(), size());
        }
        done += here;
      }
    }
  }

  private int size() {
    return random.nextInt(3) == 0 ? random.nextInt(2_000) : random.nextInt(300_000);
  }

  /** One small exchange a connection, each connection new. */
  private void brief(int times) throws IOException {
    for (int i = 0; i < times; i++) {
      try (Wire wire = new Wire(server)) {
        wire.exchange("/short?send=100", 10);
      }
    }
  }

  /** Connections reset by either end, anywhere, behind none or some whole exchanges. */
  private void cut(int times) {
    for (int i = 0; i < times; i++) {
      try (Wire wire = new Wire(server)) {
        // Whom a middlebox cut off does not hear of it.
        wire.socket.setSoTimeout(3_000);
        wire.exchange("/first?send=10", 10);
        for (int n = random.nextInt(3); n > 0; n--) {
          wire.exchange("/whole?send=" + random.nextInt(20_000), random.nextInt(20_000));
        }
        int body = random.nextInt(200_000);
        int send = random.nextInt(200_000);
        switch (random.nextInt(5)) {
          case 0 -> wire.exchange("/cutread?cutread=" + random.nextInt(body + 1), body);
          case 1 ->
              wire.exchange(
                  "/cut?send=" + send + "&cut=" + random.nextInt(send + 1), random.nextInt(100));
          case 2 ->
              wire.exchange(
                  "/cutlate?linger=30&send=" + send + "&cut=" + random.nextInt(send + 1), 0);
          case 3 -> {
            wire.begin("/cutsend?send=10", body, random.nextInt(body + 1));
            wire.reset(random.nextInt(20));
          }
          default -> {
            wire.begin("/cutget?send=" + send, 0, 0);
            wire.readSome(random.nextInt(send + 1));
            wire.reset(0);
          }
        }
      } catch (IOException e) {
        // Cut, as it was asked for.
      }
    }
  }

  /** A reader that stops, at either end: the window closes. */
  private void stop(int times) throws IOException {
    for (int i = 0; i < times; i++) {
      try (Wire wire = new Wire(server)) {
        wire.begin("/stop?send=6000000", 0, 0);
        wire.readHead();
        sleep(900);
        wire.readBody();
        wire.exchange("/stop?pause=900&send=10", 5_000_000);
        wire.exchange("/stop?send=10", 10);
      }
    }
  }

  /** Idle for so long that the kernel asks whether the peer is there. */
  private void idle(int times) throws IOException {
    try (Wire wire = new Wire(server)) {
      wire.socket.setKeepAlive(true);
      wire.socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
      wire.socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
      for (int i = 0; i < times; i++) {
        wire.exchange("/idle?send=2000", 2_000);
        sleep(2_600);
      }
      wire.exchange("/idle?send=2000", 2_000);
    }
  }

  /**
   * The same local port again and again, at once or after a pause. The server closes first, so the
   * port is free here.
   */
  private void reuse(int times, int pause) throws IOException {
    int port = 0;
    for (int i = 0; i < times; i++) {
      try (Socket socket = new Socket()) {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(port));
        port = socket.getLocalPort();
        socket.connect(server);
        Wire wire = new Wire(socket);
        if (i % 3 == 2) {
          wire.begin("/reuse?send=300000", 0, 0);
          wire.readSome(1_000);
          wire.reset(0);
        } else {
          wire.exchange("/reuse?close=1&send=" + random.nextInt(50_000), random.nextInt(1_000));
          wire.awaitEnd();
        }
      }
      if (pause > 0) {
        sleep(pause / 2 + random.nextInt(pause));
      }
    }
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A connection. */
  private static final class Wire implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private int length;

    Wire(InetSocketAddress server) throws IOException {
      this(new Socket(server.getAddress(), server.getPort()));
    }

    Wire(Socket socket) throws IOException {
      this.socket = socket;
      socket.setSoTimeout(20_000);
      in = new BufferedInputStream(socket.getInputStream(), 16_384);
      out = socket.getOutputStream();
    }

    void exchange(String target, int body) throws IOException {
      begin(target, body, body);
      readHead();
      readBody();
    }

    /** A request with {@code written} bytes of a body of {@code body}. */
    void begin(String target, int body, int written) throws IOException {
      BEGUN.incrementAndGet();
      out.write(
          ("POST " + target + " HTTP/1.1\r\nHost: trouble\r\nContent-Length: " + body + "\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      byte[] piece = new byte[10_000];
      for (int done = 0; done < written; ) {
        int n = Math.min(piece.length, written - done);
        out.write(piece, 0, n);
        done += n;
      }
    }

    void readHead() throws IOException {
      String head = TroubleServer.head(in);
      if (head.isEmpty()) {
        throw new IOException("no response");
      }
      length = Integer.parseInt(TroubleServer.header(head, "Content-Length", "0"));
    }

    void readBody() throws IOException {
      if (in.readNBytes(length).length < length) {
        throw new IOException("half a response");
      }
      WHOLE.incrementAndGet();
    }

    void readSome(int bytes) throws IOException {
      readHead();
      in.readNBytes(Math.min(bytes, length));
    }

    void awaitEnd() throws IOException {
      if (in.read() >= 0) {
        throw new IOException("more than a response");
      }
    }

    void reset(int afterMillis) throws IOException {
      sleep(afterMillis);
      socket.setSoLinger(true, 0);
      socket.close();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
