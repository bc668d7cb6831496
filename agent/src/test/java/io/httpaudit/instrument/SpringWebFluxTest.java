package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
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
  private final RoutesTold told = new RoutesTold(SpringWebFlux::new);

  private String route(ServerWebExchange exchange) throws Throwable {
    return exchanges.route(exchange, exchanges.received(exchange));
  }

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
    assertThat(route(mapped(asked("/orders/7?page=2"), "/orders/{order}")))
        .isEqualTo("/orders/{order}");
    assertThat(route(mapped(asked("/"), "/"))).isEqualTo("/");
  }

  @Test
  void whereTheApplicationIsStandsBefore() throws Throwable {
    ServerWebExchange exchange =
        MockServerWebExchange.from(
            MockServerHttpRequest.get("/shop/orders/7").contextPath("/shop"));
    assertThat(route(mapped(exchange, "/orders/{order}"))).isEqualTo("/shop/orders/{order}");

    // As a filter, or Spring's own for several applications, says it.
    ServerWebExchange changed =
        asked("/shop/orders/7").mutate().request(r -> r.contextPath("/shop")).build();
    assertThat(route(mapped(changed, "/orders/{order}"))).isEqualTo("/shop/orders/{order}");
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
    assertThat(route(mapped(wrapped, "/orders/{order}"))).isEqualTo("/orders/{order}");
  }

  @Test
  void anotherPathThanWasAskedForHasNone() throws Throwable {
    ServerWebExchange changed =
        asked("/api/orders/7").mutate().request(r -> r.path("/orders/7")).build();
    assertThat(route(mapped(changed, "/orders/{order}"))).isEmpty();
    ServerWebExchange wrapped =
        changed.mutate().request(new ServerHttpRequestDecorator(changed.getRequest())).build();
    assertThat(route(mapped(wrapped, "/orders/{order}"))).isEmpty();
  }

  private static final String PATTERN = "/orders/{order}";

  @Test
  void itIsToldOfTheRequestThatIsHandled() {
    for (String target :
        List.of(
            "/orders/7", "/orders/7?page=2&size=%20a+b", "/orders/%C3%A4;v=1?x", "/orders/7?")) {
      ServerWebExchange exchange = served("http://shop" + target, new Object());
      assertThat(told.of(target, exchange)).as(target).containsExactly(PATTERN);
      ServerWebExchange wrapped =
          exchange
              .mutate()
              .request(new ServerHttpRequestDecorator(exchange.getRequest().mutate().build()))
              .build();
      assertThat(told.of(target, wrapped)).as(target).containsExactly(PATTERN);
    }
  }

  /** As where a chain goes on when another request has given something back. */
  @Test
  void itIsNotToldOfARequestInWhoseContextAnotherOneIsHandled() {
    ServerWebExchange exchange = served("http://shop/orders/7?page=2", new Object());
    assertThat(told.of("/invoices/3", exchange)).isEmpty();
    assertThat(told.of("/orders/8?page=2", exchange)).isEmpty();
    assertThat(told.of("/orders/7?page=3", exchange)).isEmpty();
    assertThat(told.of("/orders/7", exchange)).isEmpty();
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
    assertThat(told.of(absolute, served(absolute, new OfReactorNetty(absolute))))
        .containsExactly(PATTERN);
    assertThat(
            told.of(
                "/orders/7", served("http://shop/api/orders/7", new OfReactorNetty("/orders/7"))))
        .containsExactly(PATTERN);
    assertThat(
            told.of("/orders/8", served("http://shop/orders/8", new OfReactorNetty("/orders/7"))))
        .isEmpty();
  }

  @Test
  void filesAndWhatIsNotMappedHaveNone() throws Throwable {
    assertThat(route(asked("/orders/7"))).isEmpty();
    assertThat(route(mapped(asked("/logo.png"), "/**"))).isEmpty();
    assertThat(route(mapped(asked("/"), ""))).isEmpty();
  }
}
