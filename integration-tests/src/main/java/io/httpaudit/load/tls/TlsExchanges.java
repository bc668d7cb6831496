package io.httpaudit.load.tls;

import io.httpaudit.stacks.Asked;
import io.httpaudit.stacks.Daemons;
import io.httpaudit.stacks.Keys;
import io.netty.channel.nio.NioEventLoopGroup;
import java.nio.file.Path;
import java.security.Security;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.conscrypt.OpenSSLProvider;

/**
 * One end of HTTP/1.1 over TLS. Arguments: which end ({@code server-} or {@code client-}, then
 * {@code engine-jdk}, {@code socket-jdk}, {@code socket-conscrypt}, {@code netty-openssl} or {@code
 * netty-conscrypt}); the TLS version; a key store; and a client's the server's port and how many
 * exchanges it makes.
 *
 * <p>A server says {@code port NUMBER}, and ends with its standard input; a client says {@code
 * done}.
 *
 * <p>System properties: {@code keyLimits} is the security property {@code jdk.tls.keyLimits}, with
 * {@code clientCertificate} a server asks for one, with {@code renegotiate} a socket server begins
 * a second handshake now and then.
 */
public final class TlsExchanges {
  private static final int THREADS = 3;

  private TlsExchanges() {}

  /** An exchange, made. */
  private interface Client {
    void make(Asked asked) throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    String limits = System.getProperty("keyLimits");
    if (limits != null) {
      Security.setProperty("jdk.tls.keyLimits", limits);
    }
    Path store = Path.of(arguments[2]);
    String version = "TLSv" + arguments[1];
    String[] end = arguments[0].split("-");
    boolean client = end[0].equals("client");
    if (end[1].equals("netty")) {
      var loops = new NioEventLoopGroup(2, Daemons::thread);
      if (client) {
        var tls = NettyContext.client(store, end[2], version);
        ask(new NettyClient(tls, port(arguments), loops)::make, arguments);
      } else {
        serve(NettyServer.start(NettyContext.server(store, end[2], version), loops));
      }
      return;
    }
    SSLContext context =
        end[2].equals("conscrypt")
            ? Keys.context(store, new OpenSSLProvider())
            : Keys.context(store);
    SSLParameters settings = context.getDefaultSSLParameters();
    settings.setProtocols(new String[] {version});
    settings.setNeedClientAuth(Boolean.getBoolean("clientCertificate"));
    boolean sockets = end[1].equals("socket");
    if (!client) {
      serve(
          sockets ? SocketServer.start(context, settings) : EngineServer.start(context, settings));
    } else if (sockets) {
      System.setProperty("https.protocols", version);
      ask(new SocketClient(context.getSocketFactory(), port(arguments))::make, arguments);
    } else {
      ask(new EngineClient(context, settings, port(arguments))::make, arguments);
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
