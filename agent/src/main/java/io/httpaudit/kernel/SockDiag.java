package io.httpaudit.kernel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * sock_diag(7): whose a TCP connection is, proven by the inode of the socket that has exactly its
 * addresses and ports. Needs no right. One thread.
 */
public final class SockDiag implements AutoCloseable {
  private static final int SOCK_DIAG_BY_FAMILY = 20;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_ESTABLISHED = 1;
  private static final int TCP_CLOSE_WAIT = 8;

  /**
   * All that are or were connected and have a process: ESTABLISHED, FIN_WAIT1, FIN_WAIT2,
   * CLOSE_WAIT, LAST_ACK, CLOSING. Not SYN_SENT: a hook tells of it when connect(2) returns, and if
   * SYNs are lost that takes seconds.
   */
  private static final int CONNECTED =
      1 << TCP_ESTABLISHED | 1 << 4 | 1 << 5 | 1 << TCP_CLOSE_WAIT | 1 << 9 | 1 << 11;

  private static final int LISTENING = 1 << 10;

  private static final int REQUEST = 56;

  private final Netlink netlink;

  public SockDiag() throws KernelException {
    netlink = Netlink.sockDiag();
  }

  /**
   * A TCP socket: addresses as in {@link Netlink.Address}, the inode that {@code /proc/self/fd}
   * shows, and its owner.
   */
  public record Socket(
      long localHigh,
      long localLow,
      int localPort,
      long peerHigh,
      long peerLow,
      int peerPort,
      long inode,
      int uid) {}

  /** The socket with exactly this local end and peer, if this network namespace has one. */
  public Optional<Socket> find(
      long localHigh, long localLow, int localPort, long peerHigh, long peerLow, int peerPort)
      throws KernelException {
    boolean v4 = Netlink.isV4(localHigh, localLow);
    ByteBuffer bytes = netlink.bytes();
    request(bytes, v4 ? Libc.AF_INET : Libc.AF_INET6, -1);
    int id = Netlink.payload() + 8;
    bytes.putShort(id, Short.reverseBytes((short) localPort));
    bytes.putShort(id + 2, Short.reverseBytes((short) peerPort));
    if (v4) {
      bytes.putInt(id + 4, Integer.reverseBytes((int) localLow));
      bytes.putInt(id + 20, Integer.reverseBytes((int) peerLow));
    } else {
      bytes.putLong(id + 4, Long.reverseBytes(localHigh));
      bytes.putLong(id + 12, Long.reverseBytes(localLow));
      bytes.putLong(id + 20, Long.reverseBytes(peerHigh));
      bytes.putLong(id + 28, Long.reverseBytes(peerLow));
    }
    // INET_DIAG_NOCOOKIE.
    bytes.putLong(id + 40, -1);
    List<Socket> found = new ArrayList<>(1);
    try {
      netlink.ask(SOCK_DIAG_BY_FAMILY, REQUEST, collecting(found));
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
    if (found.isEmpty()) {
      return Optional.empty();
    }
    Socket socket = found.get(0);
    // The lookup falls back to a listener on the port, which has no peer.
    boolean exact =
        socket.localPort() == localPort
            && socket.peerPort() == peerPort
            && socket.peerLow() == peerLow
            && socket.peerHigh() == peerHigh;
    return exact ? Optional.of(socket) : Optional.empty();
  }

  /** All TCP connections of this network namespace that a process holds, of whatever process. */
  public List<Socket> connections() throws KernelException {
    return in(CONNECTED);
  }

  /** All TCP sockets of this network namespace that listen, of whatever process. */
  public List<Socket> listeners() throws KernelException {
    return in(LISTENING);
  }

  private List<Socket> in(int states) throws KernelException {
    List<Socket> found = new ArrayList<>();
    for (int family : new int[] {Libc.AF_INET, Libc.AF_INET6}) {
      request(netlink.bytes(), family, states);
      netlink.dump(SOCK_DIAG_BY_FAMILY, REQUEST, collecting(found));
    }
    return found;
  }

  private static void request(ByteBuffer bytes, int family, int states) {
    int at = Netlink.payload();
    for (int i = 0; i < REQUEST; i += 8) {
      bytes.putLong(at + i, 0);
    }
    bytes.put(at, (byte) family);
    bytes.put(at + 1, (byte) IPPROTO_TCP);
    bytes.putInt(at + 4, states);
  }

  private static Netlink.Messages collecting(List<Socket> found) {
    return (type, bytes, from, to) -> {
      int family = bytes.get(from);
      found.add(
          new Socket(
              Netlink.high(bytes, from + 8, family),
              Netlink.low(bytes, from + 8, family),
              Short.reverseBytes(bytes.getShort(from + 4)) & 0xffff,
              Netlink.high(bytes, from + 24, family),
              Netlink.low(bytes, from + 24, family),
              Short.reverseBytes(bytes.getShort(from + 6)) & 0xffff,
              bytes.getInt(from + 68) & 0xffff_ffffL,
              bytes.getInt(from + 64)));
    };
  }

  /** File descriptors of this process that are sockets, by inode. */
  public static Map<Long, Integer> ownSockets() throws KernelException {
    Map<Long, Integer> sockets = new HashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path file : files) {
        String target = target(file);
        if (target.startsWith("socket:[")) {
          sockets.put(
              Long.parseLong(target.substring(8, target.length() - 1)),
              Integer.parseInt(file.getFileName().toString()));
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      throw new KernelException("/proc/self/fd can't be read", e);
    }
    return sockets;
  }

  /** Empty: closed since it was listed. */
  private static String target(Path file) {
    try {
      return Files.readSymbolicLink(file).toString();
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public void close() {
    netlink.close();
  }
}
