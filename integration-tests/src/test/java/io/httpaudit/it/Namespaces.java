package io.httpaudit.it;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hosts of a test's own: network namespaces, joined by veth pairs. Names are this process's, and
 * all is gone with {@link #close}. Needs root.
 */
public final class Namespaces implements AutoCloseable {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final Deque<String> names = new ArrayDeque<>();

  /** One of them. */
  public record Host(String name) {
    /** Runs a command in it. */
    public String run(String... words) {
      String[] all = new String[words.length + 4];
      all[0] = "ip";
      all[1] = "netns";
      all[2] = "exec";
      all[3] = name;
      System.arraycopy(words, 0, all, 4, words.length);
      return Command.run(all);
    }
  }

  /** A host with its loopback up. */
  public Host host() {
    String name = "ha" + ProcessHandle.current().pid() + "n" + NUMBER.incrementAndGet();
    Command.run("ip", "netns", "add", name);
    names.push(name);
    Host host = new Host(name);
    host.run("ip", "link", "set", "lo", "up");
    return host;
  }

  /**
   * Joins two hosts by a cable: each end has this name there, and an IPv4 and an IPv6 address with
   * their prefix lengths. Duplicate address detection is off, so that addresses work at once.
   */
  public void join(
      Host one,
      String oneName,
      String oneV4,
      String oneV6,
      Host other,
      String otherName,
      String otherV4,
      String otherV6) {
    Command.run(
        "ip",
        "-n",
        one.name(),
        "link",
        "add",
        oneName,
        "type",
        "veth",
        "peer",
        "name",
        otherName,
        "netns",
        other.name());
    up(one, oneName, oneV4, oneV6);
    up(other, otherName, otherV4, otherV6);
  }

  private static void up(Host host, String name, String v4, String v6) {
    host.run("ip", "addr", "add", v4, "dev", name);
    host.run("ip", "addr", "add", v6, "dev", name, "nodad");
    host.run("ip", "link", "set", name, "up");
  }

  @Override
  public void close() {
    while (!names.isEmpty()) {
      Command.run("ip", "netns", "del", names.pop());
    }
  }
}
