package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.instrument.LibraryLoader;
import java.io.IOException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hooks against the classes of each Netty: that bytes are told as they were, StacksIT shows. */
class NettyTransportsTest {
  private final AtomicInteger ignored = new AtomicInteger();
  private final NettyTransports transports =
      new NettyTransports(ignored::incrementAndGet, ignored::incrementAndGet);

  private static Set<String> owners(Hook[] hooks) {
    Set<String> owners = new LinkedHashSet<>();
    Arrays.stream(hooks).forEach(hook -> owners.add(hook.owner()));
    return owners;
  }

  private Map<String, byte[]> woven(LibraryLoader of) throws IOException {
    Map<String, byte[]> woven = new TreeMap<>();
    for (String owner : owners(NettyHooks.ALL)) {
      byte[] bytes = of.bytes(owner);
      woven.put(owner, transports.transform(of, owner, null, null, bytes));
      assertThat(woven.get(owner)).isNotEqualTo(bytes);
    }
    return woven;
  }

  @ParameterizedTest
  @ValueSource(strings = {"4.1", "4.2"})
  void eachNettyIsVerifiedAndHasNothingMore(String version) throws Exception {
    try (LibraryLoader plain = new LibraryLoader(LibraryLoader.jars("nettys", version), Map.of());
        LibraryLoader loader =
            new LibraryLoader(LibraryLoader.jars("nettys", version), woven(plain))) {
      assertThat(transports.takeMissing()).isNull();
      assertThat(ignored).hasValue(0);
      for (String owner : owners(NettyHooks.ALL)) {
        assertThat(loader.members(owner)).isEqualTo(plain.members(owner));
      }
    }
  }

  /** Also the recent ones, which a version may lack. */
  @ParameterizedTest
  @ValueSource(strings = {"4.1", "4.2"})
  void eachHookFindsItsMethod(String version) throws Exception {
    try (LibraryLoader plain = new LibraryLoader(LibraryLoader.jars("nettys", version), Map.of())) {
      Weaver weaver = new Weaver(NettyHooks.ALL);
      for (String owner : owners(NettyHooks.ALL)) {
        weaver.weave(owner, plain.bytes(owner));
      }
      assertThat(NettyHooks.ALL).allMatch(weaver::isWoven);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"4.1", "4.2"})
  void eachCallHasItsTarget(String version) throws Exception {
    try (LibraryLoader plain = new LibraryLoader(LibraryLoader.jars("nettys", version), Map.of())) {
      Set<String> called = WeaverTest.called(woven(plain).values());
      assertThat(WeaverTest.targets()).containsAll(called);
      assertThat(called).hasSizeGreaterThanOrEqualTo(20);
    }
  }

  private static byte[] without(byte[] bytes, String method, String descriptor) {
    ClassReader reader = new ClassReader(bytes);
    ClassWriter writer = new ClassWriter(0);
    reader.accept(
        new ClassVisitor(Opcodes.ASM9, writer) {
          @Override
          public MethodVisitor visitMethod(
              int access, String name, String type, String signature, String[] exceptions) {
            boolean that = name.equals(method) && (descriptor.isEmpty() || type.equals(descriptor));
            return that ? null : super.visitMethod(access, name, type, signature, exceptions);
          }
        },
        0);
    return writer.toByteArray();
  }

  /** Else one that nobody saw close would be taken for the next one of its number. */
  @Test
  void ofANettyWhoseSocketsCloseElsewhereNoConnectionIsFollowed() throws Exception {
    try (LibraryLoader plain = new LibraryLoader(LibraryLoader.jars("nettys", "4.2"), Map.of())) {
      byte[] spoiled = without(plain.bytes(NettyTransports.DESCRIPTOR), "close", "()V");
      transports.transform(plain, NettyTransports.DESCRIPTOR, null, null, spoiled);
      assertThat(transports.takeMissing()).isEqualTo("by epoll: no FileDescriptor.close");
      assertThat(transports.takeMissing()).isNull();
      assertThat(ignored).hasValue(1);
    }
  }

  @Test
  void whatEarlierOnesLackIsNotMissedUnlessItHasAnotherShape() throws Exception {
    String socket = "io/netty/channel/unix/Socket";
    try (LibraryLoader plain = new LibraryLoader(LibraryLoader.jars("nettys", "4.2"), Map.of())) {
      transports.transform(plain, socket, null, null, without(plain.bytes(socket), "recv", ""));
      assertThat(transports.takeMissing()).isNull();
      // The native method of the same name stays.
      byte[] spoiled = without(plain.bytes(socket), "recv", "(Ljava/nio/ByteBuffer;II)I");
      transports.transform(plain, socket, null, null, spoiled);
      assertThat(transports.takeMissing()).isEqualTo("by epoll: no Socket.recv");
    }
  }

