package io.httpaudit.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A JDK of this machine: the one that runs the tests, and, of those under {@code /usr/lib/jvm} and
 * {@code JAVA_HOME_*}, one for each other feature version that the agent supports.
 */
public record Jdk(int feature, Path home) {
  private static final List<Integer> SUPPORTED = List.of(17, 25);

  public Path java() {
    return home.resolve("bin/java");
  }

  /** The one that runs the tests. */
  public static Jdk current() {
    return new Jdk(Runtime.version().feature(), Path.of(System.getProperty("java.home")));
  }

  /** Each feature version once, ascending; the current one always. */
  public static List<Jdk> all() {
    Map<Integer, Jdk> found = new TreeMap<>();
    for (Path home : homes()) {
      int feature = feature(home);
      if (SUPPORTED.contains(feature)) {
        found.putIfAbsent(feature, new Jdk(feature, home));
      }
    }
    found.put(current().feature(), current());
    return new ArrayList<>(found.values());
  }

  /** All at full volume, else the newest: for what takes long. */
  public static List<Jdk> few() {
    List<Jdk> all = all();
    return Integer.getInteger("volume", 1) > 1 ? all : all.subList(all.size() - 1, all.size());
  }

  private static List<Path> homes() {
    List<Path> homes = new ArrayList<>();
    System.getenv()
        .forEach(
            (name, value) -> {
              if (name.startsWith("JAVA_HOME")) {
                homes.add(Path.of(value));
              }
            });
    try (Stream<Path> installed = Files.list(Path.of("/usr/lib/jvm"))) {
      installed.sorted().forEach(homes::add);
    } catch (IOException e) {
      // No such folder on this system: the current JDK is there.
    }
    return homes;
  }

  /** By the JDK's own file {@code release}; 0: none. */
  private static int feature(Path home) {
    if (!Files.isExecutable(home.resolve("bin/java"))) {
      return 0;
    }
    Properties release = new Properties();
    try (var in = Files.newBufferedReader(home.resolve("release"))) {
      release.load(in);
      return Runtime.Version.parse(release.getProperty("JAVA_VERSION").replace("\"", "")).feature();
    } catch (IOException | RuntimeException e) {
      return 0;
    }
  }

  @Override
  public String toString() {
    return "JDK " + feature;
  }
}
