package io.httpaudit.stacks;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.URI;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientRequest;
import reactor.netty.resources.ConnectionProvider;

/**
 * Spring's {@code WebClient}, on reactor-netty. As a server it is WebFlux whose requests are
 * answered on the event loops, which are the client's, too.
 */
public final class WebClientStack implements Stack {
  @Override
  public int serve(SSLContext tls, Responder responder) {
    return start(tls, (m, t, s, b) -> Mono.fromCallable(() -> responder.answer(m, t, s, b)));
  }

  @Override
  public int serve(SSLContext tls, Responder responder, Within within) throws Exception {
    WebClient client = webClient(null);
    return start(
        tls,
        (method, target, sent, body) ->
            ask(client, within.uri(target), within.asked(target))
                .then(Mono.fromCallable(() -> responder.answer(method, target, sent, body))));
  }

  private static int start(SSLContext tls, WebFluxController.Answering answering) {
    return Boot.start(WebFluxStack.class, tls, answering);
  }

  @Override
  public Client client(SSLContext tls) throws Exception {
    WebClient client = webClient(tls);
    return (uri, asked) -> ask(client, uri, asked).block();
  }

  private static WebClient webClient(SSLContext tls) throws Exception {
    HttpClient plain =
        HttpClient.create(ConnectionProvider.create("all", 100)).followRedirect(true);
    SslContext context =
        tls == null ? null : SslContextBuilder.forClient().trustManager(Keys.trusted()).build();
    HttpClient client = tls == null ? plain : plain.secure(spec -> spec.sslContext(context));
    return WebClient.builder().clientConnector(new ReactorClientHttpConnector(client)).build();
  }

  private static Mono<Void> ask(WebClient client, URI uri, Asked asked) {
    WebClient.RequestBodySpec request =
        client
            .method(HttpMethod.valueOf(asked.method()))
            .uri(uri)
            .header("Sent", "" + asked.bytes());
    if (asked.expects()) {
      request.header("Expect", "100-continue");
    }
    if (asked.timeout() > 0) {
      request.httpRequest(
          to -> {
            HttpClientRequest own = to.getNativeRequest();
            own.responseTimeout(Duration.ofMillis(asked.timeout()));
          });
    }
    if (asked.chunked()) {
      request.body(Flux.just(asked.body()), byte[].class);
    } else if (asked.hasBody()) {
      request.bodyValue(asked.body());
    }
    return request.exchangeToMono(
        response ->
            response
                .bodyToMono(byte[].class)
                .defaultIfEmpty(new byte[0])
                .flatMap(
                    body ->
                        Mono.fromCallable(
                            () -> {
                              asked.check(response.statusCode().value(), body);
                              return null;
                            })));
  }
}
