package io.httpaudit.load;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;

/**
 * So many calls of the JDK's server by the JDK's client in one JVM; prints the slowest and the
 * median in microseconds, and says when it is done. Arguments: calls, milliseconds between two.
 */
public final class Calls {
  private Calls() {}

  public static void main(String[] arguments) throws Exception {
    int calls = Integer.parseInt(arguments[0]);
    long between = Long.parseLong(arguments[1]);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    server.start();
    URL url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/").toURL();
    long[] micros = new long[calls];
    for (int i = 0; i < calls; i++) {
      long start = System.nanoTime();
      call(url);
      micros[i] = (System.nanoTime() - start) / 1_000;
      Thread.sleep(between);
    }
    server.stop(0);
    java.util.Arrays.sort(micros);
    System.out.println("slowest " + micros[calls - 1] + " median " + micros[calls / 2]);
    System.out.println("done");
  }

  private static void call(URL url) throws IOException {
    try (var in = url.openConnection().getInputStream()) {
      in.readAllBytes();
    }
  }
}
