package io.httpaudit.load;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the servers are.
 *
 * @param targets their addresses
 * @param drops an address from which nothing comes back, if there is one
 */
record Place(
    Map<ServerKind, Integer> ports, List<InetAddress> targets, Optional<InetAddress> drops) {
  /** TCP's port multiplexer: nobody has it. */
  private static final int REFUSING = 1;

  InetSocketAddress address(ServerKind server, int i) {
    return new InetSocketAddress(targets.get(i % targets.size()), ports.get(server));
  }

  InetSocketAddress refusing(int i) {
    return new InetSocketAddress(targets.get(i % targets.size()), REFUSING);
  }

  static String authority(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  static URI uri(InetSocketAddress address, String path) {
    return URI.create("http://" + authority(address) + path);
  }
}
