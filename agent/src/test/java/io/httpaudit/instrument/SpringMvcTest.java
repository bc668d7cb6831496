package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.MappingMatch;
import java.net.URL;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.mock.web.MockHttpServletMapping;
import org.springframework.mock.web.MockHttpServletRequest;

/** Of which request the pattern is told by which a servlet request's handler was found. */
class SpringMvcTest {
  private static final String PATTERN = "/orders/{order}";

  private final RoutesTold told = new RoutesTold(SpringMvc::new);

  private static MockHttpServletRequest asked(String path, String query) {
    MockHttpServletRequest request = new MockHttpServletRequest("GET", path);
    request.setQueryString(query);
    request.setHttpServletMapping(
        new MockHttpServletMapping("", "/", "dispatcher", MappingMatch.DEFAULT));
    request.setAttribute(
        "org.springframework.web.servlet.HandlerMapping.bestMatchingPattern", PATTERN);
    return request;
  }

  @Test
  void itIsToldOfTheRequestThatIsHandled() {
    assertThat(told.of("/orders/7", asked("/orders/7", null))).containsExactly(PATTERN);
    assertThat(told.of("/orders/7?", asked("/orders/7", ""))).containsExactly(PATTERN);
    assertThat(told.of("/orders/%C3%A4;v=1?q=%20a+b", asked("/orders/%C3%A4;v=1", "q=%20a+b")))
        .containsExactly(PATTERN);
  }

  /** As a filter does for what a proxy has cut off. */
  @Test
  void whatIsPutAroundARequestChangesNothing() {
    HttpServletRequest wrapped =
        new HttpServletRequestWrapper(
            new HttpServletRequestWrapper(asked("/orders/7", "page=2")) {
              @Override
              public String getRequestURI() {
                return "/shop" + super.getRequestURI();
              }
            });
    assertThat(told.of("/orders/7?page=2", wrapped)).containsExactly(PATTERN);
    assertThat(told.of("/shop/orders/7?page=2", wrapped)).isEmpty();
  }

  /** As where an application hands requests of its own making to Spring. */
  @Test
  void itIsNotToldOfARequestInWhoseContextAnotherOneIsHandled() {
    assertThat(told.of("/batch", asked("/orders/7", null))).isEmpty();
    assertThat(told.of("/orders/7?page=3", asked("/orders/7", "page=2"))).isEmpty();
    assertThat(told.of("/orders/7?page=3", asked("/orders/7", null))).isEmpty();
  }

  @Test
  void whatIsForwardedHasNone() {
    MockHttpServletRequest forwarded = asked("/orders/7", null);
    forwarded.setDispatcherType(DispatcherType.FORWARD);
    assertThat(told.of("/orders/7", forwarded)).isEmpty();
  }

  private static void assertTellsItsTarget(URL[] jars, String type) throws Exception {
    try (LibraryLoader loader = new LibraryLoader(jars, Map.of())) {
      Class<?> request = Class.forName(type, false, loader);
      SpringMvc.Request of = SpringMvc.Request.ALL.get(request);
      assertThat(of.uri.isOf(request)).isTrue();
      assertThat(of.query.isOf(request)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"9", "10", "11"})
  void eachTomcatsRequestTellsItsTarget(String version) throws Exception {
    assertTellsItsTarget(
        LibraryLoader.jars("tomcats", version), "org.apache.catalina.connector.RequestFacade");
  }

  @ParameterizedTest
  @CsvSource({
    "jetty-9, server.Request",
    "jetty-11, server.Request",
    "jetty-12.0, ee10.servlet.ServletApiRequest",
    "jetty-12.1, ee11.servlet.ServletApiRequest"
  })
  void eachJettysRequestTellsItsTarget(String version, String type) throws Exception {
    assertTellsItsTarget(LibraryLoader.jars("servers", version), "org.eclipse.jetty." + type);
  }
}
