package io.httpaudit.load;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * What a program can see: which of the classes named in the file {@code arguments[0]} its loaders
 * load, which of the resources in {@code arguments[1]} they find, and the JVM's state that a
 * program may ask for.
 */
public final class Visible {
  private Visible() {}

  public static void main(String[] arguments) throws Exception {
    List<ClassLoader> loaders =
        List.of(
            ClassLoader.getSystemClassLoader(),
            ClassLoader.getPlatformClassLoader(),
            new URLClassLoader(new URL[0], ClassLoader.getSystemClassLoader()),
            new URLClassLoader(new URL[0], null));
    for (String name : Files.readAllLines(Path.of(arguments[0]))) {
      for (ClassLoader loader : loaders) {
        if (loads(name, loader)) {
          System.out.println("class " + name + " by " + kind(loader));
        }
      }
    }
    for (String name : Files.readAllLines(Path.of(arguments[1]))) {
      for (ClassLoader loader : loaders) {
        for (URL found : Collections.list(loader.getResources(name))) {
          if (!found.getProtocol().equals("jrt")) {
            System.out.println("resource " + name + " at " + found);
          }
        }
      }
    }
    state();
  }

  private static boolean loads(String name, ClassLoader loader) {
    try {
      Class.forName(name, false, loader);
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  private static String kind(ClassLoader loader) {
    return loader.getName() == null
        ? loader.getParent() == null ? "own" : "child"
        : loader.getName();
  }

  private static void state() throws IOException {
    new TreeMap<>(System.getProperties())
        .forEach((key, value) -> System.out.println("property " + key + "=" + value));
    System.out.println("locale " + Locale.getDefault());
    System.out.println("zone " + java.util.TimeZone.getDefault().getID());
    System.out.println(
        "context loader " + Thread.currentThread().getContextClassLoader().getName());
    System.out.println("handler " + Thread.getDefaultUncaughtExceptionHandler());
    java.util.logging.Logger root = java.util.logging.LogManager.getLogManager().getLogger("");
    System.out.println("logging " + root.getLevel() + " " + root.getHandlers().length);
    System.out.println("selector " + java.net.ProxySelector.getDefault().getClass().getName());
    System.out.println("authenticator " + java.net.Authenticator.getDefault());
    System.out.println(
        "security "
            + String.join(
                ",",
                List.of(java.security.Security.getProviders()).stream()
                    .map(p -> p.getName())
                    .toList()));
    for (java.nio.file.spi.FileSystemProvider provider :
        java.nio.file.spi.FileSystemProvider.installedProviders()) {
      System.out.println("file system " + provider.getScheme());
    }
    ServiceLoader.load(java.net.spi.URLStreamHandlerProvider.class)
        .forEach(p -> System.out.println("url handler " + p));
    try (java.util.stream.Stream<Path> files =
        Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      files
          .map(file -> file.getFileName().toString())
          .forEach(name -> System.out.println("left " + name));
    }
  }
}
