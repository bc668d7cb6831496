package io.httpaudit.report;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLServerSocket;

/**
 * A collector that answers each request by what a test has written down for it: on a real socket,
 * one thread a connection.
 */
final class PlayedCollector implements AutoCloseable {
  /** Behind an answer: the connection is closed after it. */
  static final String CLOSE = "\u0000close";

  /** Instead of one. */
  static final String SILENCE = "\u0000silence";

  static final String DRIPS = "\u0000drips";
  static final String TAKES_NOTHING = "\u0000takes nothing";

  /** Says each failure that a test plays. Held: a logger that nobody holds forgets its level. */
  private static final Logger SDK = Logger.getLogger("io.opentelemetry");

  static {
    SDK.setLevel(Level.OFF);
  }

  record Request(String head, byte[] body) {}

  private final ServerSocket server;
  private final Thread accepting;
  private final List<String> answers = new ArrayList<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  PlayedCollector() {
    this(ServerSocketFactory.getDefault());
  }

  PlayedCollector(ServerSocketFactory factory) {
    try {
      server = factory.createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    accepting = daemon(this::accept);
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  void answers(String... next) {
    answers.addAll(List.of(next));
  }

  int port() {
    return server.getLocalPort();
  }

  String endpoint() {
    return (server instanceof SSLServerSocket ? "https" : "http")
        + "://127.0.0.1:"
        + port()
        + "/v1/traces";
  }

  List<Request> requests() {
    return requests;
  }

  int connections() {
    return sockets.size();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        sockets.add(socket);
        daemon(() -> serve(socket));
      }
    } catch (IOException e) {
      // Closed.
      return;
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      OutputStream out = socket.getOutputStream();
      while (true) {
        String head = head(in);
        if (head.isEmpty()) {
          return;
        }
        String answer = requests.size() < answers.size() ? answers.get(requests.size()) : SILENCE;
        if (answer.equals(TAKES_NOTHING)) {
          Thread.sleep(60_000);
        }
        requests.add(new Request(head, in.readNBytes(length(head))));
        if (!answer(answer, out)) {
          return;
        }
      }
    } catch (IOException e) {
      // The sender's end.
      return;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean answer(String answer, OutputStream out)
      throws IOException, InterruptedException {
    if (answer.equals(SILENCE)) {
      Thread.sleep(60_000);
    }
    if (answer.endsWith(DRIPS)) {
      out.write(answer.replace(DRIPS, "").getBytes(StandardCharsets.ISO_8859_1));
      while (true) {
        out.write('H');
        Thread.sleep(20);
      }
    }
    boolean close = answer.endsWith(CLOSE);
    out.write(answer.replace(CLOSE, "").getBytes(StandardCharsets.ISO_8859_1));
    return !close;
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
      int b = in.read();
      if (b < 0) {
        return "";
      }
      head.write(b);
    }
    return head.toString(StandardCharsets.ISO_8859_1);
  }

  private static int length(String head) {
    String field = "Content-Length: ";
    int from = head.indexOf(field) + field.length();
    return Integer.parseInt(head.substring(from, head.indexOf('\r', from)));
  }

  @Override
  public void close() {
    try {
      server.close();
      // Until its accept has returned, the kernel still takes connections.
      accepting.join(2_000);
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
