package io.httpaudit.stacks;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.net.PfxOptions;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;

/** Requests are answered by a worker, as whatever blocks is to be. */
public class VertxStack implements Stack {
  private static final int MOST = 100;

  /** Whether it uses Netty's own sockets. */
  boolean isNative() {
    return false;
  }

  private Vertx vertx() {
    Vertx vertx =
        Vertx.vertx(new VertxOptions().setWorkerPoolSize(64).setPreferNativeTransport(isNative()));
    if (vertx.isNativeTransportEnabled() != isNative()) {
      throw new IllegalStateException("transport");
    }
    return vertx;
  }

  @Override
  public int serve(SSLContext tls, Responder responder) throws Exception {
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost("127.0.0.1")
            .setPort(0)
            .setHandle100ContinueAutomatically(true);
    if (tls != null) {
      options
          .setSsl(true)
          .setUseAlpn(false)
          .setKeyCertOptions(
              new PfxOptions().setPath(Keys.storeOf(tls).toString()).setPassword(Keys.PASSWORD));
    }
    Vertx vertx = vertx();
    HttpServer server =
        vertx.createHttpServer(options).requestHandler(request -> take(vertx, request, responder));
    return server.listen().toCompletionStage().toCompletableFuture().get().actualPort();
  }

  private static void take(Vertx vertx, HttpServerRequest request, Responder responder) {
    if (request.getHeader("Upgrade") != null) {
      request
          .toWebSocket()
          .onSuccess(socket -> socket.textMessageHandler(socket::writeTextMessage));
      return;
    }
    request
        .body()
        .compose(
            body ->
                vertx.executeBlocking(
                    () ->
                        responder.answer(
                            request.method().name(),
                            request.path(),
                            request.getHeader("Sent"),
                            body.getBytes()),
                    false))
        .onSuccess(answer -> write(request.response(), answer))
        .onFailure(e -> request.response().reset());
  }

  private static void write(HttpServerResponse response, Answer answer) {
    response.setStatusCode(answer.status());
    if (answer.status() == 204) {
      response.end();
      return;
    }
    if (answer.chunked()) {
      response.setChunked(true);
    } else {
      response.putHeader("Content-Length", "" + answer.length());
    }
    if (answer.body().length == 0) {
      response.end();
    } else {
      response.end(Buffer.buffer(answer.body()));
    }
  }

  @Override
  public Client client(SSLContext tls) {
    HttpClientOptions options = new HttpClientOptions();
    if (tls != null) {
      options
          .setSsl(true)
          .setUseAlpn(false)
          .setTrustOptions(
              new PfxOptions().setPath(Keys.storeOf(tls).toString()).setPassword(Keys.PASSWORD));
    }
    Vertx vertx = vertx();
    HttpClient client = vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(MOST));
    return (uri, asked) -> {
      if (asked.upgrades()) {
        talk(vertx, tls, uri, asked);
        return;
      }
      RequestOptions request =
          new RequestOptions()
              .setMethod(HttpMethod.valueOf(asked.method()))
              .setHost(uri.getHost())
              .setPort(uri.getPort())
              .setSsl(tls != null)
              .setURI(uri.getPath())
              .setFollowRedirects(true)
              .putHeader("Sent", "" + asked.bytes());
      if (asked.timeout() > 0) {
        request.setTimeout(asked.timeout()).setIdleTimeout(asked.timeout());
      }
      CompletableFuture<Void> done =
          client
              .request(request)
              .compose(r -> send(r, asked))
              .toCompletionStage()
              .thenAccept(got -> check(asked, got))
              .toCompletableFuture();
      done.get();
    };
  }

  /** Status and body. */
  private record Got(int status, byte[] body) {}

  private static io.vertx.core.Future<Got> send(HttpClientRequest request, Asked asked) {
    if (asked.chunked()) {
      request.setChunked(true);
    }
    if (asked.expects()) {
      request.putHeader("Expect", "100-continue").putHeader("Content-Length", "" + asked.bytes());
      request.continueHandler(nothing -> request.end(Buffer.buffer(asked.body())));
      request.sendHead();
      return got(request.response());
    }
    return got((asked.hasBody() ? request.send(Buffer.buffer(asked.body())) : request.send()));
  }

  private static io.vertx.core.Future<Got> got(io.vertx.core.Future<HttpClientResponse> response) {
    return response.compose(
        head -> head.body().map(body -> new Got(head.statusCode(), body.getBytes())));
  }

  private static void talk(Vertx vertx, SSLContext tls, URI uri, Asked asked) throws Exception {
    WebSocketClientOptions options = new WebSocketClientOptions();
    if (tls != null) {
      options
          .setSsl(true)
          .setTrustOptions(
              new PfxOptions().setPath(Keys.storeOf(tls).toString()).setPassword(Keys.PASSWORD));
    }
    Talk talk = new Talk(asked);
    WebSocketConnectOptions to =
        new WebSocketConnectOptions()
            .setHost(uri.getHost())
            .setPort(uri.getPort())
            .setSsl(tls != null)
            .setURI(uri.getPath());
    to.putHeader("Sent", "0");
    vertx
        .createWebSocketClient(options)
        .connect(to)
        .onSuccess(
            socket -> {
              socket.textMessageHandler(
                  text -> {
                    talk.heard(text);
                    socket.close();
                  });
              socket.closeHandler(nothing -> talk.ended());
              socket.writeTextMessage(talk.text());
            });
    talk.await();
    talk.awaitEnd();
  }

  private static void check(Asked asked, Got got) {
    try {
      asked.check(got.status(), got.body());
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
