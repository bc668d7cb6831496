package io.httpaudit.load;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Calls in the shapes that a trace can show, one after the other; each waits where it is told to,
 * at both of its ends. Arguments: the trace that one of them belongs to, and the one of another
 * that is not sampled.
 */
public final class TracedCalls {
  private final ServerSocket server = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));

  private TracedCalls() throws IOException {}

  public static void main(String[] arguments) throws Exception {
    TracedCalls calls = new TracedCalls();
    String child =
        "traceparent: 00-" + arguments[0] + "-b7ad6b7169203331-01\r\ntracestate: rojo=1\r\n";
    String unsampled = "traceparent: 00-" + arguments[1] + "-b7ad6b7169203331-00\r\n";
    calls.call("GET", "/plain?card=4111", "", 200, 0, 0, 0, 0);
    calls.call("GET", "/late", child, 200, 60, 40, 30, 20);
    calls.call("GET", "/unsampled", unsampled, 200, 0, 0, 0, 0);
    calls.call("GET", "/missing", "", 404, 0, 0, 0, 0);
    calls.call("POST", "/broken", "", 503, 0, 0, 0, 0);
    calls.call("PURGE", "/cache", "", 200, 0, 0, 0, 0);
    calls.call("GET", "/cut", "", 0, 0, 0, 0, 0);
    calls.refused();
  }

  /**
   * On one thread: the kernel completes a connection without the server, and keeps what was sent.
   */
  private void call(
      String method,
      String target,
      String fields,
      int status,
      int beforeAccept,
      int beforeRead,
      int beforeWrite,
      int lag)
      throws IOException, InterruptedException {
    try (Socket client = new Socket(server.getInetAddress(), server.getLocalPort())) {
      String request =
          method
              + " "
              + target
              + " HTTP/1.1\r\nHost: shop.test:8080\r\nContent-Length: 4\r\n"
              + fields
              + "\r\nbody";
      client.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      Thread.sleep(beforeAccept);
      try (Socket accepted = server.accept()) {
        Thread.sleep(beforeRead);
        accepted.getInputStream().readNBytes(request.length());
        Thread.sleep(beforeWrite);
        if (status > 0) {
          String response = "HTTP/1.1 " + status + " Status\r\nContent-Length: 5\r\n\r\nhello";
          accepted.getOutputStream().write(response.getBytes(StandardCharsets.US_ASCII));
        }
      }
      Thread.sleep(lag);
      drain(client.getInputStream());
    }
  }

  private static void drain(InputStream in) throws IOException {
    byte[] bytes = new byte[1024];
    while (in.read(bytes) >= 0) {
      // The rest.
    }
  }

  /** A port where nobody listens any more. */
  private void refused() throws IOException {
    server.close();
    try {
      new Socket(InetAddress.getByName("127.0.0.1"), server.getLocalPort()).close();
      throw new IllegalStateException("connected");
    } catch (ConnectException e) {
      System.out.println("refused");
    }
  }
}
