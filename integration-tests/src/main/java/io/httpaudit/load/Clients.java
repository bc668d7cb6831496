package io.httpaudit.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Plays the whole load: tasks in a random order, each with its own random numbers, so that what is
 * sent depends on the seed alone, and only the order in time on the threads.
 */
final class Clients {
  /** Ids of a task: that many. */
  private static final int IDS = 64;

  /** Without any progress for so long, something hangs. */
  private static final int PATIENCE_SECONDS = 60;

  private final Place place;
  private final Arguments arguments;
  private final Tally tally;
  private final JdkClients jdk;
  private final List<Task> tasks = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private final AtomicReference<String> failure = new AtomicReference<>();

  /** What one thread does without a pause. */
  private record Task(
      Shape shape, ClientKind client, ServerKind server, int exchanges, boolean pipelined) {
    @Override
    public String toString() {
      return (shape == null ? "ordinary" : shape) + " by " + client + " to " + server;
    }
  }

  Clients(Place place, Arguments arguments, Tally tally) {
    this.place = place;
    this.arguments = arguments;
    this.tally = tally;
    jdk = new JdkClients(tally);
    plan();
  }

  private void plan() {
    int exchanges = arguments.number("exchanges", 1000);
    Random random = new Random(arguments.number("seed", 1));
    List<ServerKind> servers = new ArrayList<>(place.ports().keySet());
    List<ClientKind> clients = arguments.clients();
    int planned = 0;
    for (Shape shape : arguments.shapes()) {
      List<Task> cast = new ArrayList<>();
      for (ClientKind client : clients) {
        for (ServerKind server : servers) {
          if (shape.suits(client, server)) {
            cast.add(new Task(shape, client, server, 1, false));
          }
        }
      }
      Collections.shuffle(cast, random);
      for (int i = 0; i < shape.times(exchanges) && !cast.isEmpty(); i++) {
        tasks.add(cast.get(i % cast.size()));
        planned += shape == Shape.CROWD ? 60 : 1;
      }
    }
    for (int pair = random.nextInt(100); arguments.ordinary() && planned < exchanges; pair++) {
      ClientKind client = clients.get(pair % clients.size());
      ServerKind server = servers.get(pair / clients.size() % servers.size());
      int length = 1 + random.nextInt(random.nextInt(5) == 0 ? IDS - 1 : 20);
      boolean pipelined = client.raw() && server.scripted() && random.nextInt(12) == 0;
      tasks.add(new Task(null, client, server, length, pipelined));
      planned += length;
    }
    Collections.shuffle(tasks, random);
  }

  /** What went wrong, if anything. */
  Optional<String> run() {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < arguments.number("threads", 8); i++) {
      Thread thread = Threads.daemons("load-" + i).newThread(this::work);
      threads.add(thread);
      thread.start();
    }
    await(threads);
    jdk.close();
    return Optional.ofNullable(failure.get());
  }

  private void await(List<Thread> threads) {
    int before = -1;
    long since = System.nanoTime();
    try {
      for (Thread thread : threads) {
        while (thread.isAlive()) {
          thread.join(200);
          if (finished.get() != before) {
            before = finished.get();
            since = System.nanoTime();
          } else if (System.nanoTime() - since > PATIENCE_SECONDS * 1_000_000_000L) {
            fail("nothing for " + PATIENCE_SECONDS + " s\n" + stacks(threads));
            return;
          }
        }
      }
    } catch (InterruptedException e) {
      fail("interrupted");
    }
  }

  private static String stacks(List<Thread> threads) {
    StringBuilder text = new StringBuilder();
    for (Thread thread : threads) {
      text.append(thread.getName()).append('\n');
      for (StackTraceElement element : thread.getStackTrace()) {
        text.append("    ").append(element).append('\n');
      }
    }
    return text.toString();
  }

  private void fail(String reason) {
    failure.compareAndSet(null, reason);
  }

  private void work() {
    for (int i = next.getAndIncrement();
        i < tasks.size() && failure.get() == null;
        i = next.getAndIncrement()) {
      Task task = tasks.get(i);
      Random random = new Random(arguments.number("seed", 1) * 1_000_003L + i);
      try {
        if (task.client() == ClientKind.VIRTUAL) {
          virtually(task, i * IDS + 1, random);
        } else {
          play(task, i * IDS + 1, random);
        }
      } catch (IOException | RuntimeException e) {
        java.io.StringWriter trace = new java.io.StringWriter();
        e.printStackTrace(new java.io.PrintWriter(trace));
        fail(task + ": " + trace);
      }
      finished.incrementAndGet();
    }
  }

  private void virtually(Task task, int firstId, Random random) throws IOException {
    AtomicReference<Exception> thrown = new AtomicReference<>();
    Thread thread =
        Threads.virtual()
            .newThread(
                () -> {
                  try {
                    play(task, firstId, random);
                  } catch (IOException | RuntimeException e) {
                    thrown.set(e);
                  }
                });
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    if (thrown.get() != null) {
      throw new IOException("in a virtual thread", thrown.get());
    }
  }

  private void play(Task task, int firstId, Random random) throws IOException {
    if (task.shape() != null) {
      tally.shape(task.shape().toString());
      try (Act act =
          new Act(task.client(), task.server(), firstId, place, jdk, tally, random, firstId)) {
        task.shape().play(act);
      } catch (IOException e) {
        if (!task.shape().mayBreak(task.server())) {
          throw e;
        }
      }
      return;
    }
    InetSocketAddress address = place.address(task.server(), firstId);
    if (task.client() == ClientKind.URL) {
      for (int i = 0; i < task.exchanges(); i++) {
        jdk.url(address, task.server(), firstId + i, random);
      }
    } else if (task.client() == ClientKind.HTTP) {
      http(task, address, firstId, random);
    } else {
      raw(task, address, firstId, random);
    }
  }

  private void http(Task task, InetSocketAddress address, int firstId, Random random)
      throws IOException {
    if (random.nextInt(4) == 0) {
      jdk.together(address, task.server(), firstId, Math.min(10, task.exchanges()), random);
      return;
    }
    for (int i = 0; i < task.exchanges(); i++) {
      jdk.http(address, task.server(), firstId + i, random);
    }
  }

  private void raw(Task task, InetSocketAddress address, int firstId, Random random)
      throws IOException {
    try (RawSession session =
        new RawSession(task.client(), task.server(), address, random, tally)) {
      if (task.pipelined()) {
        // Reading and writing at once, this client's one selector is not made for.
        if (task.client() != ClientKind.SELECTOR && random.nextBoolean()) {
          session.duplex(firstId, task.exchanges());
        } else {
          session.pipeline(firstId, task.exchanges());
        }
        return;
      }
      for (int i = 0; i < task.exchanges() && session.exchange(firstId + i); i++) {}
    }
  }
}
