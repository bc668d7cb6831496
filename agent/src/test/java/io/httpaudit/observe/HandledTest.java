package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which request's context a thread of a server gets, by its channel. */
class HandledTest {
  private final Sockets sockets = new Sockets();
  private SocketChannel channel;
  private int fd;

  @BeforeEach
  void accept() throws IOException {
    channel = SocketChannel.open();
    fd = HttpAudit.descriptor(channel);
    sockets.accept(fd, 40_000);
  }

  @AfterEach
  void close() throws IOException {
    channel.close();
  }

  private void read(String text) {
    sockets.read(fd, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private void write(String text) {
    sockets.write(fd, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Of its connection, from 0; -1: none. */
  private long handled() {
    return sockets.observer.handled(channel) instanceof ServedRequest request ? request.index : -1;
  }

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }

  private static final String ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  @Test
  void eachOfThosePipelinedOnceAndInOrder() {
    read(get("/0") + get("/1") + get("/2"));
    assertThat(handled()).isZero();
    assertThat(handled()).isEqualTo(-1);
    write(ANSWER.substring(0, ANSWER.length() - 1));
    assertThat(handled()).isEqualTo(-1);
    write("k");
    assertThat(handled()).isEqualTo(1);
    write(ANSWER);
    assertThat(handled()).isEqualTo(2);
    write(ANSWER);
    assertThat(handled()).isEqualTo(-1);
    read(get("/3"));
    assertThat(handled()).isEqualTo(3);
  }

  @Test
  void oneThatTheServerItselfAnswersIsNobodys() {
    read(get("/0") + get("/1"));
    write(ANSWER);
    assertThat(handled()).isEqualTo(1);
  }

  @Test
  void anInterimResponseAnswersNothing() {
    read("POST /0 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    write("HTTP/1.1 100 Continue\r\n\r\n");
    assertThat(handled()).isZero();
  }

  @Test
  void whatCameBeforeAMalformedHeadIsCertainAndNothingBehind() {
    read(get("/0") + "GET /1 HTTP/1.1\r\nHost : a\r\n\r\n" + get("/2"));
    assertThat(handled()).isZero();
    write(ANSWER);
    assertThat(handled()).isEqualTo(-1);
    read(get("/3"));
    assertThat(handled()).isEqualTo(-1);
  }

  @Test
  void noneIsCertainOnceAResponseHasNoKnownEnd() {
    read(get("/0") + get("/1"));
    assertThat(handled()).isZero();
    write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok");
    assertThat(handled()).isEqualTo(-1);
  }

  /** As a decoder of a library's passes it on; -1: none. */
  private long decoded(Object message, String target) {
    return index(sockets.observer.decoded(fd, message, target));
  }

  private static long index(HttpAuditContext context) {
    return context instanceof ServedRequest request ? request.index : -1;
  }

  @Test
  void aDecoderHasEachOfThosePipelinedAtOnce() {
    read(get("/0") + get("/1") + get("/2"));
    assertThat(decoded("0", "/0")).isZero();
    assertThat(decoded("1", "/1")).isEqualTo(1);
    write(ANSWER);
    assertThat(decoded("2", "/2")).isEqualTo(2);
    assertThat(index(sockets.observer.decodedInto(fd, "0"))).isEqualTo(-1);
    assertThat(index(sockets.observer.decodedInto(fd, "1"))).isEqualTo(1);
    assertThat(index(sockets.observer.decodedInto(fd, "2"))).isEqualTo(2);
    assertThat(handled()).isEqualTo(-1);
    assertThat(decoded("3", "/3")).isEqualTo(-1);
  }

  @Test
  void aBodyIsOfTheRequestThatWasDecodedLastUntilItEnds() {
    read(get("/0") + get("/1"));
    assertThat(decoded("0", "/0")).isZero();
    assertThat(index(sockets.observer.decoding(fd, false))).isZero();
    assertThat(index(sockets.observer.decoding(fd, true))).isZero();
    assertThat(index(sockets.observer.decoding(fd, true))).isEqualTo(-1);
    assertThat(decoded("1", "/1")).isEqualTo(1);
    assertThat(index(sockets.observer.decoding(fd, true))).isEqualTo(1);
  }

  @Test
  void oneThatIsAnsweredBeforeItIsDecodedIsCountedAllTheSame() {
    read(get("/0") + get("/1"));
    write(ANSWER);
    assertThat(decoded("0", "/0")).isEqualTo(-1);
    assertThat(decoded("1", "/1")).isEqualTo(1);
  }

  @Test
  void noneIsCertainBehindOneThatTheDecoderDidNotGet() {
    read(get("/taken") + get("/0") + get("/1"));
    assertThat(decoded("0", "/0")).isEqualTo(-1);
    assertThat(decoded("1", "/1")).isEqualTo(-1);
    read(get("/2"));
    assertThat(decoded("2", "/2")).isEqualTo(-1);
  }

  @Test
  void aTargetThatNobodyReadsAlikeSaysNothingOfTheOthers() {
    read(get("/\u00e4") + get("/1"));
    assertThat(decoded("0", "/\ufffd")).isEqualTo(-1);
    assertThat(decoded("1", "/1")).isEqualTo(1);
  }

  /** Who keeps a context, perhaps in a map by the message itself, keeps no message by it. */
  @ParameterizedTest
  @ValueSource(strings = {"closed", "answered without a known end"})
  void onceItIsOverAContextKeepsNoMessage(String end) {
    read(get("/0") + get("/1"));
    ServedRequest first = (ServedRequest) sockets.observer.decoded(fd, "0", "/0");
    ServedRequest second = (ServedRequest) sockets.observer.decoded(fd, "1", "/1");
    assertThat(first.claimed).isEqualTo("0");
    assertThat(second.claimed).isEqualTo("1");
    if (end.equals("closed")) {
      sockets.observer.closing(fd);
    } else {
      write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok");
    }
    assertThat(first.claimed).isSameAs(ServedRequest.SOMEBODY);
    assertThat(second.claimed).isSameAs(ServedRequest.SOMEBODY);
  }

  private HttpAuditContext askedFor(String target) {
    read(get(target));
    HttpAuditContext context = sockets.observer.handled(channel);
    write(ANSWER);
    return context;
  }

  private boolean isFor(HttpAuditContext context, String path, String query) {
    return sockets.observer.isFor(context, path, query);
  }

  @Test
  void aContextIsForTheTargetThatWasSentAndForNoOther() {
    HttpAuditContext one = askedFor("/orders/7?page=2");
    assertThat(isFor(one, "/orders/7", "page=2")).isTrue();
    assertThat(isFor(one, "/orders/7?page=2", "")).isTrue();
    assertThat(isFor(one, "/orders/7", null)).isFalse();
    assertThat(isFor(one, "/orders/7", "page=3")).isFalse();
    assertThat(isFor(one, "/orders/8", "page=2")).isFalse();
    HttpAuditContext encoded = askedFor("/%C3%A4%2Fb;v=1?q=%20a+b&f[x]=%2F?");
    assertThat(isFor(encoded, "/%C3%A4%2Fb;v=1", "q=%20a+b&f[x]=%2F?")).isTrue();
    assertThat(isFor(encoded, "/\u00e4/b;v=1", "q= a b&f[x]=/?")).isFalse();
    HttpAuditContext absolute = askedFor("http://a/orders/7");
    assertThat(isFor(absolute, "http://a/orders/7", "")).isTrue();
    assertThat(isFor(absolute, "/orders/7", null)).isFalse();
    assertThat(isFor(new HttpAuditContext(1, 2, 3, true, null, null) {}, "/", "")).isFalse();
    assertThat(isFor(null, "/", "")).isFalse();
  }

  /** Of an empty query some servers say that there is none. */
  @Test
  void aQuestionMarkAloneIsNotToBeTold() {
    for (HttpAuditContext context : List.of(askedFor("/orders"), askedFor("/orders?"))) {
      assertThat(isFor(context, "/orders", null)).isTrue();
      assertThat(isFor(context, "/orders", "")).isTrue();
      assertThat(isFor(context, "/orders", "?")).isFalse();
    }
  }

  @Test
  void aTargetThatNobodyReadsAlikeIsForNone() {
    HttpAuditContext context = askedFor("/\u00e4");
    assertThat(context).isNotNull();
    assertThat(isFor(context, "/\u00e4", null)).isFalse();
  }

  @Test
  void aClientDecodesNoRequests() {
    sockets.observer.closing(fd);
    sockets.connect(fd, 40_002);
    assertThat(sockets.observer.serves(fd)).isFalse();
    assertThat(sockets.observer.serves(-1)).isFalse();
    assertThat(decoded("0", "/0")).isEqualTo(-1);
  }

  @Test
  void noneOfAConnectionThatHasTheNumberOfAClosedChannel() throws IOException {
    channel.close();
    sockets.observer.closing(fd);
    sockets.accept(fd, 40_001);
    read(get("/other"));
    assertThat(handled()).isEqualTo(-1);
  }

  @Test
  void anAsynchronousChannelHasADescriptorUntilItIsClosed() throws IOException {
    AsynchronousSocketChannel asynchronous = AsynchronousSocketChannel.open();
    int number = HttpAudit.descriptor(asynchronous);
    assertThat(number).isPositive().isNotEqualTo(fd);
    sockets.accept(number, 40_001);
    sockets.read(number, get("/0").getBytes(StandardCharsets.ISO_8859_1));
    assertThat(sockets.observer.handled(asynchronous)).isNotNull();
    asynchronous.close();
    assertThat(sockets.observer.handled(asynchronous)).isNull();
    assertThat(HttpAudit.descriptor("no channel")).isEqualTo(-1);
  }
}
