package io.httpaudit.load.chain;

import io.httpaudit.load.Threads;
import io.httpaudit.load.Transport;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** The front's calls to the back, by {@code java.net.http}. */
final class BackCalls {
  private static final Duration IMPATIENT = Duration.ofMillis(25);

  private final int jdk = Runtime.version().feature();
  private final int[] ports;
  private final HttpClient client = builder().version(HttpClient.Version.HTTP_1_1).build();

  /**
   * One whose own threads are virtual, where there are such, and which would rather have HTTP/2.
   */
  private final HttpClient other = builder().executor(Threads.perTask()).build();

  BackCalls(int[] ports) {
    this.ports = ports;
  }

  private static HttpClient.Builder builder() {
    return Transport.OWN.client().followRedirects(HttpClient.Redirect.ALWAYS);
  }

  private HttpRequest.Builder request(String hop, Ask ask, Plan plan) {
    URI uri = Transport.OWN.uri(ports[plan.server().ordinal()], ask.at(hop).path());
    HttpRequest.Builder builder = HttpRequest.newBuilder(uri);
    if (ask.handOff() == HandOff.OWN_HEADER) {
      builder.header("traceparent", Plan.traceparent(ask.id()));
    }
    // A redirect of another method would make it GET.
    return plan.moved() || plan.form() == Plan.Form.GET
        ? builder
        : builder.POST(BodyPublishers.ofString("a body"));
  }

  private HttpClient client(Ask ask) {
    return ask.id() % 3 == 0 ? other : client;
  }

  /** Waits for it. */
  void call(Ask ask) throws IOException {
    Plan plan = Plan.of(ask.id(), jdk);
    if (plan.async()) {
      try {
        callAsync(ask).get();
      } catch (ExecutionException e) {
        throw new IOException(e.getCause());
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      return;
    }
    HttpRequest request = request(plan.moved() ? "moved" : "back", ask, plan).build();
    check(ask, send(request, client(ask)));
  }

  private static HttpResponse<String> send(HttpRequest request, HttpClient client)
      throws IOException {
    try {
      return client.send(request, BodyHandlers.ofString());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void check(Ask ask, HttpResponse<String> response) throws IOException {
    Answers.check(ask.at("back"), response.statusCode(), response.body());
  }

  CompletableFuture<Ask> callAsync(Ask ask) {
    Plan plan = Plan.of(ask.id(), jdk);
    HttpRequest request = request(plan.moved() ? "moved" : "back", ask, plan).build();
    return client(ask)
        .sendAsync(request, BodyHandlers.ofString())
        .thenApply(
            response -> {
              try {
                check(ask, response);
                return ask;
              } catch (IOException e) {
                throw new CompletionException(e);
              }
            });
  }

  /** One that is given up before it is answered. */
  void callInVain(Ask ask) throws IOException {
    HttpRequest request =
        request("slow", ask, Plan.of(ask.id(), jdk)).timeout(IMPATIENT).GET().build();
    try {
      send(request, client(ask));
    } catch (HttpTimeoutException e) {
      return;
    }
  }
}