  @Test
  void whatIsNoClassFileStaysAsItIsAndIsReported() {
    byte[] none = {1, 2, 3};
    assertThat(transports.transform(null, NettyTransports.DESCRIPTOR, null, null, none)).isNull();
    assertThat(transports.takeMissing()).contains("can't be hooked");
    assertThat(ignored).hasValue(1);
    assertThat(transports.transform(null, "io/netty/channel/Channel", null, null, none)).isNull();
    assertThat(transports.transform(null, null, null, null, none)).isNull();
    assertThat(transports.takeMissing()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"4.2", "io_uring-4.2.7", "io_uring-4.2.17"})
  void ioUringIsVerifiedAndHasNothingMore(String version) throws Exception {
    URL[] jars = LibraryLoader.jars("nettys", version, "4.2");
    String operation = version.equals("4.2") ? ".*J[IJ]?\\).*" : ".*SI?\\).*";
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of())) {
      Map<String, byte[]> woven = new TreeMap<>();
      Weaver weaver = new Weaver(UringHooks.ALL);
      for (String owner : owners(UringHooks.ALL)) {
        woven.put(owner, transports.transform(plain, owner, null, null, plain.bytes(owner)));
        weaver.weave(owner, plain.bytes(owner));
      }
      assertThat(UringHooks.ALL)
          .filteredOn(hook -> !UringHooks.isEither(hook))
          .allMatch(weaver::isWoven);
      assertThat(UringHooks.ALL)
          .filteredOn(hook -> UringHooks.isEither(hook) && weaver.isWoven(hook))
          .hasSize(4)
          .allMatch(hook -> hook.descriptor().matches(operation));
      assertThat(transports.takeMissing()).isNull();
      assertThat(ignored).hasValue(0);
      Set<String> called = WeaverTest.called(woven.values());
      assertThat(WeaverTest.targets()).containsAll(called);
      assertThat(called).hasSizeGreaterThanOrEqualTo(11);
      try (LibraryLoader loader = new LibraryLoader(jars, woven)) {
        for (String owner : owners(UringHooks.ALL)) {
          assertThat(loader.members(owner)).isEqualTo(plain.members(owner));
        }
      }
    }
  }

  /** Earlier versions have another shape. */
  @Test
  void thatAnotherIoUringIsNotObservedIsSaidOnce() throws Exception {
    String owner = "io/netty/channel/uring/IoUringIoOps";
    try (LibraryLoader plain = new LibraryLoader(LibraryLoader.jars("nettys", "4.2"), Map.of())) {
      byte[] spoiled = without(without(plain.bytes(owner), "newSend", ""), "newClose", "");
      transports.transform(plain, owner, null, null, spoiled);
      assertThat(transports.takeMissing()).isEqualTo("by io_uring: no IoUringIoOps.newSend");
      assertThat(transports.takeMissing()).isNull();
      assertThat(ignored.get()).isPositive();
    }
  }

  /** Bytes of a message at several addresses are told as those of one write. */
  @Test
  void anArrayOfBuffersIsWhatTheirSystemCallWrites() {
    ByteBuffer[] buffers = new ByteBuffer[4];
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] = ByteBuffer.allocateDirect(8).put(i, (byte) ('a' + i)).position(i).limit(5);
    }
    List<String> told = new ArrayList<>();
    HttpAudit.connect(new Written(told));
    try {
      HttpAudit.beforeNativeWritev(7, buffers, 1, 2);
      HttpAudit.afterNativeWritev(3L, 7, buffers, 1, 2);
    } finally {
      HttpAudit.connect(null);
    }
    assertThat(told).containsExactly("before 7: 7 in bc", "after 7: 3 in bc");
  }

  private static final class Written extends Silent {
    private final List<String> told;

    Written(List<String> told) {
      this.told = told;
    }

    /** The first byte of each. */
    private static String first(long address, int vectors) {
      byte[] first = new byte[vectors];
      for (int i = 0; i < vectors; i++) {
        HttpAudit.copy(Vectors.base(address, i), first, i, 1);
      }
      return " in " + new String(first, StandardCharsets.US_ASCII);
    }

    @Override
    public void beforeNativeWrite(Object fd, long address, int length, int vectors) {
      told.add("before " + fd + ": " + Vectors.total(address, vectors) + first(address, vectors));
    }

    @Override
    public void afterWrite(Object connection, int fd, long address, int vectors, long n) {
      told.add("after " + fd + ": " + n + first(address, vectors));
    }
  }
}
