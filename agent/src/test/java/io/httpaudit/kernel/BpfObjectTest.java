package io.httpaudit.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BpfObjectTest {
  @BeforeAll
  static void rights() throws KernelException {
    NeedsRights.assume();
  }

  @Test
  void createsTheMapsAsTheObjectDeclaresThem() throws KernelException {
    byte[] object = BpfObject.read();
    Btf types = BpfObject.types(object);
    try (BpfObject loaded = BpfObject.load(object)) {
      int tuple = types.sizeOf("tuple");
      int candidate = types.sizeOf("candidate");
      int candidates = 4096 + 128 * Processors.present();
      assertThat(loaded.map("ring").info()).containsExactly(BpfMap.RINGBUF, 0, 0, 4 << 20, 0);
      assertThat(loaded.map("admitted").info())
          .containsExactly(
              BpfMap.HASH, tuple, types.sizeOf("admitted"), 65536, BpfMap.BPF_F_NO_PREALLOC);
      assertThat(loaded.map("outbound").info())
          .containsExactly(BpfMap.LRU_HASH, tuple, candidate, candidates, 0);
      assertThat(loaded.map("inbound").info())
          .containsExactly(BpfMap.LRU_HASH, tuple, candidate, candidates, 0);
      assertThat(loaded.map("listening").info())
          .containsExactly(
              BpfMap.HASH, types.sizeOf("endpoint"), 1, 4096, BpfMap.BPF_F_NO_PREALLOC);
      assertThat(loaded.map("counters").info()[0]).isEqualTo(BpfMap.PERCPU_ARRAY);
    }
  }

  @Test
  void tellsAMapThatIsMissing() throws KernelException {
    try (BpfObject loaded = BpfObject.load(BpfObject.read())) {
      assertThatThrownBy(() -> loaded.map("nothing")).hasMessageContaining("'nothing'");
    }
  }

  @Test
  void showsTheVerifiersWholeLog() {
    // r0 is never set: exit.
    byte[] bad = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0x95).array();
    assertThatThrownBy(() -> Bpf.load("bad", bad, "GPL"))
        .isInstanceOf(KernelException.class)
        .hasMessageContaining("BPF_PROG_LOAD")
        .hasMessageContaining("EACCES")
        .hasMessageContaining("R0 !read_ok")
        .hasMessageContaining("processed 1 insns");
  }

  @Test
  void showsTheVerifiersWholeLogHoweverLong() {
    // More than the megabyte that is tried first.
    ByteBuffer bad = ByteBuffer.allocate(8 * 80_001).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 80_000; i++) {
      // r2 = an immediate that grows.
      bad.putLong(0x2b7L | (long) i << 32);
    }
    bad.putLong(0x95);
    assertThatThrownBy(() -> Bpf.load("bad", bad.array(), "GPL"))
        .isInstanceOf(KernelException.class)
        .satisfies(e -> assertThat(e.getMessage()).hasSizeGreaterThan(1 << 20))
        .hasMessageContaining("\n0: (b7) r2 = 0")
        .hasMessageContaining("\n79999: (b7) r2 = 79999")
        .hasMessageContaining("R0 !read_ok")
        .hasMessageContaining("processed 80001 insns");
  }

  @Test
  void namesTheCallTheErrorAndWhatToDoWhereAMapIsRefused() {
    assertThatThrownBy(() -> BpfMap.create("none", BpfMap.HASH, 0, 4, 1, 0))
        .isInstanceOf(KernelException.class)
        .hasMessage(
            "bpf(BPF_MAP_CREATE none): EINVAL; kernel older than 5.8, or built without this feature");
  }

  @Test
  void namesTheInterfaceThatIsGone() throws KernelException {
    try (BpfObject filter = BpfObject.load(BpfObject.read())) {
      int socket = PacketSocket.open(filter);
      assertThatThrownBy(() -> PacketSocket.bind(socket, 1 << 30, false))
          .isInstanceOf(KernelException.class)
          .hasMessage("bind(AF_PACKET, interface 1073741824): ENODEV; the interface is gone");
      Libc.close(socket);
    }
  }

  /**
   * Many kernels allow a socket 20 KB in all; the limit is a network namespace's own since Linux
   * 6.8 or so.
   */
  @Test
  void attachesWhereASocketMayHold20KilobytesAndSaysWhatToDoWhereItMayHoldLess() throws Exception {
    Process process =
        new ProcessBuilder(
                "unshare",
                "--net",
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"),
                AttachUnderLimits.class.getName(),
                "20480",
                "4096")
            .start();
    String output = new String(process.getInputStream().readAllBytes());
    String errors = new String(process.getErrorStream().readAllBytes());
    Assumptions.assumeFalse(
        errors.contains("NoSuchFileException: /proc/sys/net/core/optmem_max"),
        "needs net.core.optmem_max in a network namespace of its own");
    assertThat(process.waitFor()).as(errors).isZero();
    assertThat(output)
        .isEqualTo(
            "20480: attached\n"
                + "4096: setsockopt(SO_ATTACH_BPF): ENOMEM; the filter is larger than net.core.optmem_max:"
                + " sysctl -w net.core.optmem_max=131072\n");
  }

  /** Root's CAP_PERFMON spares the verifier much, and hides what it would refuse. */
  @Test
  void loadsAndAttachesWithTheTwoCapabilitiesAlone() throws Exception {
    Process process =
        new ProcessBuilder(
                "setpriv",
                "--inh-caps=-all",
                "--bounding-set=-all,+net_raw,+bpf",
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"),
                AttachUnderLimits.class.getName())
            .start();
    String output = new String(process.getInputStream().readAllBytes());
    String errors = new String(process.getErrorStream().readAllBytes());
    assertThat(process.waitFor()).as(errors).isZero();
    assertThat(output).isEqualTo("0000008000002000: attached\n");
  }

  @Test
  void saysWhatIsWrongWithAFileThatIsNoObject() {
    assertThatThrownBy(() -> BpfObject.load(new byte[100])).hasMessageContaining("ELF");
  }

  @Test
  void mapsGiveBackWhatWasPut() throws KernelException {
    try (BpfMap map = BpfMap.create("test", BpfMap.HASH, 8, 16, 2, BpfMap.BPF_F_NO_PREALLOC)) {
      CallBuffer buffer = CallBuffer.take();
      int key = buffer.at(CallBuffer.KEY);
      int value = buffer.at(CallBuffer.VALUE);
      ByteBuffer bytes = buffer.bytes();
      bytes.putLong(key, 1);
      assertThat(map.lookup(buffer)).isEqualTo(-Errno.ENOENT);
      assertThat(map.delete(buffer)).isEqualTo(-Errno.ENOENT);
      bytes.putLong(value, 11).putLong(value + 8, 12);
      assertThat(map.update(buffer, BpfMap.BPF_NOEXIST)).isZero();
      assertThat(map.update(buffer, BpfMap.BPF_NOEXIST)).isEqualTo(-Errno.EEXIST);
      bytes.putLong(value + 8, 13);
      assertThat(map.update(buffer, BpfMap.BPF_ANY)).isZero();
      bytes.putLong(value, 0).putLong(value + 8, 0);
      assertThat(map.lookup(buffer)).isZero();
      assertThat(bytes.getLong(value)).isEqualTo(11);
      assertThat(bytes.getLong(value + 8)).isEqualTo(13);
      bytes.putLong(key, 2);
      assertThat(map.update(buffer, BpfMap.BPF_ANY)).isZero();
      bytes.putLong(key, 3);
      assertThat(map.update(buffer, BpfMap.BPF_ANY)).isEqualTo(-Errno.E2BIG);
      bytes.putLong(key, 1);
      assertThat(map.delete(buffer)).isZero();
      assertThat(map.lookup(buffer)).isEqualTo(-Errno.ENOENT);
      buffer.give();
    }
  }

  /**
   * The verifier's work is most of what the kernel side's start takes; 100,000 steps are some 100
   * ms.
   */
  @Test
  void costsTheVerifierLittle() throws Exception {
    try (BpfObject filter = BpfObject.load(BpfObject.read())) {
      String steps =
          Files.readAllLines(Path.of("/proc/self/fdinfo/" + filter.program())).stream()
              .filter(line -> line.startsWith("verified_insns:"))
              .findFirst()
              .orElse("verified_insns: 0");
      assertThat(Integer.parseInt(steps.replaceAll("\\D", ""))).isLessThan(20_000);
    }
  }
}
