package io.httpaudit.it;

/** A client and a server with a router between them, which may be told to be unkind. Needs root. */
final class RoutedPath implements AutoCloseable {
  static final String CLIENT_V4 = "10.8.1.1";
  static final String SERVER_V4 = "10.8.2.1";
  static final String CLIENT_V6 = "fd08:1::1";
  static final String SERVER_V6 = "fd08:2::1";

  final Namespaces namespaces = new Namespaces();
  final Namespaces.Host client = namespaces.host();
  final Namespaces.Host middle = namespaces.host();
  final Namespaces.Host server = namespaces.host();

  RoutedPath() {
    namespaces.join(
        client,
        "c0",
        CLIENT_V4 + "/24",
        CLIENT_V6 + "/64",
        middle,
        "m1",
        "10.8.1.254/24",
        "fd08:1::fe/64");
    namespaces.join(
        server,
        "s0",
        SERVER_V4 + "/24",
        SERVER_V6 + "/64",
        middle,
        "m2",
        "10.8.2.254/24",
        "fd08:2::fe/64");
    middle.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    route(client, "10.8.1.254", "fd08:1::fe");
    route(server, "10.8.2.254", "fd08:2::fe");
  }

  private static void route(Namespaces.Host host, String v4, String v6) {
    host.run("ip", "route", "add", "default", "via", v4);
    host.run("ip", "-6", "route", "add", "default", "via", v6);
  }

  /**
   * Each packet that the two ends send is one wire segment, so that one of them can be lost alone.
   */
  RoutedPath withoutSegmentationOffload() {
    client.run("ip", "link", "set", "dev", "c0", "gso_max_segs", "1");
    server.run("ip", "link", "set", "dev", "s0", "gso_max_segs", "1");
    return this;
  }

  /** A rule of nft's for what passes a hook: {@code forward}, {@code input} or {@code output}. */
  static void rule(Namespaces.Host host, String hook, String rule) {
    host.run("nft", "add table inet trouble");
    host.run(
        "nft", "add chain inet trouble " + hook + " { type filter hook " + hook + " priority 0; }");
    host.run("nft", "add rule inet trouble " + hook + " " + rule);
  }

  /**
   * The middle puts so many packets of a thousand into a narrow lane, out of which they come behind
   * those sent after them.
   */
  RoutedPath reorders(int perMille) {
    for (String link : new String[] {"m1", "m2"}) {
      middle.run("tc", "qdisc", "add", "dev", link, "root", "handle", "1:", "htb", "default", "1");
      lane(link, "1:1", "10gbit", "512k");
      lane(link, "1:10", "2mbit", "1600");
    }
    rule(
        middle,
        "forward",
        "meta l4proto tcp numgen random mod 1000 < " + perMille + " meta priority set 1:10");
    return this;
  }

  private void lane(String link, String name, String rate, String burst) {
    middle.run(
        "tc", "class", "add", "dev", link, "parent", "1:", "classid", name, "htb", "rate", rate,
        "burst", burst, "cburst", burst, "quantum", "60000");
  }

  @Override
  public void close() {
    namespaces.close();
  }
}
