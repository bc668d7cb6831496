package io.httpaudit.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * RFC 9112 and 9110, and INTERFACE.md's Verdicts: which bytes are a message's. Each talk is cut at
 * every byte (Talk).
 */
class MessageParserTest {
  private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final int GET_LENGTH = 27;
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  private static final int OK_LENGTH = 40;

  private static String got(int index, int from) {
    return "head "
        + index
        + " GET target=/ host=a 1.1 from "
        + from
        + " to "
        + (from + GET_LENGTH)
        + " expects "
        + (from + GET_LENGTH);
  }

  private static String ok(int index, int from) {
    return "head "
        + index
        + " 200 1.1 from "
        + from
        + " to "
        + (from + OK_LENGTH - 2)
        + " expects "
        + (from + OK_LENGTH);
  }

  private static String ended(int index, long at) {
    return "ended " + index + " at " + at;
  }

  private static String unknown(int index, long from) {
    return "unknown " + index + " from " + from;
  }

  private static List<String> requests(String text) {
    return new Talk().request(text).told().requests();
  }

  /** What a response is made of, behind a plain GET. */
  private static List<String> responses(String text) {
    return new Talk().request(GET).response(text).told().responses();
  }

  private static String post(String fields, String body) {
    return "POST / HTTP/1.1\r\n" + fields + "\r\n" + body;
  }

  private static String posted(String fields, int body) {
    int head = post(fields, "").length();
    return "head 0 POST target=/ 1.1 from 0 to "
        + head
        + " expects "
        + (body < 0 ? -1 : head + body);
  }

  @Test
  void oneExchange() {
    Talk.Told told = new Talk().request(GET).response(OK).told();
    assertThat(told.requests()).containsExactly(got(0, 0), ended(0, GET_LENGTH));
    assertThat(told.responses()).containsExactly(ok(0, 0), ended(0, OK_LENGTH));
  }

  @Test
  void keepAlive() {
    Talk.Told told = new Talk().request(GET).response(OK).request(GET).response(OK).told();
    assertThat(told.requests())
        .containsExactly(
            got(0, 0), ended(0, GET_LENGTH), got(1, GET_LENGTH), ended(1, 2 * GET_LENGTH));
    assertThat(told.responses())
        .containsExactly(ok(0, 0), ended(0, OK_LENGTH), ok(1, OK_LENGTH), ended(1, 2 * OK_LENGTH));
  }

  @Test
  void pipelining() {
    Talk.Told told = new Talk().request(GET + GET + GET).response(OK + OK).response(OK).told();
    assertThat(told.requests()).hasSize(6).endsWith(ended(2, 3 * GET_LENGTH));
    assertThat(told.responses())
        .hasSize(6)
        .contains(ok(1, OK_LENGTH))
        .endsWith(ended(2, 3 * OK_LENGTH));
  }

  @Test
  void pipeliningToTheBoundOfWhatIsRemembered() {
    Talk talk = new Talk().request(GET.repeat(Requests.MOST));
    talk.response(OK.repeat(Requests.MOST));
    assertThat(talk.once(true, Integer.MAX_VALUE).responses())
        .endsWith(ended(1023, 1024L * OK_LENGTH));
    Talk more =
        new Talk().request(GET.repeat(Requests.MOST + 1)).response(OK.repeat(Requests.MOST + 1));
    assertThat(more.once(false, Integer.MAX_VALUE).requests())
        .endsWith(unknown(1024, 1024L * GET_LENGTH));
    assertThat(more.once(false, Integer.MAX_VALUE).responses())
        .contains(ended(1023, 1024L * OK_LENGTH))
        .endsWith(unknown(1024, 1024L * OK_LENGTH));
  }

