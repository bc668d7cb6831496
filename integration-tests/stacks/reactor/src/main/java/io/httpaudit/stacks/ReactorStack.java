package io.httpaudit.stacks;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.URI;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/** Requests are answered on a scheduler for what blocks. */
public class ReactorStack implements Stack {
  private final LoopResources loops;

  public ReactorStack() {
    this(LoopResources.create("nio"));
  }

  /** Sockets are of the loops' kind; those of its own loops are the JDK's. */
  ReactorStack(LoopResources loops) {
    this.loops = loops;
  }

  @Override
  public int serve(SSLContext tls, Responder responder) throws Exception {
    HttpServer server =
        HttpServer.create()
            .runOn(loops, false)
            .host("127.0.0.1")
            .port(0)
            .protocol(HttpProtocol.HTTP11)
            .handle((request, response) -> take(request, response, responder));
    if (tls != null) {
      SslContext context = SslContextBuilder.forServer(Keys.keys(Keys.storeOf(tls))).build();
      server = server.secure(spec -> spec.sslContext(context));
    }
    return server.bindNow().port();
  }

  private static Publisher<Void> take(
      HttpServerRequest request, HttpServerResponse response, Responder responder) {
    if (request.requestHeaders().contains("Upgrade")) {
      return response.sendWebsocket((in, out) -> out.send(in.receive().retain()));
    }
    return request
        .receive()
        .aggregate()
        .asByteArray()
        .defaultIfEmpty(new byte[0])
        .flatMap(
            body ->
                Mono.fromCallable(
                        () ->
                            responder.answer(
                                request.method().name(),
                                request.uri(),
                                request.requestHeaders().get("Sent"),
                                body))
                    .subscribeOn(Schedulers.boundedElastic()))
        .flatMap(answer -> write(response, answer));
  }

  private static Mono<Void> write(HttpServerResponse response, Answer answer) {
    response.status(answer.status());
    if (answer.status() == 204) {
      return response.send();
    }
    if (!answer.chunked()) {
      response.header("Content-Length", "" + answer.length());
    }
    if (answer.body().length == 0) {
      return response.send();
    }
    return response.send(Flux.just(Unpooled.wrappedBuffer(answer.body()))).then();
  }

  @Override
  public Client client(SSLContext tls) throws Exception {
    HttpClient plain =
        HttpClient.create(ConnectionProvider.create("all", 100))
            .runOn(loops, false)
            .protocol(HttpProtocol.HTTP11)
            .followRedirect(true);
    SslContext context =
        tls == null ? null : SslContextBuilder.forClient().trustManager(Keys.trusted()).build();
    HttpClient client = tls == null ? plain : plain.secure(spec -> spec.sslContext(context));
    return (uri, asked) -> {
      if (asked.upgrades()) {
        talk(client, uri, asked);
        return;
      }
      Duration timeout = asked.timeout() == 0 ? null : Duration.ofMillis(asked.timeout());
      HttpClient.RequestSender request =
          client
              .responseTimeout(timeout)
              .headers(
                  fields -> {
                    fields.set("Sent", asked.bytes());
                    if (asked.expects()) {
                      fields.set("Expect", "100-continue");
                    }
                    if (asked.hasBody() && !asked.chunked()) {
                      fields.set("Content-Length", asked.bytes());
                    }
                  })
              .request(HttpMethod.valueOf(asked.method()))
              .uri(uri);
      HttpClient.ResponseReceiver<?> sent =
          asked.hasBody() ? request.send(Flux.just(Unpooled.wrappedBuffer(asked.body()))) : request;
      var got =
          sent.responseSingle(
                  (response, body) ->
                      body.asByteArray()
                          .defaultIfEmpty(new byte[0])
                          .map(bytes -> new Got(response.status().code(), bytes)))
              .block();
      asked.check(got.status(), got.body());
    };
  }

  private static void talk(HttpClient client, URI uri, Asked asked) throws Exception {
    Talk talk = new Talk(asked);
    client
        .headers(fields -> fields.set("Sent", 0))
        .websocket()
        .uri(Talk.uri(uri))
        .handle(
            (in, out) ->
                out.sendString(Mono.just(talk.text()))
                    .then(
                        in.receive()
                            .asString()
                            .doOnNext(talk::heard)
                            .takeUntil(all -> talk.isWhole())
                            .then(out.sendClose())))
        .then()
        .block();
    talk.await();
  }

  private record Got(int status, byte[] body) {}
}
