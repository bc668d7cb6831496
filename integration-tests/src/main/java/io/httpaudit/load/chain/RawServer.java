package io.httpaudit.load.chain;

import io.httpaudit.load.Transport;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The end of the chain: knows no library and no tracer, and writes down what each request carried.
 * Argument: the file for that, a line a request: path, {@code traceparent}, {@code tracestate},
 * {@code baggage}, parted by tabs.
 *
 * <p>Now and then it closes a connection that its client means to keep, and says nothing.
 */
public final class RawServer {
  private static final int CLOSES_EACH = 97;

  private final PrintWriter record;
  private final AtomicInteger answered = new AtomicInteger();

  private RawServer(PrintWriter record) {
    this.record = record;
  }

  public static void main(String[] arguments) throws Exception {
    PrintWriter record = new PrintWriter(Files.newBufferedWriter(Path.of(arguments[0])));
    RawServer server = new RawServer(record);
    ServerSocket socket = Transport.OWN.listen(500);
    Thread thread = new Thread(() -> server.accept(socket), "accept");
    thread.setDaemon(true);
    thread.start();
    System.out.println("ready " + socket.getLocalPort());
    System.in.read();
    record.close();
    System.exit(record.checkError() ? 1 : 0);
  }

  private void accept(ServerSocket socket) {
    try {
      while (true) {
        Socket connection = socket.accept();
        Thread thread = new Thread(() -> serve(connection), "connection");
        thread.setDaemon(true);
        thread.start();
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      connection.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(connection.getInputStream());
      boolean kept = true;
      for (Head head = Head.read(in); kept && head != null; head = kept ? Head.read(in) : null) {
        in.readNBytes(head.number("content-length"));
        Ask ask = Ask.of(head.word(1));
        record.println(
            String.join(
                "\t",
                ask.path(),
                head.field("traceparent"),
                head.field("tracestate"),
                head.field("baggage")));
        connection.getOutputStream().write(answer(ask).getBytes(StandardCharsets.US_ASCII));
        kept = answered.incrementAndGet() % CLOSES_EACH != 0;
      }
    } catch (IOException e) {
      // The client is gone.
    }
  }

  private static String answer(Ask ask) {
    if (ask.hop().equals("elsewhere")) {
      return "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
          + ask.at("raw").path()
          + "\r\n\r\n";
    }
    String body = ask.answer();
    return "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
  }
}
