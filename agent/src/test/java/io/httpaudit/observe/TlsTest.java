package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Which connection's an engine is, and which records hold which message. The engines are played:
 * records without a cipher, framed as TLS 1.3's are.
 */
class TlsTest {
  static final int CLIENT_HELLO = 1;
  static final int SERVER_HELLO = 2;
  private static final int HANDSHAKE = 22;
  private static final int APPLICATION_DATA = 23;

  /** What a record of TLS 1.3 holds beside plaintext: its inner type, and a tag. */
  private static final int OVERHEAD = 17;

  /** No session, a suite, no compression; and the name shop.test (RFC 6066, 3). */
  private static final byte[] NAMED = {
    0, 0, 2, 0x13, 1, 1, 0, 0, 18, 0, 0, 0, 14, 0, 12, 0, 0, 9, 's', 'h', 'o', 'p', '.', 't', 'e',
    's', 't'
  };

  private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  private final Sockets sockets = new Sockets();
  private final Object engine = new Object();

  private static byte[] record(int type, byte[] body) {
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    record.writeBytes(
        new byte[] {(byte) type, 3, 3, (byte) (body.length >> 8), (byte) body.length});
    record.writeBytes(body);
    return record.toByteArray();
  }

  static byte[] hello(int type, int random) {
    return hello(
        type,
        random,
        type == CLIENT_HELLO
            ? new byte[] {0, 0, 2, 0x13, 1, 1, 0, 0, 0}
            : new byte[] {0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4});
  }

