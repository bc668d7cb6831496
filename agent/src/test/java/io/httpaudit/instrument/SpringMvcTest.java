package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.observe.Sockets;
import io.httpaudit.observe.Told;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.MappingMatch;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.List;
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

  private final Sockets sockets = new Sockets();

  private static MockHttpServletRequest asked(String path, String query) {
    MockHttpServletRequest request = new MockHttpServletRequest("GET", path);
    request.setQueryString(query);
    request.setHttpServletMapping(
        new MockHttpServletMapping("", "/", "dispatcher", MappingMatch.DEFAULT));
    request.setAttribute(
        "org.springframework.web.servlet.HandlerMapping.bestMatchingPattern", PATTERN);
    return request;
  }

  /** The routes that are told where, in the context of who sends this, that is handled. */
  private List<String> told(String sent, HttpServletRequest handled) {
    sockets.accept(5, 40_000);
    sockets.read(
        5, ("GET " + sent + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    long faults = HttpAudit.faults();
    HttpAudit.replace(sockets.observer.decoded(5, new Object(), sent));
    try {
      HttpAuditProbe found = new SpringMvc(sockets.observer).points()[0].probe();
      assertThat(found.enter(null, handled, null)).isNull();
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

  @Test
  void itIsToldOfTheRequestThatIsHandled() {
    assertThat(told("/orders/7", asked("/orders/7", null))).containsExactly(PATTERN);
    assertThat(told("/orders/7?", asked("/orders/7", ""))).containsExactly(PATTERN);
    assertThat(told("/orders/%C3%A4;v=1?q=%20a+b", asked("/orders/%C3%A4;v=1", "q=%20a+b")))
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
    assertThat(told("/orders/7?page=2", wrapped)).containsExactly(PATTERN);
    assertThat(told("/shop/orders/7?page=2", wrapped)).isEmpty();
  }

  /** As where an application hands requests of its own making to Spring. */
  @Test
  void itIsNotToldOfARequestInWhoseContextAnotherOneIsHandled() {
    assertThat(told("/batch", asked("/orders/7", null))).isEmpty();
    assertThat(told("/orders/7?page=3", asked("/orders/7", "page=2"))).isEmpty();
    assertThat(told("/orders/7?page=3", asked("/orders/7", null))).isEmpty();
  }

  @Test
  void whatIsForwardedHasNone() {
    MockHttpServletRequest forwarded = asked("/orders/7", null);
    forwarded.setDispatcherType(DispatcherType.FORWARD);
    assertThat(told("/orders/7", forwarded)).isEmpty();
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
