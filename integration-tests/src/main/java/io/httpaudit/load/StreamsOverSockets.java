package io.httpaudit.load;

import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.logging.Logger;

/**
 * Standard output and error go to a socket, and all that is printed comes back from it;
 * java.util.logging prints there, too.
 */
public final class StreamsOverSockets {
  private StreamsOverSockets() {}

  public static void main(String[] arguments) throws Exception {
    PrintStream out = System.out;
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket client = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort());
        Socket accepted = server.accept()) {
      System.setOut(new PrintStream(client.getOutputStream(), true));
      System.setErr(new PrintStream(client.getOutputStream(), true));
      for (int i = 0; i < 100; i++) {
        System.out.println("out " + i);
        System.err.println("err " + i);
      }
      Logger.getLogger("load").warning("logged");
      new IllegalStateException("printed").printStackTrace();
      client.shutdownOutput();
      // The time of day, and nothing else, differs from run to run.
      out.print(
          new String(accepted.getInputStream().readAllBytes())
              .replaceAll("(?m)^.*load.StreamsOverSockets main$", "logged at"));
    }
  }
}
