package io.httpaudit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.KernelView.Candidate;
import io.httpaudit.correlate.Side;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.Flow;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import io.httpaudit.kernel.NeedsRights;
import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Interfaces, addresses and routes that come and go, with a network namespace at the other end of a
 * veth pair.
 */
class NetworkTest {
  private static final String ID = Long.toString(ProcessHandle.current().pid() % 100_000, 36);
  private static final int NET = (int) (ProcessHandle.current().pid() % 200) + 20;

  private final String space = "hak" + ID;
  private final String outer = "hak" + ID + "o";
  private final String second = "hak" + ID + "p";
  private final List<Process> processes = new ArrayList<>();
  private AuditThread audit;
  private Capture capture;

  @BeforeEach
  void namespace() throws Exception {
    NeedsRights.assume();
    Assumptions.assumeTrue(
        new File("/sbin/ip").exists()
            || new File("/usr/sbin/ip").exists()
            || new File("/bin/ip").exists(),
        "needs iproute2");
    run("ip", "netns", "add", space);
    run("ip", "-n", space, "link", "set", "lo", "up");
    audit = new AuditThread();
    capture = audit.capture;
    assertThat(capture.missing()).isEmpty();
  }

  @AfterEach
  void cleanUp() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
    if (audit != null) {
      audit.close();
      attempt("ip", "link", "del", outer);
      attempt("ip", "link", "del", second);
      run("ip", "netns", "del", space);
    }
  }

  private static int attempt(String... command) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(new File("/dev/null"))
        .start()
        .waitFor();
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(String.join(" ", command) + ": " + output).isZero();
  }

  /**
   * A veth pair: {@code name} here with 10.NET.net.1 and fd00:NET:net::1, the other end there with
   * …2.
   */
  private void pair(String name, int net) throws Exception {
    run("ip", "link", "add", name, "type", "veth", "peer", "name", name + "n", "netns", space);
    run("ip", "addr", "add", "10." + NET + "." + net + ".1/24", "dev", name);
    run("ip", "addr", "add", "fd00:" + NET + ":" + net + "::1/64", "dev", name, "nodad");
    run("ip", "link", "set", name, "up");
    run("ip", "-n", space, "addr", "add", "10." + NET + "." + net + ".2/24", "dev", name + "n");
    run(
        "ip",
        "-n",
        space,
        "addr",
        "add",
        "fd00:" + NET + ":" + net + "::2/64",
        "dev",
        name + "n",
        "nodad");
    run("ip", "-n", space, "link", "set", name + "n", "up");
  }

  /**
   * The news of a link or an address comes within 50 ms; a connection before that is another
   * matter.
   */
  private void untilTapped(String name) throws Exception {
    until(() -> capture.tapped().contains(name));
  }

  private static InetAddress address(int net, int host) throws Exception {
    return InetAddress.getByName("10." + NET + "." + net + "." + host);
  }

  private static void until(Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
    while (!condition.call() && System.nanoTime() < end) {
      Thread.sleep(10);
    }
    assertThat(condition.call()).isTrue();
  }

  /**
   * A process in the namespace sends 5 bytes to this address and port, and waits for the
   * connection's end.
   */
  private void connectFromThere(InetAddress to, int port) throws Exception {
    String device = "/dev/tcp/" + to.getHostAddress() + "/" + port;
    processes.add(
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                space,
                "bash",
                "-c",
                "exec 3<>" + device + "; printf hello >&3; cat <&3")
            .redirectErrorStream(true)
            .redirectOutput(new File("/dev/null"))
            .start());
  }

  private String interfaceOfNextConnection(ServerSocket server, InetAddress to) throws Exception {
    connectFromThere(to, server.getLocalPort());
    server.setSoTimeout(5000);
    try (Socket accepted = server.accept()) {
      assertThat(accepted.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
      return interfaceOf(accepted);
    }
  }

  /**
   * Where the candidate's packets were seen, which has all of the five bytes; empty: there is no
   * candidate.
   */
  private String interfaceOf(Socket socket) throws Exception {
    Endpoint local = Endpoint.of((InetSocketAddress) socket.getLocalSocketAddress());
    Endpoint peer = Endpoint.of((InetSocketAddress) socket.getRemoteSocketAddress());
    Optional<Candidate> candidate = audit.ask(() -> capture.candidate(FlowTuple.of(local, peer)));
    if (candidate.isEmpty()) {
      return "";
    }
    List<Packet> packets = candidate.get().packets();
    assertThat(packets.get(0).has(Packet.SYN)).isTrue();
    assertThat(packets.stream().mapToInt(p -> p.payload).sum()).isEqualTo(5);
    return capture.interfaceName(packets.get(0).ifindex);
  }

  @Test
  void followsAnInterfaceThatComesUpAfterTheStart() throws Exception {
    try (ServerSocket server = new ServerSocket(0)) {
      capture.listening(Endpoint.of((InetSocketAddress) server.getLocalSocketAddress()));
      assertThat(capture.tapped()).contains("lo").doesNotContain(outer);
      pair(outer, 0);
      untilTapped(outer);
      assertThat(interfaceOfNextConnection(server, address(0, 1))).isEqualTo(outer);
      assertThat(
              audit.ask(
                  () ->
                      capture.interfaceName(
                          capture.homeInterface(
                              Endpoint.of(address(0, 1), 80), Endpoint.of(address(0, 2), 80)))))
          .isEqualTo(outer);
    }
  }

  @Test
  void followsAnInterfaceThatIsDeletedAndMadeAgain() throws Exception {
    try (ServerSocket server = new ServerSocket(0)) {
      capture.listening(Endpoint.of((InetSocketAddress) server.getLocalSocketAddress()));
      for (int i = 0; i < 3; i++) {
        pair(outer, 0);
        untilTapped(outer);
        assertThat(interfaceOfNextConnection(server, address(0, 1))).isEqualTo(outer);
        run("ip", "link", "del", outer);
        until(() -> !capture.tapped().contains(outer));
      }
    }
  }

  @Test
  void followsAnAddressThatIsAddedAndRemoved() throws Exception {
    pair(outer, 0);
    try (ServerSocket server = new ServerSocket(0)) {
      capture.listening(Endpoint.of((InetSocketAddress) server.getLocalSocketAddress()));
      run("ip", "addr", "add", "10." + NET + ".7.1/24", "dev", outer);
      run("ip", "-n", space, "route", "add", "10." + NET + ".7.0/24", "dev", outer + "n");
      Endpoint local = Endpoint.of(address(7, 1), 1);
      Endpoint peer = Endpoint.of(address(0, 2), 1);
      until(() -> audit.ask(() -> capture.homeInterface(local, peer)) != 0);
      assertThat(interfaceOfNextConnection(server, address(7, 1))).isEqualTo(outer);
      run("ip", "addr", "del", "10." + NET + ".7.1/24", "dev", outer);
      until(() -> audit.ask(() -> capture.homeInterface(local, peer)) == 0);
      run("ip", "addr", "add", "10." + NET + ".7.1/24", "dev", outer);
      until(() -> audit.ask(() -> capture.homeInterface(local, peer)) != 0);
      assertThat(interfaceOfNextConnection(server, address(7, 1)))
          .as("added again")
          .isEqualTo(outer);
      run("ip", "addr", "del", "10." + NET + ".7.1/24", "dev", outer);
      until(() -> audit.ask(() -> capture.homeInterface(local, peer)) == 0);
      assertThat(interfaceOfNextConnection(server, address(0, 1))).isEqualTo(outer);
    }
  }

  @Test
  void seesALinkThatWentDownAndCameUp() throws Exception {
    pair(outer, 0);
    try (ServerSocket server = new ServerSocket(0)) {
      capture.listening(Endpoint.of((InetSocketAddress) server.getLocalSocketAddress()));
      untilTapped(outer);
      assertThat(interfaceOfNextConnection(server, address(0, 1))).isEqualTo(outer);
      run("ip", "link", "set", outer, "down");
      Thread.sleep(200);
      run("ip", "link", "set", outer, "up");
      Thread.sleep(200);
      assertThat(interfaceOfNextConnection(server, address(0, 1))).isEqualTo(outer);
    }
  }

  @Test
  void wildcardListenersAreSeenOverLoopbackOverVethAndByTheirOwnOutsideAddress() throws Exception {
    pair(outer, 0);
    for (String wildcard : new String[] {"0.0.0.0", "::"}) {
      try (ServerSocket server = new ServerSocket()) {
        server.bind(new InetSocketAddress(InetAddress.getByName(wildcard), 0));
        capture.listening(Endpoint.of(InetAddress.getByName(wildcard), server.getLocalPort()));
        untilTapped(outer);
        assertThat(interfaceOfNextConnection(server, address(0, 1))).isEqualTo(outer);
        for (String own : new String[] {"127.0.0.1", "127.1.2.3", address(0, 1).getHostAddress()}) {
          assertThat(interfaceOfOwnConnection(server, own))
              .as(wildcard + " by " + own)
              .isEqualTo("lo");
        }
        InetAddress outside = InetAddress.getByName("fd00:" + NET + ":0::1");
        if (wildcard.equals("::")) {
          assertThat(interfaceOfNextConnection(server, outside)).isEqualTo(outer);
          assertThat(interfaceOfOwnConnection(server, "::1")).isEqualTo("lo");
          assertThat(interfaceOfOwnConnection(server, outside.getHostAddress())).isEqualTo("lo");
        }
      }
    }
  }

  private String interfaceOfOwnConnection(ServerSocket server, String address) throws Exception {
    try (Socket client = new Socket(InetAddress.getByName(address), server.getLocalPort())) {
      client.getOutputStream().write("hello".getBytes());
      try (Socket accepted = server.accept()) {
        accepted.getInputStream().readNBytes(5);
        return interfaceOf(accepted);
      }
    }
  }

  private void serveThere(int port) throws Exception {
    Process process =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                space,
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"),
                EchoServer.class.getName(),
                Integer.toString(port))
            .redirectErrorStream(true)
            .start();
    processes.add(process);
    assertThat(process.getInputStream().readNBytes(5)).asString().isEqualTo("ready");
  }

  @Test
  void tapsTheInterfaceOfTheRouteToAPeer() throws Exception {
    pair(outer, 0);
    serveThere(8080);
    // The news of the pair may be on its way, and with it the name: the route is asked of the
    // kernel.
    capture.connecting(Endpoint.of(address(0, 2), 8080));
    assertThat(capture.tapped()).hasSize(1);
    untilTapped(outer);
    assertThat(capture.tapped()).hasSize(1);
    try (Socket client = new Socket(address(0, 2), 8080)) {
      Endpoint local = Endpoint.of((InetSocketAddress) client.getLocalSocketAddress());
      Endpoint peer = Endpoint.of((InetSocketAddress) client.getRemoteSocketAddress());
      assertThat(capture.admit(local, peer, Side.CLIENT, 9)).isEqualTo(9);
      client.getOutputStream().write(new byte[100_000]);
      client.getOutputStream().flush();
      client.getInputStream().readNBytes(100_000);
      FlowTuple tuple = FlowTuple.of(local, peer);
      List<Packet> packets =
          new ArrayList<>(audit.ask(() -> capture.candidate(tuple)).orElseThrow().packets());
      assertThat(packets.get(0).outgoing()).isTrue();
      assertThat(packets.get(1).outgoing()).isFalse();
      packets.addAll(audit.packets());
      assertThat(packets.stream().filter(Packet::outgoing).mapToLong(p -> p.payload).sum())
          .isGreaterThanOrEqualTo(100_000);
      assertThat(packets.stream().filter(p -> !p.outgoing()).mapToLong(p -> p.payload).sum())
          .isGreaterThanOrEqualTo(100_000);
    }
  }

  @Test
  void repliesThatComeAnotherWayAreSeenWhenAllInterfacesAreTapped() throws Exception {
    pair(outer, 0);
    pair(second, 1);
    // There: answers to 10.NET.0.1 go by the second pair. Here: no reverse path filter on it.
    run("ip", "-n", space, "route", "add", "10." + NET + ".0.1/32", "dev", second + "n");
    for (String name : new String[] {"all", outer, second}) {
      attempt("sysctl", "-qw", "net.ipv4.conf." + name + ".rp_filter=0");
    }
    run("ip", "netns", "exec", space, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0");
    serveThere(8080);
    Endpoint server = Endpoint.of(address(0, 2), 8080);
    capture.connecting(server);
    untilTapped(outer);
    assertThat(capture.tapped()).containsExactly(outer);
    try (Socket client = new Socket(address(0, 2), 8080)) {
      FlowTuple tuple =
          FlowTuple.of(Endpoint.of((InetSocketAddress) client.getLocalSocketAddress()), server);
      assertThat(audit.ask(() -> capture.candidate(tuple)).orElseThrow().synAcks()).isZero();
    }
    until(() -> audit.ask(() -> capture.homeInterface(Endpoint.of(address(1, 1), 1), server)) != 0);
    capture.tapAll();
    assertThat(capture.tapped()).contains("lo", outer, second);
    try (Socket client = new Socket(address(0, 2), 8080)) {
      FlowTuple tuple =
          FlowTuple.of(Endpoint.of((InetSocketAddress) client.getLocalSocketAddress()), server);
      Candidate candidate = audit.ask(() -> capture.candidate(tuple)).orElseThrow();
      assertThat(candidate.synAcks()).isEqualTo(1);
      assertThat(interfaces(candidate)).startsWith(outer, second);
    }
  }

  private List<String> interfaces(Candidate candidate) {
    return candidate.packets().stream().map(p -> capture.interfaceName(p.ifindex)).toList();
  }

  /**
   * As over a VLAN or a bridge, each packet shows on the link, too; a listener on all addresses has
   * both tapped.
   */
  @Test
  void handshakeThatPassesTwoInterfacesIsOne() throws Exception {
    pair(outer, 0);
    String above = outer + "m";
    String mac = "02:00:00:00:05:01";
    Assumptions.assumeTrue(
        attempt(
                "ip link add link %s name %s address %s type macvlan"
                    .formatted(outer, above, mac)
                    .split(" "))
            == 0,
        "needs the kernel's macvlan");
    run("ip", "addr", "add", "10." + NET + ".5.1/24", "dev", above);
    run("ip", "link", "set", above, "up");
    run("ip", "-n", space, "addr", "add", "10." + NET + ".5.2/24", "dev", outer + "n");
    // Else the link, too, would say that the address is its own.
    run(
        "ip -n %s neigh add 10.%d.5.1 lladdr %s dev %sn"
            .formatted(space, NET, mac, outer)
            .split(" "));
    serveThere(8080);
    try (ServerSocket server = new ServerSocket(0)) {
      capture.listening(Endpoint.of((InetSocketAddress) server.getLocalSocketAddress()));
      untilTapped(outer);
      untilTapped(above);
      try (Socket client = new Socket(address(5, 2), 8080)) {
        assertThat(interfaces(handshakeIsOne(client))).startsWith(above, outer, above, outer);
      }
      connectFromThere(address(5, 1), server.getLocalPort());
      server.setSoTimeout(5000);
      try (Socket accepted = server.accept()) {
        accepted.getInputStream().readNBytes(5);
        assertThat(interfaces(handshakeIsOne(accepted))).startsWith(outer, above);
      }
    }
  }

  /** So its round trip is known. */
  private Candidate handshakeIsOne(Socket socket) throws Exception {
    Endpoint local = Endpoint.of((InetSocketAddress) socket.getLocalSocketAddress());
    Endpoint peer = Endpoint.of((InetSocketAddress) socket.getRemoteSocketAddress());
    Candidate candidate =
        audit.ask(() -> capture.candidate(FlowTuple.of(local, peer))).orElseThrow();
    assertThat(candidate.overflowed()).isFalse();
    Flow flow = new Flow(1);
    flow.home(audit.ask(() -> capture.homeInterface(local, peer)));
    flow.candidate(
        candidate.packets(), candidate.syns(), candidate.synAcks(), candidate.handshakeAck());
    assertThat(flow.syns()).isEqualTo(1);
    assertThat(flow.synAcks()).isEqualTo(1);
    assertThat(flow.synTime()).isPositive();
    assertThat(flow.synAckTime()).isGreaterThanOrEqualTo(flow.synTime());
    assertThat(flow.handshakeAck()).isGreaterThanOrEqualTo(flow.synAckTime());
    return candidate;
  }

  @Test
  void tapsOnlyTheInterfacesThatWereNamed() throws Exception {
    pair(outer, 0);
    pair(second, 1);
    try (AuditThread restricted = new AuditThread(outer, "lo")) {
      restricted.capture.tapAll();
      assertThat(restricted.capture.tapped()).containsExactly("lo", outer);
    }
  }
}
