package io.httpaudit.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The JDK's two clients, each with its pool of connections. */
final class JdkClients {
  private static final String[] METHODS = {
    "GET", "GET", "GET", "POST", "POST", "PUT", "HEAD", "DELETE"
  };

  private final Tally tally;
  private final ExecutorService executor =
      Executors.newFixedThreadPool(4, Threads.daemons("http-client"));
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).executor(executor).build();

  JdkClients(Tally tally) {
    this.tally = tally;
  }

  HttpClient client() {
    return client;
  }

  void close() {
    executor.shutdownNow();
  }

  /** What both can ask for, of every server. */
  private static Script script(int id, ServerKind server, Random random) {
    Script script =
        Script.plain(id).with("size", random.nextInt(random.nextInt(10) == 0 ? 60_000 : 2_000));
    switch (random.nextInt(10)) {
      case 0:
        script.with("status", random.nextBoolean() ? 204 : 304).with("size", 0);
        break;
      case 1:
        script.with("status", random.nextBoolean() ? 404 : 500);
        break;
      case 2:
      case 3:
        script.with("body", "chunked");
        break;
      case 4:
        script.with("cut", "file");
        break;
      case 5:
        if (server.scripted()) {
          // No trailers: java.net.http closes the connection rather than read them.
          script.with("body", "chunked").with("ext", 1).with("cut", "odd");
        }
        break;
      default:
        break;
    }
    return script;
  }

  private static void check(
      Script script,
      String method,
      int sent,
      int status,
      String got,
      String body,
      ServerKind server) {
    Mismatch.equal(status, script.status(), script + " by " + server + " status");
    Mismatch.equal(got, Integer.toString(sent), script + " by " + server + " request body");
    String expected = script.bodiless(method) ? "0" : Integer.toString(script.size());
    Mismatch.equal(body, expected, script + " by " + server + " body");
  }

  void url(InetSocketAddress address, ServerKind server, int id, Random random) throws IOException {
    Script script = script(id, server, random);
    String method = METHODS[random.nextInt(METHODS.length)];
    HttpURLConnection connection =
        (HttpURLConnection) Place.uri(address, script.path()).toURL().openConnection();
    connection.setRequestMethod(method);
    connection.setInstanceFollowRedirects(false);
    boolean body = method.equals("POST") || method.equals("PUT");
    int size = body ? random.nextInt(3000) : 0;
    tally.sent();
    if (body) {
      connection.setDoOutput(true);
      int form = random.nextInt(3);
      if (form == 0) {
        connection.setFixedLengthStreamingMode(size);
        if (random.nextInt(3) == 0) {
          connection.setRequestProperty("Expect", "100-continue");
        }
      } else if (form == 1) {
        connection.setChunkedStreamingMode(1000);
      }
      try (OutputStream out = connection.getOutputStream()) {
        out.write(Pattern.copy(id, size));
      }
    }
    int status = connection.getResponseCode();
    String read = "0";
    try (InputStream in =
        status >= 400 ? connection.getErrorStream() : connection.getInputStream()) {
      if (in != null) {
        read = JdkServer.drain(id, in);
      }
    }
    check(script, method, size, status, connection.getHeaderField("X-Got"), read, server);
    tally.whole(script);
  }

  void http(InetSocketAddress address, ServerKind server, int id, Random random)
      throws IOException {
    Call call = new Call(address, server, id, random);
    try {
      if (random.nextBoolean()) {
        call.check(client.send(call.request, HttpResponse.BodyHandlers.ofByteArray()));
      } else {
        call.check(client.sendAsync(call.request, HttpResponse.BodyHandlers.ofByteArray()).get());
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException(call.script.toString(), e);
    }
  }

  /** Several at once. */
  void together(InetSocketAddress address, ServerKind server, int firstId, int count, Random random)
      throws IOException {
    List<Call> calls = new ArrayList<>();
    List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Call call = new Call(address, server, firstId + i, random);
      calls.add(call);
      answers.add(client.sendAsync(call.request, HttpResponse.BodyHandlers.ofByteArray()));
    }
    try {
      for (int i = 0; i < count; i++) {
        calls.get(i).check(answers.get(i).get());
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException(e);
    }
  }

  private final class Call {
    private final Script script;
    private final String method;
    private final int size;
    private final HttpRequest request;
    private final ServerKind server;

    Call(InetSocketAddress address, ServerKind server, int id, Random random) {
      this.server = server;
      script = script(id, server, random);
      method = METHODS[random.nextInt(METHODS.length)];
      boolean body = method.equals("POST") || method.equals("PUT");
      size = body ? random.nextInt(3000) : 0;
      HttpRequest.Builder builder = HttpRequest.newBuilder(Place.uri(address, script.path()));
      if (body) {
        byte[] bytes = Pattern.copy(id, size);
        builder.method(
            method,
            random.nextBoolean()
                ? BodyPublishers.ofByteArray(bytes)
                : BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(bytes)));
        builder.expectContinue(random.nextInt(8) == 0);
      } else {
        builder.method(method, BodyPublishers.noBody());
      }
      request = builder.build();
      tally.sent();
    }

    void check(HttpResponse<byte[]> answer) {
      Pattern.Check check = new Pattern.Check(script.id());
      check.update(answer.body(), 0, answer.body().length);
      JdkClients.check(
          script,
          method,
          size,
          answer.statusCode(),
          answer.headers().firstValue("X-Got").orElse(""),
          check.result(),
          server);
      tally.whole(script);
    }
  }
}
