package io.httpaudit.kernel;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * rtnetlink(7): links, addresses, routes, and news of them. Needs no right. An instance is for one
 * thread; the static methods open a socket of their own, and are for any.
 */
public final class Netlink implements AutoCloseable {
  static final int NETLINK_ROUTE = 0;
  static final int NETLINK_SOCK_DIAG = 4;

  private static final int RTM_NEWLINK = 16;
  private static final int RTM_GETLINK = 18;
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_GETADDR = 22;
  private static final int RTM_NEWROUTE = 24;
  private static final int RTM_GETROUTE = 26;

  private static final int NLM_F_REQUEST = 1;
  private static final int NLM_F_DUMP = 0x300;
  private static final int NLMSG_ERROR = 2;
  private static final int NLMSG_DONE = 3;

  /** Links, IPv4 and IPv6 addresses and routes (RTMGRP_*). */
  private static final int GROUPS = 0x1 | 0x10 | 0x100 | 0x40 | 0x400;

  private static final int IFLA_IFNAME = 3;
  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int RTA_DST = 1;
  private static final int RTA_OIF = 4;

  private static final int IFF_UP = 1;
  private static final int IFF_LOOPBACK = 8;

  private static final int SO_RCVTIMEO = 20;

  private static final int HEADER = 16;
  private static final int BUFFER = 1 << 16;

  /** Links or addresses changed. */
  public static final int CHANGED_LINKS = 1;

  /** Routes changed. */
  public static final int CHANGED_ROUTES = 2;

  /** There may be more to read, of which nothing else will tell. */
  public static final int MORE = 4;

  /** A bound, so that a storm of news does not keep the thread here. */
  static final int DATAGRAMS = 64;

  private final int fd;
  private final Memory memory;
  private int sequence;

  private Netlink(int protocol, int groups) throws KernelException {
    fd = open(protocol, groups);
    try {
      memory = Memory.allocate(BUFFER);
    } catch (KernelException e) {
      Libc.close(fd);
      throw e;
    }
  }

  /** For requests about links and addresses. */
  public static Netlink route() throws KernelException {
    return new Netlink(NETLINK_ROUTE, 0);
  }

  /** For news: {@link #changes}. */
  public static Netlink news() throws KernelException {
    return new Netlink(NETLINK_ROUTE, GROUPS);
  }

  static Netlink sockDiag() throws KernelException {
    return new Netlink(NETLINK_SOCK_DIAG, 0);
  }

