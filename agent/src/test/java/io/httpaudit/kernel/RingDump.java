package io.httpaudit.kernel;

import java.io.DataOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Another process's ring as it lies in memory, what was consumed long ago too: the producer's
 * position as 8 bytes, big-endian, then all data pages. Needs root.
 */
public final class RingDump {
  private static final int BPF_MAP_GET_FD_BY_ID = 14;
  private static final int RING_BYTES = 4 << 20;

  private RingDump() {}

  /**
   * @param arguments the map's id, and the file to write
   */
  public static void main(String[] arguments) throws Exception {
    Libc.load();
    Memory ring =
        Memory.shared(
            open(Integer.parseInt(arguments[0])),
            Libc.pageSize(),
            Libc.pageSize() + RING_BYTES,
            false);
    ByteBuffer bytes = ring.bytes();
    byte[] data = new byte[RING_BYTES];
    bytes.get(Libc.pageSize(), data);
    try (OutputStream file = Files.newOutputStream(Path.of(arguments[1]));
        DataOutputStream out = new DataOutputStream(file)) {
      out.writeLong(bytes.getLong(0));
      out.write(data);
    }
  }

  private static int open(int id) throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.clear(CallBuffer.ATTRIBUTES, 128);
      buffer.bytes().putInt(buffer.at(0), id);
      return Libc.check(
          Libc.bpf(BPF_MAP_GET_FD_BY_ID, buffer.address(0), 12),
          "bpf(BPF_MAP_GET_FD_BY_ID " + id + ")");
    } finally {
      buffer.give();
    }
  }
}
