package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.util.pattern.PathPatternParser;

/** Which route an exchange of Spring's own has, and that it has none where that isn't certain. */
class SpringWebFluxTest {
  private final SpringWebFlux.Exchange exchanges = new SpringWebFlux.Exchange();

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

  @Test
  void filesAndWhatIsNotMappedHaveNone() throws Throwable {
    assertThat(exchanges.route(asked("/orders/7"))).isEmpty();
    assertThat(exchanges.route(mapped(asked("/logo.png"), "/**"))).isEmpty();
    assertThat(exchanges.route(mapped(asked("/"), ""))).isEmpty();
  }
}