  /** RFC 9112, 7.1: chunk-ext, last-chunk, trailer-section. */
  @Test
  void chunkExtensionsAndTrailers() {
    String fields = "Transfer-Encoding: chunked\r\n";
    String body =
        "4;name=value\r\nWiki\r\n"
            + "6 ; q=\"a;b\"\r\npedia \r\n"
            + "E\r\nin \r\n\r\nchunks.\r\n"
            + "0A\r\n0123456789\r\n"
            + "000;last\r\nExpires: never\r\nX-Sum : 1\r\n\r\n";
    String all = post(fields, body);
    assertThat(requests(all + GET))
        .containsExactly(
            posted(fields, -1),
            ended(0, all.length()),
            got(1, all.length()),
            ended(1, all.length() + GET_LENGTH));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n",
        "x\r\n",
        ";a\r\n",
        "-1\r\n",
        "0x5\r\nhello\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloX\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "10000000000000000\r\n",
        "ffffffffffffffff\r\n",
        "0\r\nTrailer: x\n\r\n",
        "0\r\n\n",
        "000000000000000000000000000000000\r\n",
        "5;a\nhello\r\n"
      })
  void aChunkThatIsNone(String body) {
    String fields = "Transfer-Encoding: chunked\r\n";
    assertThat(requests(post(fields, body))).containsExactly(posted(fields, -1), unknown(0, 0));
  }

  @Test
  void chunkLinesAndTrailersHaveABound() {
    String fields = "Transfer-Encoding: chunked\r\n";
    String extension = ";" + "e".repeat(70_000);
    assertThat(
            new Talk()
                .request(post(fields, "0" + extension))
                .once(true, Integer.MAX_VALUE)
                .requests())
        .endsWith(unknown(0, 0));
    String trailers = "a: b\r\n".repeat(20_000);
    assertThat(
            new Talk()
                .request(post(fields, "0\r\n" + trailers))
                .once(true, Integer.MAX_VALUE)
                .requests())
        .endsWith(unknown(0, 0));
  }

  /** RFC 9112, 6.3, rule 1: whatever the fields say. */
  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n", ""})
  void aResponseToHeadHasNoBody(String fields) {
    String head = "HTTP/1.1 200 OK\r\n" + fields + "\r\n";
    Talk.Told told = new Talk().request("HEAD / HTTP/1.1\r\n\r\n" + GET).response(head + OK).told();
    assertThat(told.responses())
        .containsExactly(
            "head 0 200 1.1 from 0 to " + head.length() + " expects " + head.length(),
            ended(0, head.length()),
            ok(1, head.length()),
            ended(1, head.length() + OK_LENGTH));
  }

  @ParameterizedTest
  @ValueSource(ints = {204, 304})
  void aResponseThatNeverHasABody(int status) {
    String head = "HTTP/1.1 " + status + " x\r\nContent-Length: 7\r\n\r\n";
    assertThat(new Talk().request(GET + GET).response(head + OK).told().responses())
        .contains(ended(0, head.length()), ok(1, head.length()));
  }

  /**
   * RFC 9110, 15.2: any number of them, before the final one; INTERFACE.md: their bytes are the
   * response's.
   */
  @Test
  void interimResponses() {
    String interim =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 9\r\n\r\n";
    int n = interim.length();
    Talk.Told told =
        new Talk().request(GET).response(interim + OK + "HTTP/1.1 102 P\r\n\r\n").told();
    assertThat(told.responses())
        .startsWith(
            "head 0 200 1.1 from 0 final "
                + n
                + " to "
                + (n + OK_LENGTH - 2)
                + " expects "
                + (n + OK_LENGTH),
            ended(0, n + OK_LENGTH));
  }

  @Test
  void continueBeforeTheBody() {
    String head = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    String interim = "HTTP/1.1 100 Continue\r\n\r\n";
    Talk.Told told = new Talk().request(head).response(interim).request("abc").response(OK).told();
    assertThat(told.requests()).endsWith(ended(0, head.length() + 3));
    assertThat(told.responses()).endsWith(ended(0, interim.length() + OK_LENGTH));
  }

  @Test
  void switchingProtocols() {
    String ask = "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    String grant = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    Talk.Told told =
        new Talk()
            .request(ask)
            .response(grant + "\1\2")
            .request("\1\2" + GET)
            .response(OK)
            .requestsEnd()
            .responsesEnd()
            .told();
    assertThat(told.requests())
        .containsExactly(
            "head 0 GET target=/ 1.1 from 0 to " + ask.length() + " expects " + ask.length(),
            ended(0, ask.length()),
            "upgraded from " + ask.length());
    assertThat(told.responses())
        .containsExactly(
            "head 0 101 1.1 from 0 to " + grant.length() + " expects " + grant.length(),
            ended(0, grant.length()),
            "upgraded from " + grant.length());
  }

  /** Upgrade: h2c of java.net.http's first request, as most servers answer it. */
  @Test
  void anUpgradeThatIsNotGranted() {
    String ask =
        "POST / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nContent-Length: 1\r\n\r\nx";
    Talk.Told told =
        new Talk()
            .request(ask)
            .response("HTTP/1.1 100 Continue\r\n\r\n" + OK)
            .request(GET)
            .response(OK)
            .told();
    assertThat(told.requests()).endsWith(got(1, ask.length()), ended(1, ask.length() + GET_LENGTH));
    assertThat(told.responses()).endsWith(ok(1, 25 + OK_LENGTH), ended(1, 25 + 2 * OK_LENGTH));
  }

  /** java.net.http asks on every connection that it took, and the answer may be read at once. */
  @Test
  void upgradesThatAreNotGrantedOneAfterTheOther() {
    String ask = "GET / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n";
    Talk.Told told =
        new Talk()
            .request(ask)
            .response(OK)
            .request(ask)
            .response(OK)
            .request(ask)
            .response(OK)
            .told();
    assertThat(told.requests())
        .filteredOn(line -> line.startsWith("ended"))
        .containsExactly(
            ended(0, ask.length()), ended(1, 2 * ask.length()), ended(2, 3 * ask.length()));
    assertThat(told.responses())
        .filteredOn(line -> line.startsWith("ended"))
        .containsExactly(ended(0, OK_LENGTH), ended(1, 2 * OK_LENGTH), ended(2, 3 * OK_LENGTH));
  }

  @Test
  void anUpgradeToHttp2() {
    String ask = "GET / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n";
    String grant = "HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n";
    Talk.Told told =
        new Talk()
            .request(ask)
            .response(grant)
            .response("\0\0\0\4")
            .request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .told();
    assertThat(told.requests()).endsWith("upgraded from " + ask.length());
    assertThat(told.responses()).endsWith("upgraded from " + grant.length());
  }

  @Test
  void switchingProtocolsUnasked() {
    assertThat(responses("HTTP/1.1 101 x\r\n\r\n" + OK)).containsExactly(unknown(0, 0));
  }

  @Test
  void tls() {
    Talk.Told told = new Talk().request("\26\3\1\0\252").response("\26\3\3\0\1").told();
    assertThat(told.requests()).containsExactly("tls from 0");
    assertThat(told.responses()).isEmpty();
    // Only as the first thing.
    assertThat(requests(GET + "\26\3\1\0\252"))
        .containsExactly(got(0, 0), ended(0, GET_LENGTH), unknown(1, GET_LENGTH));
  }

  @Test
  void connectForAnotherProtocol() {
    String ask = "CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n";
    String grant = "HTTP/1.1 200 OK\r\n\r\n";
    Talk.Told told = new Talk().request(ask).response(grant).request("EHLO").told();
    assertThat(told.requests()).endsWith("upgraded from " + ask.length());
    assertThat(told.responses()).endsWith("upgraded from " + grant.length());
  }

  @Test
  void connect() {
    String ask = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
    String grant = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    Talk.Told told =
        new Talk().request(ask).response(grant).request("\26\3\1").response("\26\3\3").told();
    assertThat(told.requests())
        .containsExactly(
            "head 0 CONNECT target=a:443 host=a:443 1.1 from 0 to "
                + ask.length()
                + " expects "
                + ask.length(),
            ended(0, ask.length()),
            "tls from " + ask.length());
    assertThat(told.responses())
        .contains(ended(0, grant.length()))
        .endsWith("upgraded from " + grant.length());
  }

  @Test
  void connectThatIsRefused() {
    String ask = "CONNECT a:443 HTTP/1.1\r\n\r\n";
    String refusal = "HTTP/1.1 407 x\r\nContent-Length: 1\r\n\r\nx";
    Talk.Told told = new Talk().request(ask).response(refusal).request(GET).response(OK).told();
    assertThat(told.requests()).endsWith(got(1, ask.length()), ended(1, ask.length() + GET_LENGTH));
    assertThat(told.responses())
        .endsWith(ok(1, refusal.length()), ended(1, refusal.length() + OK_LENGTH));
  }

  @Test
  void aBodyUntilTheConnectionCloses() {
    String head = "HTTP/1.1 200 OK\r\n\r\n";
    Talk.Told told =
        new Talk().request(GET).response(head + "body").response(OK).responsesEnd().told();
    assertThat(told.responses())
        .containsExactly("head 0 200 1.1 from 0 to 19 expects -1", ended(0, 19 + 4 + OK_LENGTH));
    told = new Talk().request(GET).response(head + "body").reset().told();
    assertThat(told.responses()).endsWith(ended(0, 23) + " cut");
  }

  @Test
  void http10() {
    String ask = "GET /old HTTP/1.0\r\n\r\n";
    String head = "HTTP/1.0 200 OK\r\n\r\n";
    Talk.Told told =
        new Talk().request(ask).response(head + "all of it").responsesEnd().requestsEnd().told();
    assertThat(told.requests())
        .containsExactly("head 0 GET target=/old 1.0 from 0 to 21 expects 21", ended(0, 21));
    assertThat(told.responses())
        .containsExactly("head 0 200 1.0 from 0 to 19 expects -1", ended(0, 28));
  }

  /** RFC 9112, 6.1. */
  @Test
  void transferEncodingInHttp10() {
    assertThat(requests("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
        .containsExactly(unknown(0, 0));
    assertThat(responses("HTTP/1.0 200 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
        .containsExactly(unknown(0, 0));
  }

  @Test
  void anEarlyResponse() {
    String head = "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n";
    Talk.Told told =
        new Talk()
            .request(head + "01234")
            .response(OK)
            .request("56789")
            .request(GET)
            .response(OK)
            .told();
    assertThat(told.requests())
        .contains(ended(0, head.length() + 10))
        .endsWith(ended(1, head.length() + 10 + GET_LENGTH));
    assertThat(told.responses()).hasSize(4);
    told = new Talk().request(head + "01234").response(OK).responsesEnd().requestsEnd().told();
    assertThat(told.requests()).endsWith(ended(0, head.length() + 5) + " cut");
    assertThat(told.responses()).endsWith(ended(0, OK_LENGTH));
  }

  @Test
  void halfClose() {
    Talk.Told told = new Talk().request(GET).requestsEnd().response(OK).responsesEnd().told();
    assertThat(told.requests()).containsExactly(got(0, 0), ended(0, GET_LENGTH));
    assertThat(told.responses()).containsExactly(ok(0, 0), ended(0, OK_LENGTH));
  }

  @Test
  void aResetInTheMiddle() {
    Talk.Told told =
        new Talk().request(GET).response(OK.substring(0, OK_LENGTH - 1)).reset().told();
    assertThat(told.responses()).containsExactly(ok(0, 0), ended(0, OK_LENGTH - 1) + " cut");
    told = new Talk().request(GET).response("HTTP/1.1 2").reset().told();
    assertThat(told.responses()).containsExactly(ended(0, 10) + " cut");
    told = new Talk().request("GET / HT").reset().told();
    assertThat(told.requests()).containsExactly(ended(0, 8) + " cut");
    told =
        new Talk().request(post("Transfer-Encoding: chunked\r\n", "5\r\nhel")).requestsEnd().told();
    assertThat(told.requests()).endsWith(ended(0, 53) + " cut");
  }

  /** RFC 9112, 5.2: framed, and a fold stands for a space. */
  @Test
  void obsoleteFolding() {
    String all =
        "POST / HTTP/1.1\r\nHost:\r\n\t a\r\n \r\nX: 1\r\n  2\r\nContent-Length:\r\n 3\r\n\r\nabc";
    assertThat(requests(all))
        .containsExactly(
            "head 0 POST target=/ host=a 1.1 from 0 to "
                + (all.length() - 3)
                + " expects "
                + all.length(),
            ended(0, all.length()));
    assertThat(
            requests("POST / HTTP/1.1\r\nTransfer-Encoding: gzip,\r\n\tchunked\r\n\r\n0\r\n\r\n"))
        .endsWith(ended(0, 60));
    assertThat(requests("POST / HTTP/1.1\r\nContent-Length: 1\r\n 0\r\n\r\n"))
        .containsExactly(unknown(0, 0));
    // RFC 9112, 2.2: not before the first field.
    assertThat(requests("GET / HTTP/1.1\r\n Host: a\r\n\r\n")).containsExactly(unknown(0, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nX: a\nb\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nX\r: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\rX",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length : 3\r\n\r\n",
        "GET / HTTP/1.1\r\nX-Unknown\t: a\r\n\r\n",
        "GET / HTTP/1.1\r\n: a\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET /  HTTP/1.1\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1 \r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTP/0.9\r\n\r\n",
        "GET / http/1.1\r\n\r\n",
        "GET / HTTP/1.x\r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n",
        "\nGET / HTTP/1.1\r\n\r\n",
        "\25\3\1\0\252",
        "SSH-2.0-x\r\n",
        "{\"a\":1}",
        "\0"
      })
  void aRequestThatNobodyCanFrame(String text) {
    assertThat(requests(text)).containsExactly(unknown(0, 0));
    assertThat(requests(GET + text))
        .containsExactly(got(0, 0), ended(0, GET_LENGTH), unknown(1, GET_LENGTH));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n",
        "HTTP/1.1 xyz\r\n\r\n",
        "HTTP/1.1  200\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "220 smtp\r\n"
      })
  void aResponseThatNobodyCanFrame(String text) {
    assertThat(responses(text)).containsExactly(unknown(0, 0));
  }

  @Test
  void aStatusLineWithoutAReason() {
    assertThat(responses("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")).endsWith(ended(0, 35));
    assertThat(responses("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n")).endsWith(ended(0, 36));
  }

  /** RFC 9112, 6.3, rule 3, and INTERFACE.md: ambiguous, on either side. */
  @Test
  void contentLengthWithTransferEncoding() {
    assertThat(requests(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")))
        .containsExactly(unknown(0, 0));
    assertThat(requests(post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")))
        .containsExactly(unknown(0, 0));
    assertThat(responses("HTTP/1.1 200 x\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"))
        .containsExactly(unknown(0, 0));
  }

  /** RFC 9112, 6.3, rule 5. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Content-Length: 5#| 5",
        "content-LENGTH:5#| 5",
        "Content-Length: \t 5 \t #| 5",
        "Content-Length: 5, 5#| 5",
        "Content-Length: 5,5 , 5#| 5",
        "Content-Length: 5#Content-Length: 5#| 5",
        "Content-Length: 5, 5#X: 6#Content-Length: 5#| 5",
        "Content-Length: 0000000000000000000000000000005#| 5",
        "Content-Lengths: 5#| 0",
        "Content-Lengt: 5#| 0",
        "XContent-Length: 5#| 0"
      })
  void contentLengthsThatAgree(String fields, int length) {
    String lines = fields.strip().replace("#", "\r\n");
    String all = post(lines, "hello".substring(0, length));
    assertThat(requests(all + GET))
        .containsExactly(
            posted(lines, length),
            ended(0, all.length()),
            got(1, all.length()),
            ended(1, all.length() + GET_LENGTH));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5#Content-Length: 6#",
        "Content-Length: 5, 6#",
        "Content-Length: -5#",
        "Content-Length: +5#",
        "Content-Length:#",
        "Content-Length: #",
        "Content-Length: 5,#",
        "Content-Length: ,5#",
        "Content-Length: 5,,5#",
        "Content-Length: 5 5#",
        "Content-Length: 0x5#",
        "Content-Length: 5a#",
        "Content-Length: 5;a#",
        "Content-Length: five#",
        "Content-Length: 5#Content-Length:#",
        "Content-Length: 9223372036854775807#",
        "Content-Length: 9223372036854775799#",
        "Content-Length: 1000000000000000000#",
        "Content-Length: 9223372036854775808#",
        "Content-Length: 18446744073709551621#",
        "Content-Length: 99999999999999999999999999#",
        "Content-Length: 5\0#",
        "Content-Length: \u00b2#"
      })
  void contentLengthsThatNobodyKnows(String fields) {
    String lines = fields.replace("#", "\r\n");
    assertThat(requests(post(lines, "hello"))).containsExactly(unknown(0, 0));
    assertThat(responses("HTTP/1.1 200 OK\r\n" + lines + "\r\n")).containsExactly(unknown(0, 0));
  }

  @Test
  void aHugeContentLengthIsOnlyHuge() {
    String fields = "Content-Length: 1000000000000000\r\n";
    int head = post(fields, "").length();
    assertThat(requests(post(fields, "x")))
        .containsExactly(
            "head 0 POST target=/ 1.1 from 0 to "
                + head
                + " expects "
                + (head + 1_000_000_000_000_000L));
  }

  /** RFC 9112, 6.3, rule 4. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gzip",
        "identity",
        "chunked, gzip",
        "chunked;q=1",
        "xchunked",
        "chunkedx",
        "chunked x",
        "\"chunked\"",
        "",
        ",",
        "chunked, x;a=\"b",
      })
  void aRequestWhoseLastCodingIsNotChunked(String codings) {
    assertThat(requests(post("Transfer-Encoding: " + codings + "\r\n", "0\r\n\r\n")))
        .containsExactly(unknown(0, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "chunked",
        "CHUNKED",
        "gzip, chunked",
        "gzip;a=b, chunked",
        "x;a=\"b, gzip\\\"\", chunked",
        ", chunked,",
        "gzip ,\tchunked\t",
        "gzip\r\nTransfer-Encoding: chunked"
      })
  void aRequestWhoseLastCodingIsChunked(String codings) {
    String all = post("Transfer-Encoding: " + codings + "\r\n", "0\r\n\r\n");
    assertThat(requests(all)).endsWith(ended(0, all.length()));
  }

  @Test
  void aResponseWhoseLastCodingIsNotChunkedLastsUntilClose() {
    Talk talk =
        new Talk()
            .request(GET)
            .response("HTTP/1.1 200 x\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n");
    assertThat(talk.responsesEnd().told().responses()).endsWith(ended(0, 48));
  }

  @ParameterizedTest
  @CsvSource({"65536, true", "65537, false", "70000, false"})
  void theBoundOfAHead(int size, boolean framed) {
    String start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    String head = start + "x".repeat(size - start.length() - 4) + "\r\n\r\n";
    for (int cut : new int[] {Integer.MAX_VALUE, 1, 30, 4096, 65_535}) {
      for (boolean client : new boolean[] {true, false}) {
        assertThat(new Talk().request(head).once(client, cut).requests())
            .endsWith(framed ? ended(0, size) : unknown(0, 0));
      }
    }
    String status = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
    String response = status + "x".repeat(size - status.length() - 4) + "\r\n\r\n";
    assertThat(new Talk().request(GET).response(response).once(false, 100).responses())
        .endsWith(framed ? ended(0, size) : unknown(0, 0));
  }

  @Test
  void aTargetAsLongAsTheBoundAllows() {
    String target = "/" + "t".repeat(60_000);
    assertThat(
            new Talk()
                .request("GET " + target + " HTTP/1.1\r\n\r\n")
                .once(true, 100)
                .requests()
                .get(0))
        .startsWith("head 0 GET target=" + target + " 1.1");
  }

  /** RFC 9112, 2.2: an empty line before a request belongs to none. */
  @Test
  void emptyLinesBeforeARequest() {
    assertThat(requests("\r\n\r\n" + GET + "\r\n" + GET))
        .containsExactly(
            got(0, 4),
            ended(0, 4 + GET_LENGTH),
            got(1, 6 + GET_LENGTH),
            ended(1, 6 + 2 * GET_LENGTH));
    assertThat(requests("\rGET")).containsExactly(unknown(0, 0));
    assertThat(requests(GET + "\rGET")).endsWith(unknown(1, GET_LENGTH));
  }

  /** RFC 9113, 3.4. */
  @Test
  void http2WithPriorKnowledge() {
    String preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    Talk.Told told =
        new Talk().request(preface + "\0\0\0\4\0\0\0\0\0").response("\0\0\6\4\0").told();
    assertThat(told.requests()).containsExactly("http2 from 0");
    assertThat(told.responses()).isEmpty();
    assertThat(requests("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX")).containsExactly(unknown(0, 0));
    assertThat(requests(GET + preface)).endsWith(unknown(1, GET_LENGTH));
  }

  @Test
  void methodsThatDifferInCaseOnly() {
    Talk talk = new Talk().request("head / HTTP/1.1\r\n\r\n").response(OK);
    assertThat(talk.told().requests()).endsWith(ended(0, 19));
    assertThat(talk.told().responses()).containsExactly(unknown(0, 0));
  }

  @Test
  void anAnswerThatNothingAskedFor() {
    assertThat(
            new Talk()
                .response("HTTP/1.1 408 x\r\nConnection: close\r\n\r\n")
                .responsesEnd()
                .told()
                .responses())
        .containsExactly(unknown(0, 0));
    assertThat(responses(OK + OK)).endsWith(ended(0, OK_LENGTH), unknown(1, OK_LENGTH));
  }

  @Test
  void whatIsKeptOfAHead() {
    String fields =
        "X-Host: no\r\nhost: shop.test:8080 \r\nHost: second\r\nTraceParent: \t00-ab-cd-01\r\ntracestate: a=b,c=d\r\n"
            + "trace: x\r\ntr: y\r\nAuthorization: secret\r\n";
    String all = "PUT /a?b=c#\u00e4 HTTP/1.1\r\n" + fields + "\r\n";
    assertThat(requests(all))
        .containsExactly(
            "head 0 PUT target=/a?b=c#\u00e4 host=shop.test:8080 traceparent=00-ab-cd-01 tracestate=a=b,c=d 1.1 from 0 to "
                + all.length()
                + " expects "
                + all.length(),
            ended(0, all.length()));
  }

  /** W3C Trace Context, 3.2: more than one traceparent is none. */
  @Test
  void twoTraceparents() {
    assertThat(requests("GET / HTTP/1.1\r\ntraceparent: a\r\ntraceparent: b\r\n\r\n").get(0))
        .doesNotContain("traceparent");
  }

  /** RFC 9110, 5.3; W3C Trace Context, 3.3.1: in their order, whatever stands between them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tracestate: a=1#tracestate: b=2 | tracestate=a=1,b=2",
        "tracestate: a=1 \t#tracestate:#Tracestate: b=2 | tracestate=a=1,b=2",
        "tracestate:#tracestate: b=2 | tracestate=b=2",
        "tracestate: a=1#baggage: x=1#tracestate: b=2#baggage: y=2 | tracestate=a=1,b=2 baggage=x=1,y=2",
        "tracestate: a=1#Other: x#tracestate: b=2,#  c=3#tracestate: d=4 | tracestate=a=1,b=2,  c=3,d=4",
      })
  void aListOfSeveralFieldsIsOne(String fields, String kept) {
    String all = "GET / HTTP/1.1\r\n" + fields.replace("#", "\r\n") + "\r\n\r\n";
    assertThat(requests(all).get(0)).contains(" target=/ " + kept + " 1.1 from");
  }

  @Test
  void aListHasABound() {
    String most = "baggage: " + "b".repeat(8192) + "\r\n";
    String more = "baggage: b" + "b".repeat(8192) + "\r\n";
    String often = "baggage: x\r\ntracestate: y\r\n".repeat(20);
    assertThat(once(most)).contains("baggage=b");
    assertThat(once(more)).doesNotContain("baggage");
    assertThat(once(often)).doesNotContain("tracestate", "baggage");
    assertThat(once("baggage: x\r\n".repeat(17))).contains("baggage=" + "x,".repeat(16) + "x ");
  }

  private static String once(String fields) {
    return new Talk()
        .request("GET / HTTP/1.1\r\n" + fields + "\r\n")
        .once(true, Integer.MAX_VALUE)
        .requests()
        .get(0);
  }

  @Test
  void whatIsNotAskedForIsNotKept() {
    Recorder told = new Recorder(FieldNames.ofRequests(EnumSet.noneOf(KeptField.class)));
    MessageParser parser = MessageParser.ofRequests(new Requests(), told);
    byte[] head =
        Talk.bytes(
            "GET / HTTP/1.1\r\ntraceparent: a\r\nb3: b\r\ntransfer-encoding: chunked\r\n\r\n");
    parser.parse(head, 0, head.length);
    assertThat(told.told)
        .containsExactly("head 0 GET target=/ 1.1 from 0 to " + head.length + " expects -1");
  }

  @Test
  void whatIsSkippedUnseenCounts() {
    Recorder told = new Recorder();
    MessageParser parser = MessageParser.ofRequests(new Requests(), told);
    byte[] head = Talk.bytes("POST / HTTP/1.1\r\nContent-Length: 10000000000\r\n\r\n");
    parser.parse(head, 0, head.length);
    assertThat(parser.skippable()).isEqualTo(10_000_000_000L);
    parser.skip(9_999_999_999L);
    assertThat(parser.skippable()).isEqualTo(1);
    parser.skip(1);
    assertThat(told.told).endsWith(ended(0, head.length + 10_000_000_000L));
    assertThat(parser.skippable()).isZero();
  }

  @Test
  void bytesThatCouldNotBeReadEndTheFraming() {
    Recorder told = new Recorder();
    MessageParser parser = MessageParser.ofRequests(new Requests(), told);
    byte[] bytes = Talk.bytes(GET + GET.substring(0, 5));
    parser.parse(bytes, 0, bytes.length);
    parser.lose();
    parser.parse(bytes, 0, bytes.length);
    assertThat(told.told).containsExactly(got(0, 0), ended(0, GET_LENGTH), unknown(1, GET_LENGTH));
  }

  @Test
  void whatWasWrittenIsNotWhatWasAnnounced() {
    Requests between = new Requests();
    Recorder told = new Recorder();
    Recorder answers = new Recorder();
    MessageParser requests = MessageParser.ofRequests(between, told);
    MessageParser responses = MessageParser.ofResponses(between, answers);
    byte[] announced = Talk.bytes("HEAD / HTTP/1.1\r\n\r\n");
    MessageParser ahead = requests.ahead();
    ahead.parse(announced, 0, announced.length);
    ahead.discard();
    byte[] written = Talk.bytes(GET);
    requests.parse(written, 0, written.length);
    byte[] answer = Talk.bytes(OK);
    responses.parse(answer, 0, answer.length);
    assertThat(told.told).containsExactly(unknown(0, 0));
    assertThat(answers.told).containsExactly(unknown(0, 0));
  }

  @Test
  void nothingOfAHeadIsKeptForTheNextOne() {
    Recorder told = new Recorder();
    MessageParser parser = MessageParser.ofRequests(new Requests(), told);
    byte[] secret =
        Talk.bytes(
            "GET /secret-secret-secret HTTP/1.1\r\nbaggage: secret\r\nHost: secret\r\nbaggage: more\r\n\r\n");
    parser.parse(secret, 0, secret.length);
    HeadScanner next = HeadScanner.take(true, Recorder.ALL, 0, 0, 0);
    assertThat(next.head.text).isEqualTo(new byte[next.head.text.length]);
    assertThat(Arrays.asList(next.head.targetLength, next.head.hostLength)).containsOnly(0);
    assertThat(next.head.keptLengths).containsOnly(0);
    next.release();
  }
}
