package io.httpaudit.kernel;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * In a network namespace of its own: attaches the filter under each limit of net.core.optmem_max,
 * and prints what came; without a limit it attaches once, and prints the capabilities with which it
 * could.
 */
public final class AttachUnderLimits {
  private AttachUnderLimits() {}

  public static void main(String[] limits) throws Exception {
    Libc.load();
    try (BpfObject filter = BpfObject.load(BpfObject.read())) {
      if (limits.length == 0) {
        Libc.close(PacketSocket.open(filter));
        System.out.println(
            Files.readString(Path.of("/proc/thread-self/status"))
                .replaceAll("(?s).*CapEff:\\s*([0-9a-f]+).*", "$1: attached"));
      }
      for (String limit : limits) {
        Files.writeString(Path.of("/proc/sys/net/core/optmem_max"), limit);
        try {
          Libc.close(PacketSocket.open(filter));
          System.out.println(limit + ": attached");
        } catch (KernelException e) {
          System.out.println(limit + ": " + e.getMessage());
        }
      }
    }
  }
}
