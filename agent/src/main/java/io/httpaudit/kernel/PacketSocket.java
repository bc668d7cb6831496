package io.httpaudit.kernel;

import java.nio.ByteBuffer;

/**
 * AF_PACKET sockets that carry the filter (packet(7)). With SOCK_DGRAM the filter begins at the
 * network header, on every kind of link. Protocol 0 until it is bound: so no packet is ever queued
 * unfiltered. Creation needs CAP_NET_RAW; {@link #bind} needs no right.
 */
public final class PacketSocket {
  private static final int SOL_PACKET = 263;
  private static final int SO_ATTACH_BPF = 50;
  private static final int PACKET_IGNORE_OUTGOING = 23;
  private static final int ETH_P_ALL_BIG_ENDIAN = 0x0300;
  private static final int SOCKADDR_LL = 20;

  private PacketSocket() {}

  /** A socket with the filter attached, bound to no interface. */
  public static int open(BpfObject filter) throws KernelException {
    int fd = Libc.socket(Libc.AF_PACKET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
    if (fd < 0) {
      throw new KernelException(
          "socket(AF_PACKET)",
          -fd,
          fd == -Errno.EPERM ? "needs CAP_NET_RAW" : KernelException.advice(-fd));
    }
    try {
      set(fd, Libc.SOL_SOCKET, SO_ATTACH_BPF, filter.program(), "setsockopt(SO_ATTACH_BPF)");
      return fd;
    } catch (KernelException e) {
      Libc.close(fd);
      throw e;
    }
  }

  /**
   * From now on the filter sees the packets of this interface, and of no other.
   *
   * @param loopback each packet passes twice there: only the arriving copy is taken (since kernel
   *     4.20)
   */
  public static void bind(int fd, int ifindex, boolean loopback) throws KernelException {
    set(
        fd,
        SOL_PACKET,
        PACKET_IGNORE_OUTGOING,
        loopback ? 1 : 0,
        "setsockopt(PACKET_IGNORE_OUTGOING)");
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.clear(CallBuffer.VALUE, 24);
      ByteBuffer bytes = buffer.bytes();
      int address = buffer.at(CallBuffer.VALUE);
      bytes.putShort(address, (short) Libc.AF_PACKET);
      bytes.putShort(address + 2, (short) ETH_P_ALL_BIG_ENDIAN);
      bytes.putInt(address + 4, ifindex);
      int result = Libc.bind(fd, buffer.address(CallBuffer.VALUE), SOCKADDR_LL);
      if (result < 0) {
        throw new KernelException(
            "bind(AF_PACKET, interface " + ifindex + ")",
            -result,
            result == -Errno.ENODEV ? "the interface is gone" : KernelException.advice(-result));
      }
    } finally {
      buffer.give();
    }
  }

  private static void set(int fd, int level, int option, int value, String call)
      throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.bytes().putInt(buffer.at(CallBuffer.VALUE), value);
      int result = Libc.setsockopt(fd, level, option, buffer.address(CallBuffer.VALUE), 4);
      if (result < 0) {
        String advice = KernelException.advice(-result);
        if (option == SO_ATTACH_BPF && result == -Errno.ENOMEM) {
          advice =
              "the filter is larger than net.core.optmem_max: sysctl -w net.core.optmem_max=131072";
        } else if (option == SO_ATTACH_BPF && result == -Errno.EPERM) {
          advice = "the socket's filter is locked";
        }
        throw new KernelException(call, -result, advice);
      }
    } finally {
      buffer.give();
    }
  }

  /** Whether a packet is queued: a filter that returns 0 leaves none. */
  static boolean holdsPacket(int fd) {
    CallBuffer buffer = CallBuffer.take();
    try {
      return Libc.recv(fd, buffer.address(CallBuffer.VALUE), 1, Libc.MSG_DONTWAIT) >= 0;
    } finally {
      buffer.give();
    }
  }
}
