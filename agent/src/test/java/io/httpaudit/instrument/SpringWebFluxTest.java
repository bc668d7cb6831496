package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.observe.Sockets;
import io.httpaudit.observe.Told;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpCookie;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.AbstractServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.http.server.reactive.SslInfo;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.util.pattern.PathPatternParser;
import reactor.core.publisher.Flux;

/** Which route an exchange of Spring's own has, and that it has none where that isn't certain. */
class SpringWebFluxTest {
  private final SpringWebFlux.Exchange exchanges = new SpringWebFlux.Exchange();
  private final Sockets sockets = new Sockets();

  private static ServerWebExchange mapped(ServerWebExchange exchange, String pattern) {
    exchange
        .getAttributes()
        .put(
            HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE,
            PathPatternParser.defaultInstance.parse(pattern));
    return exchange;
  }

  private static ServerWebExchange asked(String path) {
    return MockServerWebExchange.from(MockServerHttpRequest.get(path));
  }

  @Test
  void itIsThePatternThatTheHandlerWasFoundBy() throws Throwable {
    assertThat(exchanges.route(mapped(asked("/orders/7?page=2"), "/orders/{order}")))
        .isEqualTo("/orders/{order}");
    assertThat(exchanges.route(mapped(asked("/"), "/"))).isEqualTo("/");
  }

  @Test
  void whereTheApplicationIsStandsBefore() throws Throwable {
    ServerWebExchange exchange =
        MockServerWebExchange.from(
            MockServerHttpRequest.get("/shop/orders/7").contextPath("/shop"));
    assertThat(exchanges.route(mapped(exchange, "/orders/{order}")))
        .isEqualTo("/shop/orders/{order}");

    // As a filter, or Spring's own for several applications, says it.
    ServerWebExchange changed =
        asked("/shop/orders/7").mutate().request(r -> r.contextPath("/shop")).build();
    assertThat(exchanges.route(mapped(changed, "/orders/{order}")))
        .isEqualTo("/shop/orders/{order}");
  }

  @Test
  void whatIsPutAroundARequestChangesNothing() throws Throwable {
    ServerWebExchange exchange = asked("/orders/7");
    ServerWebExchange wrapped =
        exchange
            .mutate()
            .request(
                new ServerHttpRequestDecorator(
                    exchange.getRequest().mutate().header("Seen", "yes").build()))
            .build();
    assertThat(exchanges.route(mapped(wrapped, "/orders/{order}"))).isEqualTo("/orders/{order}");
  }

  @Test
  void anotherPathThanWasAskedForHasNone() throws Throwable {
    ServerWebExchange changed =
        asked("/api/orders/7").mutate().request(r -> r.path("/orders/7")).build();
    assertThat(exchanges.route(mapped(changed, "/orders/{order}"))).isEmpty();
    ServerWebExchange wrapped =
        changed.mutate().request(new ServerHttpRequestDecorator(changed.getRequest())).build();
    assertThat(exchanges.route(mapped(wrapped, "/orders/{order}"))).isEmpty();
  }

  /** The routes that are told where, in the context of who sends this, that is handled. */
  private List<String> told(String sent, ServerWebExchange handled) {
    sockets.accept(5, 40_000);
    sockets.read(
        5, ("GET " + sent + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    long faults = HttpAudit.faults();
    HttpAudit.replace(sockets.observer.decoded(5, new Object(), sent));
    try {
      HttpAuditProbe adapter = new SpringWebFlux(sockets.observer).points()[0].probe();
      assertThat(adapter.enter(null, handled, null)).isNull();
    } finally {
      HttpAudit.replace(null);
    }
    sockets.observer.closing(5);
    assertThat(HttpAudit.faults()).isEqualTo(faults);
    return Told.of(sockets).stream()
        .filter(line -> line.contains(" route of "))
        .map(line -> line.substring(line.indexOf('/')))
        .toList();
  }

  private static final String PATTERN = "/orders/{order}";

  @Test
  void itIsToldOfTheRequestThatIsHandled() {
    for (String target :
        List.of(
            "/orders/7", "/orders/7?page=2&size=%20a+b", "/orders/%C3%A4;v=1?x", "/orders/7?")) {
      ServerWebExchange exchange = served("http://shop" + target, new Object());
      assertThat(told(target, exchange)).as(target).containsExactly(PATTERN);
      ServerWebExchange wrapped =
          exchange
              .mutate()
              .request(new ServerHttpRequestDecorator(exchange.getRequest().mutate().build()))
              .build();
      assertThat(told(target, wrapped)).as(target).containsExactly(PATTERN);
    }
  }

  /** As where a chain goes on when another request has given something back. */
  @Test
  void itIsNotToldOfARequestInWhoseContextAnotherOneIsHandled() {
    ServerWebExchange exchange = served("http://shop/orders/7?page=2", new Object());
    assertThat(told("/invoices/3", exchange)).isEmpty();
    assertThat(told("/orders/8?page=2", exchange)).isEmpty();
    assertThat(told("/orders/7?page=3", exchange)).isEmpty();
    assertThat(told("/orders/7", exchange)).isEmpty();
  }

  /** As a server's adapter makes it: Spring's URI of it, and what the server itself has. */
  private static final class Served extends AbstractServerHttpRequest {
    private final Object server;

    Served(String uri, Object server) {
      super(HttpMethod.GET, URI.create(uri), "", new HttpHeaders());
      this.server = server;
    }

    @Override
    protected MultiValueMap<String, HttpCookie> initCookies() {
      return new LinkedMultiValueMap<>();
    }

    @Override
    protected SslInfo initSslInfo() {
      return null;
    }

    @Override
    public Flux<DataBuffer> getBody() {
      return Flux.empty();
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T getNativeRequest() {
      return (T) server;
    }
  }

  private static ServerWebExchange served(String uri, Object server) {
    ServerWebExchange any = asked("/");
    return mapped(any.mutate().request(new Served(uri, server)).build(), PATTERN);
  }

  private record OfReactorNetty(String uri) {}

  /** To a proxy, and from one that says what it has cut off. */
  @Test
  void reactorNettysOwnTargetCounts() {
    String absolute = "http://shop/orders/7?page=2";
    assertThat(told(absolute, served(absolute, new OfReactorNetty(absolute))))
        .containsExactly(PATTERN);
    assertThat(
            told("/orders/7", served("http://shop/api/orders/7", new OfReactorNetty("/orders/7"))))
        .containsExactly(PATTERN);
    assertThat(told("/orders/8", served("http://shop/orders/8", new OfReactorNetty("/orders/7"))))
        .isEmpty();
  }

  @Test
  void filesAndWhatIsNotMappedHaveNone() throws Throwable {
    assertThat(exchanges.route(asked("/orders/7"))).isEmpty();
    assertThat(exchanges.route(mapped(asked("/logo.png"), "/**"))).isEmpty();
    assertThat(exchanges.route(mapped(asked("/"), ""))).isEmpty();
  }
}
