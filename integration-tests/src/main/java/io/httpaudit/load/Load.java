package io.httpaudit.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Servers and clients of many kinds, and HTTP/1.x between them in all its shapes: programs as
 * anybody writes them, which know nothing of an agent. Each end checks what it reads.
 *
 * <p>Arguments are {@code key=value}:
 *
 * <ul>
 *   <li>{@code role}: {@code both}, {@code server} (prints {@code ready name=port,…}, ends by a
 *       line on standard input) or {@code client}; the last line of one with clients is {@code done
 *       exchanges=…}
 *   <li>{@code bind}: the servers' address, {@code 127.0.0.1} if none is given
 *   <li>{@code target}: the clients' addresses of the servers, comma separated, as {@code bind} if
 *       none are given
 *   <li>{@code servers}: what a server printed; in the other roles, names of those to start (all)
 *   <li>{@code clients}: names (all)
 *   <li>{@code exchanges}: about so many (1,000); {@code seed} (1); {@code threads} (8)
 *   <li>{@code shapes}: {@code all}, {@code ordinary} or names of {@link Shape}, comma separated;
 *       {@code -name} leaves it out; {@code scattered} is not among {@code all}
 *   <li>{@code drops}: an address from which nothing comes back, for connect timeouts
 * </ul>
 */
public final class Load {
  private static final int RETURNS_MILLIS = 100;

  private Load() {}

  public static void main(String[] words) throws Exception {
    // Before any of them is used: as JdkServer sets it, but for servers in any order.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    Arguments arguments = new Arguments(words);
    int exit = 0;
    PrintStream out = System.out;
    try (PatternFile file = new PatternFile()) {
      Map<ServerKind, Server> servers = new EnumMap<>(ServerKind.class);
      try {
        String role = arguments.text("role", "both");
        Map<ServerKind, Integer> ports = new EnumMap<>(ServerKind.class);
        if (!role.equals("client")) {
          InetAddress bind = InetAddress.getByName(arguments.text("bind", "127.0.0.1"));
          for (ServerKind kind : arguments.servers()) {
            Server server = kind.start(bind, file);
            servers.put(kind, server);
            ports.put(kind, server.port());
          }
        } else {
          ports.putAll(arguments.ports());
        }
        if (role.equals("server")) {
          out.println("ready " + arguments.portsText(ports));
          out.flush();
          new BufferedReader(new InputStreamReader(System.in)).readLine();
        } else {
          exit = clients(arguments, ports, out);
          // A server's thread may not be back yet from the write that the last client has read. A
          // socket that another thread closes then is no case of this program's.
          Thread.sleep(RETURNS_MILLIS);
        }
      } finally {
        for (Server server : servers.values()) {
          server.close();
        }
      }
    }
    // Pools of the JDK's clients have threads that are no daemons on some versions.
    System.exit(exit);
  }

  private static int clients(Arguments arguments, Map<ServerKind, Integer> ports, PrintStream out)
      throws IOException {
    List<InetAddress> targets = new ArrayList<>();
    for (String target : arguments.text("target", arguments.text("bind", "127.0.0.1")).split(",")) {
      targets.add(InetAddress.getByName(target));
    }
    String drops = arguments.text("drops", "");
    Place place =
        new Place(
            ports,
            targets,
            drops.isEmpty() ? Optional.empty() : Optional.of(InetAddress.getByName(drops)));
    Tally tally = new Tally();
    Clients clients = new Clients(place, arguments, tally);
    Optional<String> failure = clients.run();
    failure.ifPresent(System.err::println);
    out.println((failure.isPresent() ? "failed " : "done ") + tally);
    out.flush();
    return failure.isPresent() ? 1 : 0;
  }
}
