package io.httpaudit.load.tls;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * One end of HTTP/1.1 over TLS. Arguments: {@code server-engine}, {@code server-socket}, {@code
 * client-engine} or {@code client-socket}; the TLS version; a key store; and a client's the
 * server's port and how many exchanges it makes.
 *
 * <p>A server says {@code port NUMBER}, and ends with its standard input; a client says {@code
 * done}.
 */
public final class TlsExchanges {
  private static final int THREADS = 3;

  private TlsExchanges() {}

  /** An exchange, made. */
  private interface Client {
    void make(Asked asked) throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    SSLContext context = Credentials.context(Path.of(arguments[2]));
    SSLParameters settings = context.getDefaultSSLParameters();
    settings.setProtocols(new String[] {"TLSv" + arguments[1]});
    switch (arguments[0]) {
      case "server-engine" -> serve(EngineServer.start(context, settings));
      case "server-socket" -> serve(SocketServer.start(context, settings));
      case "client-engine" ->
          ask(new EngineClient(context, settings, port(arguments))::make, arguments);
      case "client-socket" -> {
        System.setProperty("https.protocols", "TLSv" + arguments[1]);
        ask(new SocketClient(context.getSocketFactory(), port(arguments))::make, arguments);
      }
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static int port(String[] arguments) {
    return Integer.parseInt(arguments[3]);
  }

  private static void serve(int port) throws Exception {
    System.out.println("port " + port);
    System.in.readAllBytes();
    // The JDK's server would go on.
    System.exit(0);
  }

  private static void ask(Client client, String[] arguments) throws Exception {
    int exchanges = Integer.parseInt(arguments[4]);
    AtomicInteger next = new AtomicInteger();
    Thread[] threads = new Thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
      threads[i] = Daemons.thread(() -> ask(client, next, exchanges));
      threads[i].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.println("done");
  }

  private static void ask(Client client, AtomicInteger next, int exchanges) {
    try {
      for (int i = next.getAndIncrement(); i < exchanges; i = next.getAndIncrement()) {
        client.make(Asked.of(i));
      }
    } catch (Exception e) {
      Daemons.fail(e);
    }
  }
}
