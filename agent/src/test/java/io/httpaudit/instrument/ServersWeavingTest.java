package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.net.URI;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is woven into servers, against the classes of each version: each point has its method, the
 * JVM verifies what came of it, and the class has no other members than before.
 */
class ServersWeavingTest {
  static Set<String> owners(Library library) {
    Set<String> owners = new LinkedHashSet<>();
    for (Point point : library.points()) {
      owners.add(point.owner());
    }
    return owners;
  }

  private static URL[] jars(String version) throws IOException {
    return LibraryLoader.jars("tomcats", version);
  }

  private static Map<String, byte[]> woven(Library library, LibraryLoader of) throws IOException {
    LibraryWeaver weaver = new LibraryWeaver(library);
    Map<String, byte[]> woven = new TreeMap<>();
    for (String owner : owners(library)) {
      byte[] bytes = of.bytes(owner);
      woven.put(owner, weaver.weave(owner, bytes));
      assertThat(woven.get(owner)).isNotEqualTo(bytes);
      assertThat(weaver.missing(owner)).isEmpty();
    }
    return woven;
  }

  @ParameterizedTest
  @ValueSource(strings = {"9", "10", "11"})
  void eachTomcatIsVerifiedAndHasNothingMore(String version) throws Exception {
    URL[] jars = jars(version);
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of())) {
      Map<String, byte[]> woven = woven(new Tomcat(null), plain);
      woven.putAll(woven(new TomcatThreads(), plain));
      assertThat(woven).hasSize(5);
      try (LibraryLoader loader = new LibraryLoader(jars, woven)) {
        for (String owner : woven.keySet()) {
          assertThat(loader.members(owner)).isEqualTo(plain.members(owner));
        }
      }
    }
  }

  /** All of its ways are found, in each. */
  @ParameterizedTest
  @ValueSource(strings = {"9", "10", "11"})
  void eachTomcatsRequestLeadsToItsChannelAndItsServlet(String version) throws Exception {
    try (LibraryLoader loader = new LibraryLoader(jars(version), Map.of())) {
      Class<?> request = Class.forName("org.apache.coyote.Request", false, loader);
      TomcatClasses classes = new TomcatClasses(request);
      for (Field field : TomcatClasses.class.getDeclaredFields()) {
        assertThat(field.get(classes)).as(field.getName()).isNotNull();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"9", "10", "11"})
  void whatIsKnownOfATomcatGoesWithItsLoader(String version) throws Throwable {
    TomcatRequests requests = new TomcatRequests();
    LibraryLoader loader = new LibraryLoader(jars(version), Map.of());
    Object request =
        Class.forName("org.apache.coyote.Request", true, loader)
            .getDeclaredConstructor()
            .newInstance();
    HttpAuditContext context = new HttpAuditContext(1, 2, 3, true, null, null) {};
    requests.keep(request, context);
    assertThat(requests.kept(request)).isSameAs(context);
    requests.keep(request, null);
    assertThat(requests.kept(request)).isNull();
    loader.close();
    WeakReference<ClassLoader> gone = new WeakReference<>(loader);
    request = null;
    loader = null;
    for (int i = 0; i < 50 && gone.get() != null; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertThat(gone.get()).isNull();
  }

  /** The JDK's own is verified, too, where it is not the JDK's loader that defines it. */
  @Test
  void thisJdksServerIsVerifiedAndHasNothingMore() throws Exception {
    FileSystem files = FileSystems.getFileSystem(URI.create("jrt:/"));
    Map<String, byte[]> original = new TreeMap<>();
    Path module = files.getPath("/modules/jdk.httpserver");
    try (Stream<Path> classes = Files.list(module.resolve("sun/net/httpserver"))) {
      for (Path file : classes.filter(path -> path.toString().endsWith(".class")).toList()) {
        String name = module.relativize(file).toString();
        original.put(name.substring(0, name.length() - 6), Files.readAllBytes(file));
      }
    }
    Library library = new JdkHttpServer(null);
    LibraryWeaver weaver = new LibraryWeaver(library);
    Map<String, byte[]> woven = new TreeMap<>(original);
    for (String owner : owners(library)) {
      woven.put(owner, weaver.weave(owner, original.get(owner)));
      assertThat(weaver.missing(owner)).isEmpty();
    }
    try (LibraryLoader plain = new LibraryLoader(new URL[0], original);
        LibraryLoader loader = new LibraryLoader(new URL[0], woven)) {
      for (String owner : owners(library)) {
        assertThat(loader.members(owner)).isEqualTo(plain.members(owner));
      }
    }
  }

  /** The tests above can fail: what they call linking does verify. */
  @Test
  void aSpoiledClassIsRefused() throws Exception {
    URL[] jars = jars("11");
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of())) {
      Map<String, byte[]> woven = woven(new Tomcat(null), plain);
      String owner = "org/apache/catalina/connector/CoyoteAdapter";
      byte[] bytes = woven.get(owner);
      ClassReader reader = new ClassReader(bytes);
      ClassWriter writer = new ClassWriter(0);
      // Without its frames.
      reader.accept(writer, ClassReader.SKIP_FRAMES);
      woven.put(owner, writer.toByteArray());
      try (LibraryLoader loader = new LibraryLoader(jars, woven)) {
        assertThatExceptionOfType(VerifyError.class).isThrownBy(() -> loader.members(owner));
      }
    }
  }
}