  /**
   * @param rest what follows the random
   */
  private static byte[] hello(int type, int random, byte[] rest) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(new byte[] {3, 3});
    for (int i = 0; i < 32; i++) {
      body.write(random + i);
    }
    body.writeBytes(rest);
    byte[] message = body.toByteArray();
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(new byte[] {(byte) type, 0, 0, (byte) message.length});
    whole.writeBytes(message);
    return record(HANDSHAKE, whole.toByteArray());
  }

  static byte[] sealed(String plaintext) {
    byte[] body = new byte[plaintext.length() + OVERHEAD];
    for (int i = 0; i < plaintext.length(); i++) {
      body[i] = (byte) ~plaintext.charAt(i);
    }
    return record(APPLICATION_DATA, body);
  }

  /** A wrap of {@code plaintext}, which may be empty, that makes {@code record}. */
  private byte[] wrap(Object by, String plaintext, byte[] record) {
    ByteBuffer from = ByteBuffer.wrap(plaintext.getBytes(StandardCharsets.ISO_8859_1));
    ByteBuffer to = ByteBuffer.allocateDirect(record.length);
    Records out = sockets.observer.engines().of(by).out();
    assertThat(out.begins(from, Records.ALL, to, Records.ALL)).isTrue();
    from.position(from.limit());
    to.put(record);
    out.ends(false);
    return record;
  }

  private void unwrap(Object by, byte[] record, String plaintext) {
    ByteBuffer from = ByteBuffer.wrap(record);
    ByteBuffer to = ByteBuffer.allocate(plaintext.length());
    Records in = sockets.observer.engines().of(by).in();
    assertThat(in.begins(to, Records.ALL, from, Records.ALL)).isTrue();
    from.position(from.limit());
    to.put(plaintext.getBytes(StandardCharsets.ISO_8859_1));
    in.ends(false);
  }

  /** The client's end of a connection, up to the server's Hello. */
  private void clientShakesHands(int fd) {
    sockets.connect(fd, 4000);
    sockets.write(fd, wrap(engine, "", hello(CLIENT_HELLO, 1)));
    byte[] answer = hello(SERVER_HELLO, 2);
    sockets.read(fd, answer);
    unwrap(engine, answer, "");
  }

  private List<String> told() {
    return Told.of(sockets);
  }

  private static int length(byte[]... records) {
    int length = 0;
    for (byte[] record : records) {
      length += record.length;
    }
    return length;
  }

  @Test
  void aMessageIsTheRecordsThatHoldIt() {
    clientShakesHands(5);
    int request = length(hello(CLIENT_HELLO, 1));
    int response = length(hello(SERVER_HELLO, 2));
    sockets.write(5, wrap(engine, GET, sealed(GET)));
    sockets.read(5, sealed(OK));
    unwrap(engine, sealed(OK), OK);
    sockets.observer.closing(5);

    assertThat(told())
        .contains(
            "1 handshake 0 to " + request,
            "1 head of request 0",
            "1 end of request 0 at " + (request + length(sealed(GET))),
            "1 head of response 0",
            "1 end of response 0 at " + (response + length(sealed(OK))))
        .doesNotContain("1 upgraded 0 0");
  }

  /** What it encrypted is not sent before the socket's write was. */
  /** Undertow leaves in its array what others use meanwhile. */
  @Test
  void ofAnArrayOnlyThePartCounts() {
    clientShakesHands(5);
    int request = length(hello(CLIENT_HELLO, 1));
    byte[] text = GET.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer one = ByteBuffer.wrap(text, 0, 10);
    ByteBuffer two = ByteBuffer.wrap(text, 10, text.length - 10);
    ByteBuffer others = ByteBuffer.allocate(100);
    ByteBuffer to = ByteBuffer.allocateDirect(length(sealed(GET)));
    Records out = sockets.observer.engines().of(engine).out();
    ByteBuffer[] all = {others, one, two, others};
    assertThat(out.begins(all, 1 << 16 | 2, to, Records.ALL)).isTrue();
    others.position(50);
    one.position(one.limit());
    two.position(two.limit());
    to.put(sealed(GET));
    out.ends(false);
    sockets.write(5, sealed(GET));
    sockets.observer.closing(5);

    assertThat(told())
        .contains(
            "1 handshake 0 to " + request,
            "1 head of request 0",
            "1 end of request 0 at " + (request + length(sealed(GET))));
  }

  @Test
  void aRequestHasEndedWhenItsLastRecordWasWritten() {
    clientShakesHands(5);
    byte[] sent = wrap(engine, GET, sealed(GET));
    assertThat(told()).contains("1 head of request 0").noneMatch(line -> line.contains("end of"));
    sockets.announce(5, sent);
    sockets.written(5, sent.length - 1);
    assertThat(told()).noneMatch(line -> line.contains("end of"));
    sockets.write(5, new byte[] {sent[sent.length - 1]});
    assertThat(told()).anyMatch(line -> line.startsWith("1 end of request 0 at "));
  }

  /** A selector's thread may have read all that follows a write before that has returned. */
  @Test
  void whatAHelloSaysIsKnownBeforeItsWriteReturned() {
    sockets.connect(5, 4000);
    sockets.announce(5, wrap(engine, "", hello(CLIENT_HELLO, 1, NAMED)));
    byte[] answer = hello(SERVER_HELLO, 2);
    sockets.read(5, answer);
    unwrap(engine, answer, "");
    wrap(engine, GET, sealed(GET));
    assertThat(told()).anyMatch(line -> line.contains("serverName=shop.test"));
  }

  @Test
  void twoRequestsOfOneRecordHaveItBoth() {
    clientShakesHands(5);
    byte[] both = sealed(GET + GET);
    sockets.write(5, wrap(engine, GET + GET, both));
    int end = length(hello(CLIENT_HELLO, 1), both);
    assertThat(told()).contains("1 end of request 0 at " + end, "1 end of request 1 at " + end);
  }

  /** That those behind it are another protocol's is known only once they are there. */
  @Test
  void whatFollowsAnUpgradeBeginsBehindTheRecordsOfTheTwoHeads() {
    String ask = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    String grant =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    clientShakesHands(5);
    sockets.write(5, wrap(engine, ask, sealed(ask)));
    sockets.read(5, sealed(grant));
    unwrap(engine, sealed(grant), grant);
    sockets.write(5, wrap(engine, "frame", sealed("frame")));
    int out = length(hello(CLIENT_HELLO, 1)) + length(sealed(ask));
    int in = length(hello(SERVER_HELLO, 2)) + length(sealed(grant));
    assertThat(told()).contains("1 upgraded " + out + " " + in);
  }

  @Test
  void anUpgradedConnectionThatOneEndNeverUsedBeginsBehindThatEndsHead() {
    String ask = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    String grant =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    clientShakesHands(5);
    sockets.write(5, wrap(engine, ask, sealed(ask)));
    sockets.read(5, sealed(grant));
    unwrap(engine, sealed(grant), grant);
    sockets.write(5, wrap(engine, "", sealed("alert")));
    sockets.observer.closing(5);
    int out = length(hello(CLIENT_HELLO, 1)) + length(sealed(ask));
    int in = length(hello(SERVER_HELLO, 2)) + length(sealed(grant));
    assertThat(told()).contains("1 upgraded " + out + " " + in);
  }

  /** Nobody else can have a Hello's bytes before the one who writes what the engine made. */
  @Test
  void whoPassesCiphertextOnIsNotTheEnginesConnection() {
    clientShakesHands(5);
    sockets.connect(6, 4001);
    sockets.write(6, hello(CLIENT_HELLO, 1));
    sockets.write(5, wrap(engine, GET, sealed(GET)));
    sockets.write(6, sealed(GET));

    assertThat(told())
        .contains("1 head of request 0", "2 upgraded 0 0")
        .noneMatch(line -> line.startsWith("2 head"));
  }

  @Test
  void anEngineWhoseSocketNobodySeesTellsNothing() {
    wrap(engine, "", hello(CLIENT_HELLO, 1));
    unwrap(engine, hello(SERVER_HELLO, 2), "");
    wrap(engine, GET, sealed(GET));
    unwrap(engine, sealed(OK), OK);
    assertThat(told()).isEmpty();
  }

  @Test
  void aSocketWhoseEngineNobodySeesIsAConnectionAlone() {
    sockets.connect(5, 4000);
    sockets.write(5, hello(CLIENT_HELLO, 1));
    sockets.read(5, hello(SERVER_HELLO, 2));
    sockets.write(5, sealed(GET));
    assertThat(told()).contains("1 upgraded 0 0").noneMatch(line -> line.contains("head"));
  }

  @Test
  void whereTheServerSpokeFirstNoTlsBegins() {
    byte[] banner = "220 hi\r\n".getBytes(StandardCharsets.ISO_8859_1);
    sockets.accept(5, 4000);
    sockets.write(5, banner);
    sockets.read(5, hello(CLIENT_HELLO, 1));
    sockets.announce(5, wrap(engine, "", hello(SERVER_HELLO, 2)), banner.length);
    unwrap(engine, sealed(GET), GET);
    sockets.observer.closing(5);
    assertThat(told())
        .contains("1 unknown request 0 from 0")
        .noneMatch(line -> line.contains("head") || line.contains("Tls"));
  }

  /** MongoDB and others begin with a length, of which the first byte is the lowest. */
  @Test
  void aFirstByteAloneIsNoTls() {
    sockets.connect(5, 4000);
    sockets.write(5, new byte[] {HANDSHAKE, 1, 0, 1, 9, 9, 9});
    sockets.read(5, new byte[] {HANDSHAKE, 1, 0, 1, 9, 9, 9});
    sockets.write(5, new byte[] {HANDSHAKE, 1, 0, 1, 9, 9, 9});
    sockets.observer.closing(5);
    sockets.accept(6, 4001);
    sockets.read(6, new byte[] {HANDSHAKE});
    sockets.read(6, new byte[] {1, 0, 1});
    sockets.observer.closing(6);
    assertThat(told())
        .containsExactly(
            "1 opened CLIENT 127.0.0.1:4000 127.0.0.1:80 flow 1",
            "1 unknown request 0 from 0",
            "1 closed out 14 in 7 NONE",
            "2 opened SERVER 127.0.0.1:80 127.0.0.1:4001 flow 2",
            "2 unknown request 0 from 0",
            "2 closed out 0 in 4 NONE");
  }

  /** A hook may miss a Hello: an engine that is known all the same has its end told. */
  @Test
  void whatAnEngineMadeIsTlsWhateverElseIsSeen() {
    sockets.accept(5, 4000);
    sockets.read(5, new byte[] {HANDSHAKE});
    sockets.write(5, wrap(engine, "", hello(SERVER_HELLO, 2)));
    sockets.read(5, new byte[] {9, 9, 9});
    sockets.observer.closing(5);
    assertThat(told()).last().asString().startsWith("1 closed out ");
  }

  @Test
  void inATunnelToo() {
    String ask = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
    String grant = "HTTP/1.1 200 OK\r\n\r\n";
    sockets.connect(5, 4000);
    sockets.write(5, ask.getBytes(StandardCharsets.ISO_8859_1));
    sockets.read(5, grant.getBytes(StandardCharsets.ISO_8859_1));
    sockets.write(5, new byte[] {HANDSHAKE, 1, 0, 1});
    sockets.observer.closing(5);
    assertThat(told())
        .contains("1 upgraded " + ask.length() + " " + grant.length())
        .noneMatch(line -> line.contains("Tls") || line.contains("unknown"));
  }

  @Test
  void whatLiesBelowAWritesBufferIsNotRead() {
    for (int bytes = 1; bytes < 9; bytes++) {
      sockets.accept(5, 4000);
      sockets.read(5, hello(CLIENT_HELLO, 1));
      sockets.observer.afterUnseenWrite(5, bytes);
      Object other = new Object();
      sockets.announce(5, wrap(other, "", hello(SERVER_HELLO, 2)), bytes);
      unwrap(other, sealed(GET), GET);
      assertThat(told()).noneMatch(line -> line.contains("head"));
    }
  }

  /** Then it is another socket's: what was read here proves nothing. */
  @Test
  void whatIsDecryptedBeforeItWasReadIsInDoubt() {
    clientShakesHands(5);
    sockets.write(5, wrap(engine, GET, sealed(GET)));
    unwrap(engine, sealed(OK), OK);
    assertThat(told())
        .contains("1 head of request 0")
        .noneMatch(line -> line.startsWith("1 head of response"));
  }

  @Test
  void aRecordThatNobodyEncryptedIsInDoubt() {
    clientShakesHands(5);
    sockets.write(5, sealed(GET));
    sockets.write(5, wrap(engine, GET, sealed(GET)));
    assertThat(told()).anyMatch(line -> line.startsWith("1 unknown request 0"));
  }

  @Test
  void aServersEngineIsThatOfTheConnectionWhichWritesItsHello() {
    for (int fd : new int[] {5, 6}) {
      sockets.accept(fd, 4000 + fd);
      sockets.read(fd, hello(CLIENT_HELLO, 1));
    }
    unwrap(engine, hello(CLIENT_HELLO, 1), "");
    sockets.write(6, wrap(engine, "", hello(SERVER_HELLO, 2)));
    sockets.read(6, sealed(GET));
    unwrap(engine, sealed(GET), GET);
    assertThat(told()).contains("2 head of request 0").noneMatch(line -> line.startsWith("1 head"));
  }

  @Test
  void behindAConnectPositionsGoOn() {
    String ask = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
    String grant = "HTTP/1.1 200 OK\r\n\r\n";
    sockets.connect(5, 4000);
    sockets.write(5, ask.getBytes(StandardCharsets.ISO_8859_1));
    sockets.read(5, grant.getBytes(StandardCharsets.ISO_8859_1));
    sockets.write(5, wrap(engine, "", hello(CLIENT_HELLO, 1)));
    sockets.read(5, hello(SERVER_HELLO, 2));
    unwrap(engine, hello(SERVER_HELLO, 2), "");
    sockets.write(5, wrap(engine, GET, sealed(GET)));
    int hello = length(hello(CLIENT_HELLO, 1));
    assertThat(told())
        .contains(
            "1 end of request 0 at " + ask.length(),
            "1 handshake " + ask.length() + " to " + (ask.length() + hello),
            "1 end of request 1 at " + (ask.length() + hello + length(sealed(GET))))
        .noneMatch(line -> line.contains("upgraded"));
  }
}
