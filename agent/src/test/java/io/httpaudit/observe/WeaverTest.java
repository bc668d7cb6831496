package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Hooks against the classes of each JDK that is here. That the JVM verifies what was woven is an
 * integration test's.
 */
class WeaverTest {
  /** What the one JDK has in place of the other. */
  private static final List<String> UNTIL_17 =
      List.of(
          "FileChannelImpl.transferToDirectlyInternal",
          "SocketDispatcher.preClose",
          "SocketDispatcher.close");

  private static final List<String> FROM_25 =
      List.of(
          "FileDispatcherImpl.transferTo", "UnixDispatcher.implPreClose", "UnixDispatcher.close");

  /** One home for each feature version. */
  static List<Path> homes() throws IOException {
    Map<Integer, Path> homes = new TreeMap<>();
    Path installed = Path.of("/usr/lib/jvm");
    if (Files.isDirectory(installed)) {
      try (Stream<Path> folders = Files.list(installed)) {
        for (Path home : folders.sorted().toList()) {
          Path release = home.resolve("release");
          if (Files.isRegularFile(home.resolve("lib/modules")) && Files.isRegularFile(release)) {
            String version =
                Files.readString(release).replaceAll("(?s).*JAVA_VERSION=\"([0-9]+).*", "$1");
            homes.putIfAbsent(Integer.parseInt(version), home);
          }
        }
      }
    }
    homes.put(Runtime.version().feature(), Path.of(System.getProperty("java.home")));
    return new ArrayList<>(homes.values());
  }

  private record Woven(Weaver weaver, Map<String, byte[]> classes) {}

  private static Woven weave(Path home) throws IOException {
    Weaver weaver = new Weaver();
    Map<String, byte[]> classes = new TreeMap<>();
    try (FileSystem files =
        FileSystems.newFileSystem(URI.create("jrt:/"), Map.of("java.home", home.toString()))) {
      Set<String> owners = new LinkedHashSet<>();
      Arrays.stream(Hook.ALL).forEach(hook -> owners.add(hook.owner()));
      for (String owner : owners) {
        Path file = files.getPath("/modules/java.base/" + owner + ".class");
        if (Files.exists(file)) {
          byte[] woven = weaver.transform(null, owner, null, null, Files.readAllBytes(file));
          if (woven != null) {
            classes.put(owner, woven);
          }
        }
      }
    }
    return new Woven(weaver, classes);
  }

  private static String name(Hook hook) {
    return hook.owner().substring(hook.owner().lastIndexOf('/') + 1) + "." + hook.method();
  }

  @ParameterizedTest
  @MethodSource("homes")
  void eachHookFindsItsMethod(Path home) throws IOException {
    Weaver weaver = weave(home).weaver();
    Set<String> missing = Arrays.stream(Hook.ALL).map(WeaverTest::name).collect(Collectors.toSet());
    Arrays.stream(Hook.ALL).filter(weaver::isWoven).map(WeaverTest::name).forEach(missing::remove);
    assertThat(missing).isIn(Set.copyOf(UNTIL_17), Set.copyOf(FROM_25));
  }

  /** Classes are loaded one by one: none is missed before all that may have it were. */
  @ParameterizedTest
  @MethodSource("homes")
  void whatWasNotLoadedYetIsNotMissing(Path home) throws IOException {
    Map<String, byte[]> classes = weave(home).classes();
    Weaver together = new Weaver();
    for (Map.Entry<String, byte[]> each : classes.entrySet()) {
      Weaver alone = new Weaver();
      for (Weaver weaver : List.of(alone, together)) {
        weaver.transform(null, each.getKey(), null, null, each.getValue());
        assertThat(HookCheck.missing(weaver)).isEmpty();
      }
    }
    assertThat(together.seen()).isEqualTo(classes.size()).isGreaterThan(5);
  }

  @Test
  void whatAClassLacksIsMissing() throws IOException {
    byte[] other;
    try (InputStream in = Object.class.getResourceAsStream("Object.class")) {
      other = in.readAllBytes();
    }
    Weaver weaver = new Weaver();
    weaver.transform(null, "sun/nio/ch/SocketDispatcher", null, null, other);
    assertThat(HookCheck.missing(weaver))
        .containsExactly(
            "SocketDispatcher.read",
            "SocketDispatcher.readv",
            "SocketDispatcher.write",
            "SocketDispatcher.writev");
    weaver.transform(null, "sun/nio/ch/UnixDispatcher", null, null, other);
    assertThat(HookCheck.missing(weaver))
        .contains("SocketDispatcher.preClose", "SocketDispatcher.close")
        .hasSize(6);
  }

  /** Names and descriptors of what there is to be called. */
  static Set<String> targets() {
    Set<String> targets = new LinkedHashSet<>();
    for (Method method : HttpAudit.class.getMethods()) {
      targets.add(method.getName() + Type.getMethodDescriptor(method));
    }
    return targets;
  }

