package io.httpaudit.load;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Arrays;

/**
 * Runs the program {@code arguments[0]} by a class loader of its own, which sees nothing of this
 * one's: as containers do.
 */
public final class ThroughOwnLoader {
  private ThroughOwnLoader() {}

  public static void main(String[] arguments) throws Exception {
    URL[] path =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(ThroughOwnLoader::url)
            .toArray(URL[]::new);
    try (URLClassLoader loader =
        new URLClassLoader("own", path, ClassLoader.getPlatformClassLoader())) {
      Thread.currentThread().setContextClassLoader(loader);
      Class<?> program = loader.loadClass(arguments[0]);
      System.out.println(program.getClassLoader().getName());
      program
          .getMethod("main", String[].class)
          .invoke(null, (Object) Arrays.copyOfRange(arguments, 1, arguments.length));
    }
  }

  private static URL url(String path) {
    try {
      return new File(path).toURI().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
