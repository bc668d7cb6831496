package io.httpaudit.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A filter on the loopback interface, and the time that the kernel says it took (sysctl
 * kernel.bpf_stats_enabled).
 */
public final class Measured implements AutoCloseable {
  private static final Path STATISTICS = Path.of("/proc/sys/kernel/bpf_stats_enabled");
  private static final int SO_ATTACH_BPF = 50;

  /** r0 = 0; exit. */
  private static final byte[] EMPTY = {
    (byte) 0xb7, 0, 0, 0, 0, 0, 0, 0, (byte) 0x95, 0, 0, 0, 0, 0, 0, 0
  };

  private final int program;
  private final int socket;

  private Measured(int program) throws KernelException {
    this.program = program;
    socket = Libc.socket(Libc.AF_PACKET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.bytes().putInt(buffer.at(CallBuffer.VALUE), program);
      Libc.check(
          Libc.setsockopt(
              socket, Libc.SOL_SOCKET, SO_ATTACH_BPF, buffer.address(CallBuffer.VALUE), 4),
          "SO_ATTACH_BPF");
    } finally {
      buffer.give();
    }
    PacketSocket.bind(socket, 1, true);
  }

  /** A filter that does nothing. */
  public static Measured empty() throws KernelException {
    return new Measured(Bpf.load("empty", EMPTY, "GPL"));
  }

  public static Measured of(BpfObject filter) throws KernelException {
    return new Measured(filter.program());
  }

  public static void count(boolean on) throws IOException {
    Files.writeString(STATISTICS, on ? "1" : "0");
  }

  /** Nanoseconds in all, and runs. */
  public long[] spent() throws IOException {
    long[] spent = new long[2];
    for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + program))) {
      if (line.startsWith("run_time_ns:")) {
        spent[0] = Long.parseLong(line.substring(12).trim());
      } else if (line.startsWith("run_cnt:")) {
        spent[1] = Long.parseLong(line.substring(8).trim());
      }
    }
    return spent;
  }

  /** It sees no more. */
  @Override
  public void close() {
    Libc.close(socket);
  }
}
