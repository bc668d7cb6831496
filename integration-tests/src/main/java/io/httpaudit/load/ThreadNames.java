package io.httpaudit.load;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Timer;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Stream;

/**
 * Prints the names that the JDK numbers by itself, of threads of each kind, while they serve HTTP;
 * then all threads that there are: {@code thread NAME GROUP DAEMON PRIORITY}, sorted. Then waits
 * for a line on standard input.
 */
public final class ThreadNames {
  /** One that nobody holds ends its thread when it is collected. */
  private static Timer timer;

  private ThreadNames() {}

  public static void main(String[] arguments) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] name = Thread.currentThread().getName().getBytes();
          // What has ended when a dependent is added, the adding thread runs.
          pause();
          exchange.sendResponseHeaders(200, name.length);
          exchange.getResponseBody().write(name);
          exchange.close();
        });
    ExecutorService pool = Executors.newFixedThreadPool(2);
    server.setExecutor(pool);
    server.start();
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    System.out.println(
        "server "
            + client
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                .body());
    client
        .sendAsync(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
        .thenRun(() -> System.out.println("async " + Thread.currentThread().getName()))
        .join();

    Thread plain = new Thread(() -> {});
    System.out.println("plain " + plain.getName() + " in " + plain.getThreadGroup().getName());
    System.out.println("scheduled " + named(Executors.newSingleThreadScheduledExecutor()));
    System.out.println("fork-join " + named(new ForkJoinPool(1)));
    CompletableFuture<String> common = CompletableFuture.supplyAsync(ThreadNames::currentName);
    // Whoever waits at once may run it himself.
    Thread.sleep(100);
    System.out.println("common " + common.get());
    timer = new Timer(true);
    virtual();
    Thread.sleep(300);
    threads().sorted().forEach(System.out::println);
    System.out.println("ready");
    System.in.read();
    server.stop(0);
    pool.shutdown();
    System.exit(0);
  }

  private static void pause() {
    try {
      Thread.sleep(200);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String currentName() {
    return Thread.currentThread().getName();
  }

  private static String named(ExecutorService pool) throws Exception {
    Callable<String> name = ThreadNames::currentName;
    return pool.submit(name).get();
  }

  /** Since 21: what carries a virtual thread. Its own name is empty. */
  private static void virtual() throws Exception {
    if (Runtime.version().feature() < 21) {
      return;
    }
    ExecutorService each =
        (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    Callable<String> name = () -> Thread.currentThread().toString().replaceAll(".*@|#\\d+", "");
    System.out.println("virtual " + each.submit(name).get());
    each.shutdown();
  }

  private static Stream<String> threads() {
    ThreadGroup top = Thread.currentThread().getThreadGroup();
    while (top.getParent() != null) {
      top = top.getParent();
    }
    Thread[] all = new Thread[1000];
    int count = top.enumerate(all);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Thread thread = all[i];
      ThreadGroup group = thread.getThreadGroup();
      lines.add(
          "thread "
              + thread.getName()
              + " "
              + (group == null ? "-" : group.getName())
              + " "
              + thread.isDaemon()
              + " "
              + thread.getPriority());
    }
    return lines.stream();
  }
}
