package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Member;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Defines a library's classes by itself: those of {@code own} with these bytes, others as they are.
 */
public final class LibraryLoader extends URLClassLoader {
  private final Map<String, byte[]> own;

  /**
   * @param own by internal name
   */
  public LibraryLoader(URL[] jars, Map<String, byte[]> own) {
    super(jars, ClassLoader.getPlatformClassLoader());
    this.own = own;
  }

  /** All jars in these folders of the one that a system property, set by the build, names. */
  public static URL[] jars(String property, String... folders) throws IOException {
    List<URL> jars = new ArrayList<>();
    for (String folder : folders) {
      try (Stream<Path> files = Files.list(Path.of(System.getProperty(property), folder))) {
        for (Path jar : files.toList()) {
          jars.add(jar.toUri().toURL());
        }
      }
    }
    return jars.toArray(new URL[0]);
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    byte[] bytes = own.get(name.replace('.', '/'));
    if (bytes == null) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : defineClass(name, bytes, 0, bytes.length);
    }
  }

  /** A class as its jar has it. */
  public byte[] bytes(String owner) throws IOException {
    try (InputStream in = getResourceAsStream(owner + ".class")) {
      assertThat(in).as(owner).isNotNull();
      return in.readAllBytes();
    }
  }

  /** Asking for the members links a class, and so verifies it. */
  public List<String> members(String owner) throws ClassNotFoundException {
    Class<?> type = Class.forName(owner.replace('/', '.'), false, this);
    assertThat(type.getClassLoader()).isSameAs(this);
    List<String> members = new ArrayList<>();
    for (Member[] all :
        List.of(
            type.getDeclaredMethods(), type.getDeclaredConstructors(), type.getDeclaredFields())) {
      Arrays.stream(all).map(Member::toString).forEach(members::add);
    }
    members.add(type.getSuperclass() + " " + List.of(type.getInterfaces()));
    return members.stream().sorted().toList();
  }
}