  /** Of what woven classes call. */
  static Set<String> called(Collection<byte[]> classes) {
    Set<String> called = new LinkedHashSet<>();
    for (byte[] bytes : classes) {
      new ClassReader(bytes)
          .accept(
              new ClassVisitor(Opcodes.ASM9) {
                @Override
                public MethodVisitor visitMethod(
                    int access,
                    String name,
                    String descriptor,
                    String signature,
                    String[] exceptions) {
                  return new MethodVisitor(Opcodes.ASM9) {
                    @Override
                    public void visitMethodInsn(
                        int opcode, String owner, String name, String types, boolean isInterface) {
                      if (owner.equals("java/lang/HttpAudit")) {
                        called.add(name + types);
                      }
                    }
                  };
                }
              },
              0);
    }
    return called;
  }

  /** A call to a method that isn't there would be an error in the application's own call. */
  @ParameterizedTest
  @MethodSource("homes")
  void eachCallHasItsTarget(Path home) throws IOException {
    Set<String> called = called(weave(home).classes().values());
    assertThat(targets()).containsAll(called);
    assertThat(called).hasSizeGreaterThanOrEqualTo(20);
  }

  /** With locals and branches where what is carried is kept. */
  public static class Writes {
    public int write(FileDescriptor fd, long address, int length) throws IOException {
      long sum = 0;
      for (int i = 0; i < length; i++) {
        long twice = 2L * i;
        sum += twice;
      }
      if (length < 0) {
        throw new IOException("negative");
      }
      return (int) sum;
    }
  }

  /** Other agents weave, too, and the JVM verifies no class of its own. */
  @Test
  void whatACallBeginsWithIsWhatItEndsWith() throws Exception {
    String name = Type.getInternalName(Writes.class);
    Hook hook = null;
    for (Hook each : Hook.ALL) {
      if (each.before().equals("beforeWrite")) {
        hook =
            new Hook(
                name,
                each.method(),
                each.descriptor(),
                "",
                each.before(),
                each.after(),
                each.failed(),
                each.arguments(),
                each.failedArguments());
      }
    }
    byte[] bytes;
    try (InputStream in = Writes.class.getResourceAsStream("WeaverTest$Writes.class")) {
      bytes = in.readAllBytes();
    }
    for (int i = 1; i <= 2; i++) {
      bytes = new Weaver(new Hook[] {hook}).weave(name, bytes);
      byte[] woven = bytes;
      Class<?> type =
          new ClassLoader(WeaverTest.class.getClassLoader()) {
            Class<?> define() {
              return defineClass(Writes.class.getName(), woven, 0, woven.length);
            }
          }.define();
      Object writes = type.getConstructor().newInstance();
      Method write = type.getMethod("write", FileDescriptor.class, long.class, int.class);
      List<String> told = new ArrayList<>();
      HttpAudit.connect(new Ends(told));
      try {
        assertThat(write.invoke(writes, new FileDescriptor(), 7L, 4)).isEqualTo(12);
        assertThatThrownBy(() -> write.invoke(writes, new FileDescriptor(), 7L, -4))
            .hasRootCauseMessage("negative");
      } finally {
        HttpAudit.connect(null);
      }
      // What was woven last is outside.
      assertThat(told)
          .isEqualTo(
              i == 1
                  ? List.of("0 wrote 12", "1 failed negative")
                  : List.of("1 wrote 12", "0 wrote 12", "3 failed negative", "2 failed negative"));
    }
  }

  /** Each call begins with a number of its own. */
  private static final class Ends extends Silent {
    private final List<String> told;
    private int calls;

    Ends(List<String> told) {
      this.told = told;
    }

    @Override
    public Object connection(int fd) {
      return calls++;
    }

    @Override
    public void afterWrite(Object connection, int fd, long address, int vectors, long n) {
      told.add(connection + " wrote " + n);
    }

    @Override
    public void failed(Object connection, boolean read, Throwable cause) {
      told.add(connection + " failed " + cause.getMessage());
    }
  }

  @Test
  void whatIsNotTheJdksOwnStaysAsItIs() throws IOException {
    Weaver weaver = new Weaver();
    byte[] bytes;
    try (InputStream in = Object.class.getResourceAsStream("/sun/nio/ch/SocketDispatcher.class")) {
      bytes = in.readAllBytes();
    }
    assertThat(
            weaver.transform(
                WeaverTest.class.getClassLoader(),
                "sun/nio/ch/SocketDispatcher",
                null,
                null,
                bytes))
        .isNull();
    assertThat(weaver.transform(null, "sun/nio/ch/Util", null, null, bytes)).isNull();
    assertThat(weaver.transform(null, null, null, null, bytes)).isNull();
    assertThat(
            weaver.transform(null, "sun/nio/ch/SocketDispatcher", null, null, new byte[] {1, 2, 3}))
        .isNull();
  }
}
