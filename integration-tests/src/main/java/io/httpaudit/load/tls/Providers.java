package io.httpaudit.load.tls;

import io.httpaudit.stacks.Asked;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Both ends of TLS in one JVM, on Netty, and on the same threads: of each pair of engines one is
 * not the JDK's. Requests come by fours, one behind the other. Arguments: keystore, exchanges of
 * each pair. Says {@code pair SERVER CLIENT VERSION PORT} of each.
 */
public final class Providers {
  private static final int CONNECTIONS = 4;
  private static final int BURST = 4;

  private static final EventLoopGroup LOOPS = new NioEventLoopGroup(2);

  private Providers() {}

  public static void main(String[] arguments) throws Exception {
    Path keystore = Path.of(arguments[0]);
    int exchanges = Integer.parseInt(arguments[1]);
    for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
      for (String other : new String[] {"openssl", "conscrypt"}) {
        pair(keystore, other, "jdk", version, exchanges);
        pair(keystore, "jdk", other, version, exchanges);
      }
    }
    LOOPS.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  /** The server listens to the end: no other pair gets its port. */
  private static void pair(
      Path keystore, String server, String client, String version, int exchanges) throws Exception {
    int port = NettyServer.start(NettyContext.server(keystore, server, version), LOOPS);
    System.out.println("pair " + server + " " + client + " " + version + " " + port);
    var asking = new NettyClient(NettyContext.client(keystore, client, version), port, LOOPS);
    int each = exchanges / CONNECTIONS;
    for (int first = 0; first < exchanges; first += each) {
      ask(asking, first, first + each);
      asking.close();
    }
  }

  private static void ask(NettyClient asking, int from, int to) throws Exception {
    for (int first = from; first < to; first += BURST) {
      for (int i = 0; i < BURST; i++) {
        asking.send(Asked.of(first + i));
      }
      for (int i = 0; i < BURST; i++) {
        asking.receive(Asked.of(first + i));
      }
    }
  }
}
