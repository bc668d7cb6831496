package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactorTest {
  private static final String JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N";

  private static Redactor.Url url(String target, List<String> keep, List<String> redact) {
    Told told = Told.server();
    told.target = target;
    return new Redactor(keep, redact).url(told.exchange());
  }

  private static String plain(String target) {
    return url(target, List.of(), List.of()).text();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/pay | http://127.0.0.1:8080/pay",
        "/pay?card=4111 | http://127.0.0.1:8080/pay?card=REDACTED",
        "/pay?a=1&b=2;c=3 | http://127.0.0.1:8080/pay?a=REDACTED&b=REDACTED;c=REDACTED",
        "/pay?flag&empty=&x=a=b | http://127.0.0.1:8080/pay?flag&empty=REDACTED&x=REDACTED",
        "/pay? | http://127.0.0.1:8080/pay",
        "/a?q=1?r=2 | http://127.0.0.1:8080/a?q=REDACTED",
        "/a;jsessionid=0123;v=1/b | http://127.0.0.1:8080/a;jsessionid=REDACTED;v=REDACTED/b",
        "/a#secret | http://127.0.0.1:8080/a",
        "http://user:password@other.test/x?y=z | http://REDACTED@other.test/x?y=REDACTED",
        "http://user:p@ss@other.test/x | http://REDACTED@other.test/x",
        "* | http://127.0.0.1:8080*",
        "/r/00112233445566778899aabbccddeeff/x | http://127.0.0.1:8080/r/REDACTED/x",
        "/r/pre00112233445566778899AABBCCDDEEFF | http://127.0.0.1:8080/r/REDACTED",
        "/r/00112233445566778899aabbccddeef |"
            + " http://127.0.0.1:8080/r/00112233445566778899aabbccddeef",
        "/p?00112233445566778899aabbccddeeff | http://127.0.0.1:8080/p?REDACTED",
        "/proxy/http://me:s3cret@other/x | http://127.0.0.1:8080/proxy/http://REDACTED@other/x",
        "/proxy/http:/me:s3@cret@other/x | http://127.0.0.1:8080/proxy/http:/REDACTED@other/x",
        "//me:s3;cret@h/x | http://127.0.0.1:8080//REDACTED@h/x",
        "me:s3cret@h/x | http://127.0.0.1:8080REDACTED@h/x",
        "/users/me@example.test/x@y | http://127.0.0.1:8080/users/me@example.test/x@y",
        "eyJh.eyJzdWIiOiIxIn0.dozj://x | http://127.0.0.1:8080REDACTED//x",
        "/verify?c2VjcmV0LXRva2Vu== | http://127.0.0.1:8080/verify?REDACTED",
        "/verify?c2VjcmV0LXRva2Vu | http://127.0.0.1:8080/verify?REDACTED",
        "/verify?a=1&hunter2= | http://127.0.0.1:8080/verify?a=REDACTED&REDACTED",
        "/soap?wsdl&object-lock&some_flag&& |"
            + " http://127.0.0.1:8080/soap?wsdl&object-lock&some_flag&&",
        "/soap?abcdefghijklmnopq | http://127.0.0.1:8080/soap?REDACTED",
        "/a;opaqueToken/b;v | http://127.0.0.1:8080/a;REDACTED/b;v",
      })
  void secretsAreTakenOutOfAUrl(String target, String written) {
    assertThat(plain(target)).isEqualTo(written);
  }

  /** The same rules, whatever the scheme, which an absolute-form target has of its own. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/pay?card=4111 | https://127.0.0.1:8080/pay?card=REDACTED",
        "/a;jsessionid=0123/b#secret | https://127.0.0.1:8080/a;jsessionid=REDACTED/b",
        "/r/00112233445566778899aabbccddeeff | https://127.0.0.1:8080/r/REDACTED",
        "https://user:password@other.test/x?y=z | https://REDACTED@other.test/x?y=REDACTED",
        "http://user:password@other.test/x | http://REDACTED@other.test/x",
        "* | https://127.0.0.1:8080*",
      })
  void secretsAreTakenOutOfAUrlThatWentOverTls(String target, String written) {
    Told told = Told.server().tls(Told.SETTLED);
    told.target = target;

    assertThat(told.url().text()).isEqualTo(written);
  }

  @Test
  void overTlsTheAuthorityIsHostOrTheServersAddressToo() {
    Told told = Told.server().tls(Told.SETTLED);
    told.host = "me:secret@shop.test";
    Told without = Told.client().tls(Told.SETTLED);
    without.host = "";

    assertThat(told.url().text()).isEqualTo("https://REDACTED@shop.test/pay?card=REDACTED");
    assertThat(without.url().text()).isEqualTo("https://127.0.0.1:8080/pay?card=REDACTED");
  }

  /** To a proxy that is itself reached over TLS. */
  @Test
  void aConnectOverTlsTellsItsAuthorityAlone() {
    Told told = Told.client().tls(Told.SETTLED);
    told.method = "CONNECT";
    told.target = "me:secret@shop.test:443";

    assertThat(told.url().text()).isEqualTo("REDACTED@shop.test:443");
  }

  @Test
  void aTokenInAPathIsNeverWritten() {
    assertThat(plain("/login/" + JWT + "/next"))
        .isEqualTo("http://127.0.0.1:8080/login/REDACTED/next");
    assertThat(plain("/login?" + JWT)).isEqualTo("http://127.0.0.1:8080/login?REDACTED");
  }

  @Test
  void onlyNamedKeysKeepTheirValues() {
    assertThat(url("/a?page=2&card=4111&PAGE=3", List.of("page"), List.of()).query())
        .isEqualTo("page=2&card=REDACTED&PAGE=REDACTED");
    assertThat(url("/a?page=2&card=4111", List.of("*"), List.of()).query())
        .isEqualTo("page=2&card=4111");
    assertThat(url("/a?X1&Y2=&Z3", List.of("X1", "Y2"), List.of()).query())
        .isEqualTo("X1&Y2=&REDACTED");
  }

  @Test
  void segmentsAreRedactedByPattern() {
    assertThat(url("/u/tok-12/k/token", List.of(), List.of("tok-*")).path())
        .isEqualTo("/u/REDACTED/k/token");
  }

  @Test
  void aConnectTellsItsAuthorityAlone() {
    Told told = Told.client();
    told.method = "CONNECT";
    told.target = "me:secret@shop.test:443";

    Redactor.Url url = told.url();
    assertThat(url.text()).isEqualTo("REDACTED@shop.test:443");
    assertThat(url.path()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/login?password=hunter2",
        "http://h/x?token=abc",
        "shop.test:443#abc",
        "me:s3/cret@shop.test:443",
      })
  void aConnectToWhatIsNoAuthorityTellsNothing(String target) {
    Told told = Told.client();
    told.method = "CONNECT";
    told.target = target;

    assertThat(told.url()).isEqualTo(new Redactor.Url("", "REDACTED", "", ""));
  }

  @Test
  void withoutHostTheServersAddressIsTheAuthority() {
    Told server = Told.server();
    server.host = "";
    Told client = Told.client();
    client.host = "";

    assertThat(server.url().authority()).isEqualTo("127.0.0.1:8080");
    assertThat(client.url().authority()).isEqualTo("127.0.0.1:8080");
  }

  @Test
  void aHostFieldMayCarryUserInfo() {
    Told told = Told.server();
    told.host = "me:secret@shop.test";

    assertThat(told.url().text()).isEqualTo("http://REDACTED@shop.test/pay?card=REDACTED");
  }

  @Test
  void anEndlessTargetIsCut() {
    assertThat(plain("/" + "a/".repeat(10_000))).hasSizeLessThan(9_000);
  }

  /** Cut before it is redacted, each of these would be known as a secret no more. */
  @Test
  void whatIsCutIsRedactedFirst() {
    String long8180 = "/" + "a/".repeat(4_090);
    Told connect = Told.client();
    connect.method = "CONNECT";
    connect.target = "s3cret".repeat(2_000) + "@shop.test:443";

    assertThat(plain(long8180 + JWT)).endsWith("/REDACTED");
    assertThat(plain(long8180 + "00112233445566778899aabbccddeeff")).endsWith("/REDACTED");
    assertThat(plain("http://" + "s3cret".repeat(2_000) + "@shop.test/x"))
        .isEqualTo("http://REDACTED@shop.test/x");
    assertThat(connect.url().text()).isEqualTo("REDACTED@shop.test:443");
  }

  @ParameterizedTest
  @CsvSource({
    "/actuator/**, /actuator/health/live, true",
    "/actuator/**, /actuator, true",
    "/actuator/**, /actuators, false",
    "/health, /health, true",
    "/health, /health/x, false",
    "/*/health, /a/health, true",
    "/*/health, /a/b/health, false",
    "/**/health, /a/b/health, true",
    "/v?/x, /v1/x, true",
    "/v?/x, /v12/x, false",
    "**, /anything, true",
    "tok-*, tok-, true",
    "tok-*, tak-1, false",
    "'', '', true",
  })
  void patternsAreAntsOwn(String pattern, String text, boolean matches) {
    assertThat(Wildcard.matches(pattern, text)).isEqualTo(matches);
  }
}
