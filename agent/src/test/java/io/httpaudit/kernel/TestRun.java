package io.httpaudit.kernel;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * BPF_PROG_TEST_RUN: the loaded filter on a frame of one's own, as if it arrived, on loopback or on
 * another interface; and what else a test asks of the kernel about the filter. Like the filter's
 * own sockets, it starts at the network header.
 */
public final class TestRun implements AutoCloseable {
  private static final int BPF_PROG_TEST_RUN = 10;
  private static final int ATTRIBUTES = 80;
  private static final int CONTEXT = 192;

  /** struct __sk_buff (include/uapi/linux/bpf.h). */
  private static final int CONTEXT_IFINDEX = 40;

  private static final int CONTEXT_GSO_SEGS = 164;
  private static final int CONTEXT_GSO_SIZE = 176;

  private static final int FRAME = 1 << 17;

  private final BpfObject filter;
  private final Memory frame = Memory.allocate(FRAME);
  private final Memory context = Memory.allocate(4096);

  public TestRun(BpfObject filter) throws KernelException {
    this.filter = filter;
  }

  /**
   * @param bytes from the Ethernet header on
   * @param ifindex of an interface of this network namespace; 1: loopback
   * @return 0, or minus errno
   */
  public int run(byte[] bytes, int ifindex, int gsoSize, int gsoSegs) {
    frame.bytes().put(0, bytes);
    ByteBuffer ctx = context.bytes();
    ctx.putInt(CONTEXT_IFINDEX, ifindex);
    ctx.putInt(CONTEXT_GSO_SIZE, gsoSize);
    ctx.putInt(CONTEXT_GSO_SEGS, gsoSegs);
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.clear(CallBuffer.ATTRIBUTES, ATTRIBUTES);
      ByteBuffer attributes = buffer.bytes();
      attributes.putInt(buffer.at(0), filter.program());
      attributes.putInt(buffer.at(8), bytes.length);
      attributes.putLong(buffer.at(16), frame.address());
      attributes.putInt(buffer.at(40), CONTEXT);
      attributes.putLong(buffer.at(48), context.address());
      int result = Libc.bpf(BPF_PROG_TEST_RUN, buffer.address(0), ATTRIBUTES);
      if (result < 0) {
        return result;
      }
      if (attributes.getInt(buffer.at(4)) != 0) {
        throw new IllegalStateException(
            "the filter returns " + attributes.getInt(buffer.at(4)) + ": it keeps the packet");
      }
      return 0;
    } finally {
      buffer.give();
    }
  }

  /**
   * Bytes of the program in the kernel, after the verifier's rewriting: what a socket is charged
   * for.
   */
  public int programBytes() throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.clear(CallBuffer.ATTRIBUTES, 128);
      buffer.clear(CallBuffer.VALUE, 256);
      buffer.bytes().putInt(buffer.at(0), filter.program());
      buffer.bytes().putInt(buffer.at(4), 256);
      buffer.bytes().putLong(buffer.at(8), buffer.address(CallBuffer.VALUE));
      Libc.check(
          Libc.bpf(Bpf.BPF_OBJ_GET_INFO_BY_FD, buffer.address(0), 16),
          "bpf(BPF_OBJ_GET_INFO_BY_FD)");
      // struct bpf_prog_info: type, id, tag[8], jited_prog_len, xlated_prog_len.
      return buffer.bytes().getInt(buffer.at(CallBuffer.VALUE) + 20);
    } finally {
      buffer.give();
    }
  }

  /** The object's instructions, eight bytes each. */
  public static long[] instructions(byte[] object) throws KernelException {
    Elf elf = new Elf(object);
    ByteBuffer code =
        ByteBuffer.wrap(elf.content(elf.section("socket"))).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    long[] instructions = new long[code.capacity() / 8];
    code.asLongBuffer().get(instructions);
    return instructions;
  }

  /** A socket that sends whole frames by an interface. */
  public static int sender(int ifindex) throws KernelException {
    int fd =
        Libc.check(
            Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0), "socket(AF_PACKET)");
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.clear(CallBuffer.VALUE, 24);
      buffer.bytes().putShort(buffer.at(CallBuffer.VALUE), (short) Libc.AF_PACKET);
      buffer.bytes().putInt(buffer.at(CallBuffer.VALUE + 4), ifindex);
      Libc.check(Libc.bind(fd, buffer.address(CallBuffer.VALUE), 20), "bind(AF_PACKET)");
      return fd;
    } finally {
      buffer.give();
    }
  }

  /**
   * @return its length, or minus errno
   */
  public int send(int sender, byte[] bytes) {
    frame.bytes().put(0, bytes);
    return Libc.send(sender, frame.address(), bytes.length, 0);
  }

  /** Whether a packet socket has kept a packet. */
  public static boolean holdsPacket(int socket) {
    return PacketSocket.holdsPacket(socket);
  }

  /** Keys of a map, as bytes. */
  public static List<byte[]> keys(BpfMap map) {
    List<byte[]> keys = new ArrayList<>();
    CallBuffer buffer = CallBuffer.take();
    try {
      ByteBuffer bytes = buffer.bytes();
      while (true) {
        bytes.putLong(buffer.at(0), map.fd());
        bytes.putLong(buffer.at(8), keys.isEmpty() ? 0 : buffer.address(CallBuffer.KEY));
        bytes.putLong(buffer.at(16), buffer.address(CallBuffer.KEY));
        // BPF_MAP_GET_NEXT_KEY.
        if (Libc.bpf(4, buffer.address(0), 24) < 0) {
          return keys;
        }
        byte[] key = new byte[map.keySize()];
        bytes.get(buffer.at(CallBuffer.KEY), key);
        keys.add(Arrays.copyOf(key, key.length));
      }
    } finally {
      buffer.give();
    }
  }

  @Override
  public void close() {
    frame.free();
    context.free();
  }
}
