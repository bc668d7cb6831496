package io.httpaudit;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.instrument.Instrumentation;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/**
 * The one class of ours that the application can see: what the manifest names, and the class loader
 * of all the rest.
 *
 * <p>The JVM puts an agent's jar on the application's class path. So everything else in it, our
 * classes and the libraries' alike, lies under {@code httpaudit/} with classes named {@code
 * .classdata}, where only this loader looks. Its parent is the platform's loader: neither side sees
 * the other's classes.
 */
public final class Launcher extends ClassLoader {
  private static final String ROOM = "httpaudit/";

  static {
    registerAsParallelCapable();
  }

  private final JarFile jar;
  private final String base;

  private Launcher(Path path) throws IOException {
    super("httpaudit", ClassLoader.getPlatformClassLoader());
    jar = new JarFile(path.toFile(), false);
    base = "jar:" + path.toUri() + "!/" + ROOM;
  }

  /** Before {@code main}: never throws, since an exception out of here would end the JVM. */
  public static void premain(String arguments, Instrumentation instrumentation) {
    try {
      entry("io.httpaudit.agent.Agent")
          .getMethod("start", String.class, Instrumentation.class)
          .invoke(null, arguments, instrumentation);
    } catch (Throwable e) {
      System.err.println("httpaudit: not started, the application runs without it: " + cause(e));
    }
  }

  /** Into a JVM that runs already. */
  public static void agentmain(String arguments, Instrumentation instrumentation) {
    premain(arguments, instrumentation);
  }

  /** {@code java -jar httpaudit.jar}. */
  public static void main(String[] arguments) throws ReflectiveOperationException, IOException {
    Object status =
        entry("io.httpaudit.cli.Cli")
            .getMethod("main", String[].class)
            .invoke(null, (Object) arguments);
    System.exit((Integer) status);
  }

  private static Class<?> entry(String name) throws ReflectiveOperationException, IOException {
    try {
      Path path =
          Path.of(Launcher.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return new Launcher(path).loadClass(name);
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  private static Throwable cause(Throwable e) {
    return e.getCause() == null ? e : cause(e.getCause());
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (ofPlatform(name)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      byte[] bytes = bytes(name.replace('.', '/') + ".classdata");
      if (bytes == null) {
        return super.loadClass(name, resolve);
      }
      return defineClass(name, bytes, 0, bytes.length);
    }
  }

  private static boolean ofPlatform(String name) {
    return name.startsWith("java.") || name.startsWith("jdk.") || name.startsWith("sun.");
  }

  private byte[] bytes(String name) {
    ZipEntry entry = jar.getEntry(ROOM + name);
    if (entry == null) {
      return null;
    }
    try (InputStream in = jar.getInputStream(entry)) {
      return in.readNBytes((int) entry.getSize());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public InputStream getResourceAsStream(String name) {
    byte[] bytes = bytes(inJar(name));
    return bytes == null ? super.getResourceAsStream(name) : new ByteArrayInputStream(bytes);
  }

  @Override
  protected URL findResource(String name) {
    try {
      return jar.getEntry(ROOM + inJar(name)) == null
          ? null
          : URI.create(base + inJar(name)).toURL();
    } catch (MalformedURLException e) {
      return null;
    }
  }

  @Override
  protected Enumeration<URL> findResources(String name) {
    URL url = findResource(name);
    return url == null ? Collections.emptyEnumeration() : Collections.enumeration(List.of(url));
  }

  private static String inJar(String name) {
    return name.endsWith(".class") ? name + "data" : name;
  }
}
