package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The points of {@link Tasks} and {@link VirtualThreads} in the classes of each JDK here. */
class TaskPointsTest {
  /** What JDK 17 has not, of the classes that it has. */
  private static final Set<String> LATER =
      Set.of(
          "ForkJoinPool.poolSubmit",
          "ForkJoinPool.scheduleAtFixedRate",
          "ForkJoinPool.scheduleDelayedTask",
          "ForkJoinPool.scheduleWithFixedDelay");

  /** What JDK 25 has not: there a task that is joined is popped by its pool. */
  private static final Set<String> EARLIER = Set.of("ForkJoinTask.awaitDone");

  /** A JDK of this machine. */
  record Jdk(int feature, Path home) {
    @Override
    public String toString() {
      return "JDK " + feature;
    }
  }

  static List<Jdk> jdks() throws IOException {
    Map<Integer, Jdk> found = new TreeMap<>();
    Path installed = Path.of("/usr/lib/jvm");
    if (Files.isDirectory(installed)) {
      try (Stream<Path> homes = Files.list(installed)) {
        for (Path home : homes.sorted().toList()) {
          if (Files.isRegularFile(home.resolve("lib/modules"))
              && Files.isRegularFile(home.resolve("release"))) {
            int feature =
                Integer.parseInt(
                    Files.readString(home.resolve("release"))
                        .replaceAll("(?s).*JAVA_VERSION=\"([0-9]+).*", "$1"));
            found.putIfAbsent(feature, new Jdk(feature, home));
          }
        }
      }
    }
    int current = Runtime.version().feature();
    found.put(current, new Jdk(current, Path.of(System.getProperty("java.home"))));
    return new ArrayList<>(found.values());
  }

  /** What is woven, by class; {@code missing} gets the points that found no place. */
  private static Map<String, byte[]> weave(Jdk jdk, Set<String> missing) throws IOException {
    Map<String, byte[]> woven = new HashMap<>();
    try (FileSystem files =
        FileSystems.newFileSystem(
            URI.create("jrt:/"), Map.of("java.home", jdk.home().toString()))) {
      for (Library library : List.of(new Tasks(), new VirtualThreads())) {
        LibraryWeaver weaver = new LibraryWeaver(library);
        Set<String> owners = new LinkedHashSet<>();
        for (Point point : library.points()) {
          owners.add(point.owner());
        }
        for (String owner : owners) {
          Path file = files.getPath("/modules/java.base/" + owner + ".class");
          if (Files.exists(file)) {
            woven.put(owner, weaver.weave(owner, Files.readAllBytes(file)));
            missing.addAll(weaver.missing(owner));
          }
        }
      }
    }
    return woven;
  }

  /** Each method's name and the calls in it, as owner, name and descriptor. */
  private static void calls(byte[] bytes, BiConsumer<String, List<String>> of) {
    new ClassReader(bytes)
        .accept(
            new ClassVisitor(Opcodes.ASM9) {
              @Override
              public MethodVisitor visitMethod(
                  int access, String method, String type, String signature, String[] exceptions) {
                List<String> calls = new ArrayList<>();
                return new MethodVisitor(Opcodes.ASM9) {
                  @Override
                  public void visitMethodInsn(
                      int opcode, String owner, String name, String types, boolean isInterface) {
                    calls.add(owner + "." + name + types);
                  }

                  @Override
                  public void visitEnd() {
                    of.accept(method, calls);
                  }
                };
              }
            },
            0);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void eachPointFindsItsPlace(Jdk jdk) throws IOException {
    Set<String> missing = new TreeSet<>();
    weave(jdk, missing);
    Set<String> known = new TreeSet<>(jdk.feature() >= 25 ? EARLIER : LATER);
    if (jdk.feature() == 17 || jdk.feature() >= 25) {
      assertThat(missing).isEqualTo(known);
    }
  }

  /** A call to a method that isn't there would be an error in the application's own call. */
  @ParameterizedTest
  @MethodSource("jdks")
  void eachCallHasItsTarget(Jdk jdk) throws IOException {
    Set<String> targets = new LinkedHashSet<>();
    for (Method method : HttpAudit.class.getMethods()) {
      targets.add("java/lang/HttpAudit." + method.getName() + Type.getMethodDescriptor(method));
    }
    Set<String> called = new TreeSet<>();
    for (byte[] bytes : weave(jdk, new TreeSet<>()).values()) {
      calls(
          bytes,
          (method, calls) ->
              calls.stream()
                  .filter(call -> call.startsWith("java/lang/HttpAudit."))
                  .forEach(called::add));
    }
    assertThat(targets).containsAll(called);
    assertThat(called).hasSizeGreaterThanOrEqualTo(jdk.feature() == 17 ? 8 : 9);
  }

  /** A worker that runs a task of its queue unseen would run it in another's context. */
  @ParameterizedTest
  @MethodSource("jdks")
  void noTaskIsTakenFromAQueueUnseen(Jdk jdk) throws IOException {
    Map<String, byte[]> woven = weave(jdk, new TreeSet<>());
    int[] seen = new int[1];
    woven.forEach(
        (owner, bytes) -> {
          if (owner.endsWith("/ForkJoinTask")) {
            return;
          }
          calls(
              bytes,
              (method, calls) -> {
                for (int i = 0; i < calls.size(); i++) {
                  if (calls.get(i).contains(".doExec()")) {
                    assertThat(calls.get(i - 1))
                        .as(owner + "." + method)
                        .contains("HttpAudit.runs(");
                    assertThat(calls.get(i + 1)).contains("HttpAudit.restore(");
                    seen[0]++;
                  }
                }
              });
        });
    assertThat(seen[0]).isGreaterThanOrEqualTo(8);
  }
}
