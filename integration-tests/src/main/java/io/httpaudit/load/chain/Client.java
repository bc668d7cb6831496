package io.httpaudit.load.chain;

import io.httpaudit.load.Transport;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends each id through the chain once, and names no trace. Arguments: how many ids, how many at
 * once, and the front's ports. Says {@code done} and how many were answered as they must be.
 */
public final class Client {
  private final int jdk = Runtime.version().feature();
  private final int[] ports;
  private final long ids;
  private final int atOnce;
  private final AtomicLong next = new AtomicLong();
  private final AtomicInteger answered = new AtomicInteger();

  private Client(long ids, int atOnce, int[] ports) {
    this.ports = ports;
    this.ids = ids;
    this.atOnce = atOnce;
  }

  public static void main(String[] arguments) throws Exception {
    System.setProperty("http.maxConnections", "64");
    Client client =
        new Client(
            Long.parseLong(arguments[0]),
            Integer.parseInt(arguments[1]),
            new int[] {Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3])});
    client.run();
    System.out.println("done " + client.answered);
    System.exit(0);
  }

  private Ask ask(long id) {
    return new Ask("front", HandOff.of(id, jdk), id, 0);
  }

  private int port(Plan plan) {
    return ports[plan.nio2() ? 1 : 0];
  }

  private void run() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < atOnce / 2; i++) {
      Thread thread = new Thread(this::byUrlConnection, "client-" + i);
      threads.add(thread);
      thread.start();
    }
    byHttpClient();
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** The next id that is this client's part; those of the other are left. */
  private void byUrlConnection() {
    for (long id = next.getAndIncrement(); id < ids; id = next.getAndIncrement()) {
      Plan plan = Plan.of(id, jdk);
      if (plan.urlConnection()) {
        Ask ask = ask(id);
        try {
          UrlCalls.call(port(plan), ask, plan.form());
          answered.incrementAndGet();
        } catch (IOException e) {
          e.printStackTrace();
        }
      }
    }
  }

  private void byHttpClient() throws InterruptedException {
    HttpClient client = Transport.OWN.client().version(HttpClient.Version.HTTP_1_1).build();
    int most = atOnce - atOnce / 2;
    Semaphore permits = new Semaphore(most);
    for (long id = 0; id < ids; id++) {
      Plan plan = Plan.of(id, jdk);
      if (plan.urlConnection()) {
        continue;
      }
      permits.acquire();
      Ask ask = ask(id);
      HttpRequest.Builder request =
          HttpRequest.newBuilder(Transport.OWN.uri(port(plan), ask.path()));
      if (plan.form() != Plan.Form.GET) {
        request.POST(BodyPublishers.ofString("a body"));
      }
      client
          .sendAsync(request.build(), BodyHandlers.ofString())
          .whenComplete(
              (response, thrown) -> {
                try {
                  if (thrown != null) {
                    throw new IOException(thrown);
                  }
                  Answers.check(ask, response.statusCode(), response.body());
                  answered.incrementAndGet();
                } catch (IOException e) {
                  e.printStackTrace();
                } finally {
                  permits.release();
                }
              });
    }
    permits.acquire(most);
  }
}
