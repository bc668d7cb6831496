package io.httpaudit.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Prints the capabilities of threads of each kind, as the kernel has them: {@code KIND CapInh
 * CapPrm CapEff CapAmb}; and then of all of this process's threads, by name: {@code task NAME
 * CapPrm}.
 */
public final class Capabilities {
  private Capabilities() {}

  public static void main(String[] arguments) throws Exception {
    System.out.println("main " + own());
    print("new", Executors.newSingleThreadExecutor());
    print("pool", Executors.newFixedThreadPool(2));
    print("fork-join", new ForkJoinPool(1));
    IntStream.range(0, 4)
        .parallel()
        .mapToObj(i -> "common " + own())
        .distinct()
        .forEach(System.out::println);
    if (Runtime.version().feature() >= 21) {
      print(
          "virtual",
          (ExecutorService)
              Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null));
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook " + own())));
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      tasks.forEach(
          task ->
              System.out.println(
                  "task " + name(task) + "|" + field(task.resolve("status"), "CapPrm:")));
    }
    System.exit(0);
  }

  private static void print(String kind, ExecutorService pool) throws Exception {
    Callable<String> own = Capabilities::own;
    for (int i = 0; i < 3; i++) {
      System.out.println(kind + " " + pool.submit(own).get());
    }
    pool.shutdown();
  }

  private static String own() {
    Path status = Path.of("/proc/thread-self/status");
    return String.join(
        " ",
        field(status, "CapInh:"),
        field(status, "CapPrm:"),
        field(status, "CapEff:"),
        field(status, "CapAmb:"));
  }

  private static String name(Path task) {
    try {
      return Files.readString(task.resolve("comm")).trim();
    } catch (IOException e) {
      return "gone";
    }
  }

  private static String field(Path status, String name) {
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(name.length()).trim())
          .findFirst()
          .orElse("");
    } catch (UncheckedIOException | IOException e) {
      return "gone";
    }
  }
}