  static int open(int protocol, int groups) throws KernelException {
    int fd = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, protocol);
    Libc.check(fd, "socket(AF_NETLINK)");
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.bytes().putInt(buffer.at(CallBuffer.VALUE), Libc.AF_NETLINK);
      buffer.bytes().putInt(buffer.at(CallBuffer.VALUE + 4), 0);
      buffer.bytes().putInt(buffer.at(CallBuffer.VALUE + 8), groups);
      Libc.check(Libc.bind(fd, buffer.address(CallBuffer.VALUE), 12), "bind(AF_NETLINK)");
      // An answer that does not come must not be waited for: a second, and no microseconds.
      buffer.bytes().putLong(buffer.at(CallBuffer.VALUE), 1);
      buffer.bytes().putLong(buffer.at(CallBuffer.VALUE + 8), 0);
      Libc.check(
          Libc.setsockopt(fd, Libc.SOL_SOCKET, SO_RCVTIMEO, buffer.address(CallBuffer.VALUE), 16),
          "setsockopt(SO_RCVTIMEO)");
      return fd;
    } catch (KernelException e) {
      Libc.close(fd);
      throw e;
    } finally {
      buffer.give();
    }
  }

  int fd() {
    return fd;
  }

  @Override
  public void close() {
    Libc.close(fd);
    memory.free();
  }

  /**
   * A network interface; {@code up} by the administrator's will, whether or not there is a carrier.
   */
  public record Link(int index, String name, boolean up, boolean loopback) {}

  /** A local address, IPv4 as ::ffff:a.b.c.d, in two words of big-endian order. */
  public record Address(int ifindex, long high, long low) {}

  /** Receives a netlink message: its type, and where its payload lies. */
  interface Messages {
    void message(int type, ByteBuffer bytes, int from, int to);
  }

  /** Receives links. */
  public interface Links {
    void link(Link link);
  }

  /** Receives addresses. */
  public interface Addresses {
    void address(Address address);
  }

  public void links(Links consumer) throws KernelException {
    ByteBuffer bytes = memory.bytes();
    bytes.putLong(HEADER, 0);
    bytes.putLong(HEADER + 8, 0);
    dump(
        RTM_GETLINK,
        16,
        new Messages() {
          @Override
          public void message(int type, ByteBuffer message, int from, int to) {
            if (type == RTM_NEWLINK) {
              consumer.link(link(message, from, to));
            }
          }
        });
  }

  private static Link link(ByteBuffer bytes, int from, int to) {
    int flags = bytes.getInt(from + 8);
    int name = attribute(bytes, from + 16, to, IFLA_IFNAME);
    String text = "";
    if (name >= 0) {
      byte[] characters = new byte[Math.max(0, bytes.getShort(name - 4) - 4 - 1)];
      bytes.get(name, characters);
      text = new String(characters, StandardCharsets.UTF_8);
    }
    return new Link(
        bytes.getInt(from + 4), text, (flags & IFF_UP) != 0, (flags & IFF_LOOPBACK) != 0);
  }

  public void addresses(Addresses consumer) throws KernelException {
    memory.bytes().putLong(HEADER, 0);
    dump(
        RTM_GETADDR,
        8,
        new Messages() {
          @Override
          public void message(int type, ByteBuffer message, int from, int to) {
            if (type == RTM_NEWADDR) {
              Address address = address(message, from, to);
              if (address != null) {
                consumer.address(address);
              }
            }
          }
        });
  }

  private static Address address(ByteBuffer bytes, int from, int to) {
    int family = bytes.get(from);
    // On a point-to-point link IFA_ADDRESS is the peer's.
    int at = attribute(bytes, from + 8, to, IFA_LOCAL);
    if (at < 0) {
      at = attribute(bytes, from + 8, to, IFA_ADDRESS);
    }
    if (at < 0 || family != Libc.AF_INET && family != Libc.AF_INET6) {
      return null;
    }
    return new Address(bytes.getInt(from + 4), high(bytes, at, family), low(bytes, at, family));
  }

  static long high(ByteBuffer bytes, int at, int family) {
    return family == Libc.AF_INET ? 0 : Long.reverseBytes(bytes.getLong(at));
  }

  static long low(ByteBuffer bytes, int at, int family) {
    return family == Libc.AF_INET
        ? 0xffff_0000_0000L | Integer.reverseBytes(bytes.getInt(at)) & 0xffff_ffffL
        : Long.reverseBytes(bytes.getLong(at + 8));
  }

  static boolean isV4(long high, long low) {
    return high == 0 && low >>> 32 == 0xffff;
  }

  /** Where the value of an attribute is; -1: there is none. */
  static int attribute(ByteBuffer bytes, int from, int to, int type) {
    for (int at = from; at + 4 <= to; ) {
      int length = bytes.getShort(at) & 0xffff;
      if (length < 4 || length > to - at) {
        return -1;
      }
      if ((bytes.getShort(at + 2) & 0x3fff) == type) {
        return at + 4;
      }
      at += length + 3 & ~3;
    }
    return -1;
  }

  ByteBuffer bytes() {
    return memory.bytes();
  }

  /** Where a request's payload is to be put before {@link #dump} or {@link #ask}. */
  static int payload() {
    return HEADER;
  }

  /**
   * Sends the request in {@link #bytes}, with {@code length} bytes of payload, and hands over all
   * answers.
   */
  void dump(int type, int length, Messages messages) throws KernelException {
    request(type, NLM_F_REQUEST | NLM_F_DUMP, length, messages);
  }

  /** As {@link #dump}, for a request that has one answer. */
  void ask(int type, int length, Messages messages) throws KernelException {
    request(type, NLM_F_REQUEST, length, messages);
  }

  private void request(int type, int flags, int length, Messages messages) throws KernelException {
    ByteBuffer bytes = memory.bytes();
    header(bytes, 0, HEADER + length, type, flags, ++sequence);
    Libc.check(Libc.send(fd, memory.address(), HEADER + length, 0), "send(AF_NETLINK)");
    boolean more = true;
    while (more) {
      int received = Libc.check(Libc.recv(fd, memory.address(), BUFFER, 0), "recv(AF_NETLINK)");
      if (received < HEADER || received > BUFFER) {
        throw new KernelException("recv(AF_NETLINK) gave " + received + " bytes");
      }
      for (int at = 0; at + HEADER <= received; at += bytes.getInt(at) + 3 & ~3) {
        if (!isWhole(bytes, at, received)) {
          throw new KernelException(
              "netlink: a message of " + bytes.getInt(at) + " bytes, of " + received + " received");
        }
        int answer = bytes.getShort(at + 4);
        if (bytes.getInt(at + 8) != sequence) {
          continue;
        }
        if (answer == NLMSG_DONE) {
          return;
        }
        if (answer == NLMSG_ERROR) {
          Libc.check(bytes.getInt(at + HEADER), "netlink request " + type);
          return;
        }
        messages.message(answer, bytes, at + HEADER, at + bytes.getInt(at));
        more = (flags & NLM_F_DUMP) != 0;
      }
    }
  }

  private static boolean isWhole(ByteBuffer bytes, int at, int received) {
    int length = bytes.getInt(at);
    return length >= HEADER && length <= received - at;
  }

  static void header(ByteBuffer bytes, int at, int length, int type, int flags, int sequence) {
    bytes.putInt(at, length);
    bytes.putShort(at + 4, (short) type);
    bytes.putShort(at + 6, (short) flags);
    bytes.putInt(at + 8, sequence);
    bytes.putInt(at + 12, 0);
  }

  /**
   * What has changed since the last call: {@link #CHANGED_LINKS}, {@link #CHANGED_ROUTES}, {@link
   * #MORE}. Of {@link #news} only; never waits.
   */
  public int changes() {
    int changed = 0;
    ByteBuffer bytes = memory.bytes();
    for (int round = 0; round < DATAGRAMS; round++) {
      int received = Libc.recv(fd, memory.address(), BUFFER, Libc.MSG_DONTWAIT);
      if (received == -Errno.ENOBUFS) {
        changed = CHANGED_LINKS | CHANGED_ROUTES;
        continue;
      }
      if (received <= 0) {
        return changed;
      }
      received = Math.min(received, BUFFER);
      for (int at = 0;
          at + HEADER <= received && isWhole(bytes, at, received);
          at += bytes.getInt(at) + 3 & ~3) {
        int type = bytes.getShort(at + 4);
        changed |= type >= RTM_NEWROUTE ? CHANGED_ROUTES : CHANGED_LINKS;
      }
    }
    return CHANGED_LINKS | CHANGED_ROUTES | MORE;
  }

  /**
   * The interface by which a packet to this address would leave now: the loopback's for addresses
   * of our own. Asks the kernel over a socket of its own, some 10 us.
   *
   * @return its index; or minus errno: no route
   */
  public static int outgoingInterface(long high, long low) {
    int fd;
    try {
      fd = open(NETLINK_ROUTE, 0);
    } catch (KernelException e) {
      return -e.errno();
    }
    CallBuffer buffer = CallBuffer.take();
    try {
      boolean v4 = isV4(high, low);
      int size = v4 ? 4 : 16;
      int length = HEADER + 12 + 4 + size;
      ByteBuffer bytes = buffer.bytes();
      int at = buffer.at(CallBuffer.VALUE);
      header(bytes, at, length, RTM_GETROUTE, NLM_F_REQUEST, 1);
      bytes.putLong(at + HEADER, 0);
      bytes.putInt(at + HEADER + 8, 0);
      bytes.put(at + HEADER, (byte) (v4 ? Libc.AF_INET : Libc.AF_INET6));
      bytes.put(at + HEADER + 1, (byte) (8 * size));
      int attribute = at + HEADER + 12;
      bytes.putShort(attribute, (short) (4 + size));
      bytes.putShort(attribute + 2, (short) RTA_DST);
      if (v4) {
        bytes.putInt(attribute + 4, Integer.reverseBytes((int) low));
      } else {
        bytes.putLong(attribute + 4, Long.reverseBytes(high));
        bytes.putLong(attribute + 12, Long.reverseBytes(low));
      }
      int sent = Libc.send(fd, buffer.address(CallBuffer.VALUE), length, 0);
      if (sent < 0) {
        return sent;
      }
      int received =
          Math.min(Libc.recv(fd, buffer.address(CallBuffer.VALUE), 1024, Libc.MSG_DONTWAIT), 1024);
      if (received < HEADER + 4) {
        return received < 0 ? received : -Errno.EINVAL;
      }
      int type = bytes.getShort(at + 4);
      if (type == NLMSG_ERROR) {
        return bytes.getInt(at + HEADER);
      }
      int oif =
          attribute(bytes, at + HEADER + 12, at + Math.min(received, bytes.getInt(at)), RTA_OIF);
      return type == RTM_NEWROUTE && oif >= 0 ? bytes.getInt(oif) : -Errno.ENETUNREACH;
    } finally {
      buffer.give();
      Libc.close(fd);
    }
  }
}
