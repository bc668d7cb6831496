package io.httpaudit.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.MessageHead;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** From the hooks' calls to what the correlator is told. */
class ObserverTest {
  private static final byte[] GET = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  private static final byte[] OK = bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

  private final Sockets sockets = new Sockets();

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private List<String> told() {
    List<String> lines = Told.of(sockets);
    return lines;
  }

  @Test
  void anExchangeOfAServer() {
    sockets.accept(5, 4000);
    sockets.read(5, GET);
    sockets.write(5, OK);
    sockets.observer.closing(5);
    assertThat(told())
        .containsExactly(
            "1 opened SERVER 127.0.0.1:80 127.0.0.1:4000 flow 1",
            "1 head of request 0",
            "1 end of request 0 at 27",
            "1 head of response 0",
            "1 end of response 0 at 40",
            "1 closed out 40 in 27 NONE");
  }

  /** Its entry in the kernel's map would stay for ever, since nobody would ever end it. */
  @Test
  void aConnectionThatNobodyIsToldOfIsNotAdmittedEither() {
    sockets.connect(5, 4000);
    // The close of the one before may find no room, either.
    while (sockets.withdrawn.isEmpty() && sockets.observer.lost() < 3) {
      sockets.connect(5, 4001);
    }
    long refused = sockets.observer.nextNumber() - 1;
    assertThat(sockets.withdrawn)
        .containsExactly(refused + " of " + refused + ", 127.0.0.1:4001 127.0.0.1:80");
    assertThat(sockets.observer.knows(5)).as("or it would pass for one that no hook saw").isTrue();
  }

  @Test
  void whatAHeadCarries() {
    sockets.connect(5, 4000);
    String fields =
        "Host: h\r\ntracestate: a=1\r\n"
            + "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
            + "tracestate: b=2\r\nbaggage: c=3\r\n";
    byte[] request = bytes("GET /a HTTP/1.0\r\n" + fields + "\r\n");
    sockets.write(5, request);
    Told told = new Told();
    sockets.observer.drain(told, 9);
    MessageHead head = told.heads.get(0);
    assertThat(head)
        .isEqualTo(
            new MessageHead(
                true,
                0,
                0,
                0,
                request.length,
                request.length,
                head.first(),
                head.finalFirst(),
                "GET",
                "/a",
                "h",
                0,
                0,
                0xb7ad6b7169203331L,
                0x0af7651916cd43ddL,
                0x8448eb211c80319cL,
                true,
                "a=1,b=2"));
    assertThat(head.first()).isPositive().isEqualTo(head.finalFirst());
  }

  @Test
  void whatNoHookSawConnectIsNotFollowed() {
    sockets.read(9, GET);
    sockets.write(9, OK);
    sockets.observer.closing(9);
    sockets.observer.closing(-1);
    sockets.observer.closing(1 << 30);
    assertThat(told()).isEmpty();
  }

  @Test
  void anAnswerReadBeforeTheWriteReturned() {
    sockets.connect(5, 4000);
    sockets.announce(5, GET);
    sockets.read(5, OK);
    sockets.written(5, GET);
    assertThat(told())
        .containsExactlyInAnyOrder(
            "1 opened CLIENT 127.0.0.1:4000 127.0.0.1:80 flow 1",
            "1 head of response 0",
            "1 end of response 0 at 40",
            "1 head of request 0",
            "1 end of request 0 at 27");
  }

  @Test
  void aWriteOfWhichAPartWasTaken() {
    sockets.connect(5, 4000);
    byte[] two = bytes("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcdHEAD / HTTP/1.1\r\n\r\n");
    sockets.announce(5, two);
    sockets.written(5, java.util.Arrays.copyOf(two, 30));
    // Non-blocking: nothing was taken.
    sockets.announce(5, java.util.Arrays.copyOfRange(two, 30, two.length));
    sockets.written(5, -2);
    sockets.write(5, java.util.Arrays.copyOfRange(two, 30, two.length));
    sockets.read(5, bytes("HTTP/1.1 204 x\r\n\r\nHTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\n"));
    assertThat(told())
        .contains(
            "1 end of request 0 at 42",
            "1 end of request 1 at 61",
            "1 end of response 0 at 18",
            "1 end of response 1 at 55");
  }

  @Test
  void aWriteThatFails() {
    sockets.connect(5, 4000);
    sockets.announce(5, GET);
    sockets.notWritten(5, new IOException("Broken pipe"));
    sockets.observer.closing(5);
    assertThat(told()).endsWith("1 closed out 0 in 0 RESET");
  }

  @Test
  void errorsByTheirMessages() {
    assertThat(closedAfter(new SocketException("Connection reset"))).endsWith(" RESET");
    assertThat(closedAfter(new SocketException("Connection reset by peer"))).endsWith(" RESET");
    assertThat(closedAfter(new IOException("Connection timed out"))).endsWith(" TIMEOUT");
    assertThat(closedAfter(new SocketException("Socket closed"))).endsWith(" OTHER");
    assertThat(closedAfter(new IOException())).endsWith(" OTHER");
  }

  /** As with LANG=de_DE. */
  @Test
  void errorsInTheProcesssLanguage() {
    assertThat(closedAfter(new SocketException("Datenübergabe unterbrochen"))).endsWith(" OTHER");
    sockets.observer.errorTexts(
        new ErrorTexts(
            "Verbindungsaufbau abgelehnt",
            "Die Wartezeit für die Verbindung ist abgelaufen",
            "Die Verbindung wurde vom Kommunikationspartner zurückgesetzt",
            "Datenübergabe unterbrochen (broken pipe)"));
    assertThat(closedAfter(new IOException("Datenübergabe unterbrochen (broken pipe)")))
        .endsWith(" RESET");
    assertThat(
            closedAfter(
                new IOException(
                    "read(..) failed: Die Verbindung wurde vom Kommunikationspartner zurückgesetzt")))
        .endsWith(" RESET");
    assertThat(closedAfter(new SocketException("Die Wartezeit für die Verbindung ist abgelaufen")))
        .endsWith(" TIMEOUT");
    assertThat(closedAfter(new SocketException("Connection reset"))).endsWith(" RESET");
    assertThat(closedAfter(new SocketException("Socket closed"))).endsWith(" OTHER");
    sockets.observer.beforeConnect(5, sockets.here, 80);
    sockets.observer.connectFailed(
        5,
        new InetSocketAddress("0.0.0.0", 4000),
        sockets.here,
        80,
        new ConnectException("Verbindungsaufbau abgelehnt"));
    assertThat(told()).singleElement().asString().contains("failed REFUSED");
    sockets.observer.errorTexts(new ErrorTexts("", "", "", ""));
    assertThat(closedAfter(new SocketException("Socket closed"))).endsWith(" OTHER");
  }

  private String closedAfter(Throwable cause) {
    sockets.accept(5, 4000);
    sockets.read(5, bytes("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"));
    sockets.observer.failed(sockets.observer.connection(5), true, cause);
    sockets.observer.failed(sockets.observer.connection(5), true, new IOException("a later one"));
    sockets.observer.closing(5);
    List<String> lines = told();
    assertThat(lines.get(lines.size() - 2)).endsWith("end of request 0 at 41 cut");
    return lines.get(lines.size() - 1);
  }

  @Test
  void scatteringReads() {
    sockets.accept(5, 4000);
    sockets.readv(5, GET, 1, 0, 3, 100);
    assertThat(told()).endsWith("1 end of request 0 at 27");
  }

  @Test
  void sendfileOfABody() {
    sockets.accept(5, 4000);
    sockets.read(5, GET);
    sockets.write(5, bytes("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"));
    sockets.observer.afterUnseenWrite(5, 60_000);
    sockets.observer.afterUnseenWrite(5, 40_000);
    assertThat(told()).endsWith("1 end of response 0 at " + (43 + 100_000));
    sockets.read(5, GET);
    sockets.observer.afterUnseenWrite(5, 1);
    assertThat(told()).endsWith("1 unknown response 1 from " + (43 + 100_000));
  }

  /** A heartbeat, say. */
  @Test
  void anUrgentByteBetweenRequestsOnlyDisplacesThem() {
    sockets.connect(5, 4000);
    sockets.observer.afterUrgentWrite(5);
    sockets.write(5, GET);
    sockets.read(5, OK);
    sockets.observer.afterUrgentWrite(5);
    sockets.write(5, GET);
    sockets.read(5, OK);
    sockets.observer.closing(5);
    Told told = new Told();
    sockets.observer.drain(told, 99);
    assertThat(told.lines)
        .contains(
            "1 end of request 0 at 28",
            "1 end of response 0 at 40",
            "1 end of request 1 at 56",
            "1 end of response 1 at 80",
            "1 closed out 56 in 80 NONE");
    assertThat(told.heads)
        .filteredOn(MessageHead::request)
        .extracting(MessageHead::offset)
        .containsExactly(1L, 29L);
  }

  @Test
  void anUrgentByteWithinARequestLeavesItsEndOpen() {
    sockets.connect(5, 4000);
    sockets.write(5, bytes("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"));
    sockets.observer.afterUrgentWrite(5);
    sockets.write(5, bytes("cd"));
    sockets.observer.closing(5);
    assertThat(told())
        .contains("1 head of request 0", "1 unknown request 0 from 0", "1 closed out 43 in 0 NONE");
  }

  @Test
  void aBodyUntilTheEnd() {
    sockets.connect(5, 4000);
    sockets.write(5, GET);
    sockets.read(5, bytes("HTTP/1.1 200 OK\r\n\r\nall"));
    sockets.observer.afterRead(sockets.observer.connection(5), 5, 0, 0, -1);
    assertThat(told()).endsWith("1 end of response 0 at 22");
    sockets.observer.closing(5);
    assertThat(told()).containsExactly("1 closed out 27 in 22 NONE");
  }

  @Test
  void aServersBodyUntilItClosesIsWholeByItsOwnFin() {
    sockets.accept(5, 4000);
    sockets.read(5, GET);
    sockets.write(5, bytes("HTTP/1.1 200 OK\r\n\r\nall"));
    sockets.observer.closing(5);
    assertThat(told()).endsWith("1 end of response 0 at 22", "1 closed out 22 in 27 NONE");
  }

  @Test
  void aNumberThatIsUsedAgain() {
    sockets.accept(5, 4000);
    sockets.read(5, GET);
    // preClose, then close, of the one socket; then the number is another's.
    sockets.observer.closing(5);
    sockets.observer.closing(5);
    sockets.connect(5, 4001);
    sockets.write(5, GET);
    sockets.observer.closing(5);
    assertThat(told())
        .contains("1 closed out 0 in 27 NONE", "2 opened CLIENT 127.0.0.1:4001 127.0.0.1:80 flow 2")
        .endsWith("2 closed out 27 in 0 NONE");
  }

  /** The peer has all, has answered by its own end, and another thread closes. */
  @Test
  void aCloseBeforeTheThreadIsBackThatHasWritten() {
    sockets.connect(5, 4000);
    sockets.announce(5, GET);
    sockets.observer.closing(5);
    assertThat(told()).hasSize(1);
    sockets.written(5, GET);
    assertThat(told())
        .containsExactly(
            "1 head of request 0", "1 end of request 0 at 27", "1 closed out 27 in 0 NONE");
  }

  @Test
  void anotherOnesConnectionUnderTheNumberOfAWriteThatGoesOn() {
    sockets.connect(5, 4000);
    sockets.announce(5, GET);
    sockets.observer.closing(5);
    Object first = sockets.observer.connection(5);
    sockets.connect(5, 4001);
    sockets.written(5, GET);
    sockets.write(5, bytes("HEAD / HTTP/1.1\r\n\r\n"));
    assertThat(first).isNull();
    assertThat(told())
        .containsSubsequence("1 end of request 0 at 27", "1 closed out 27 in 0 NONE")
        .endsWith("2 head of request 0", "2 end of request 0 at 19");
  }

  @Test
  void aReadThatReturnsUnderAnotherOnesNumber() {
    sockets.connect(5, 4000);
    Object before = sockets.observer.connection(5);
    sockets.observer.closing(5);
    sockets.connect(5, 4001);
    sockets.observer.afterRead(before, 5, 0, 0, -1);
    sockets.observer.failed(before, true, new SocketException("Connection reset"));
    sockets.write(5, GET);
    sockets.read(5, OK);
    sockets.observer.closing(5);
    assertThat(told()).contains("1 closed out 0 in 0 NONE").endsWith("2 closed out 27 in 40 NONE");
  }

  @Test
  void aCloseDuringAWriteThatMovesNothing() {
    sockets.connect(5, 4000);
    sockets.announce(5, GET);
    sockets.observer.closing(5);
    sockets.written(5, -2);
    sockets.connect(5, 4001);
    sockets.announce(5, GET);
    sockets.observer.closing(5);
    sockets.notWritten(5, new AsynchronousCloseException());
    assertThat(told())
        .filteredOn(line -> line.contains("closed"))
        .containsExactly("1 closed out 0 in 0 NONE", "2 closed out 0 in 0 OTHER");
  }

  @Test
  void aConnectionWhoseCloseNobodySaw() {
    sockets.accept(5, 4000);
    sockets.accept(5, 4001);
    sockets.connect(5, 4002);
    assertThat(told())
        .contains(
            "1 closed out 0 in 0 NONE",
            "2 closed out 0 in 0 NONE",
            "3 opened CLIENT 127.0.0.1:4002 127.0.0.1:80 flow 3");
  }

  @Test
  void whichConnectionsAreOpen() {
    for (int fd = 0; fd < 300; fd++) {
      sockets.accept(1000 - fd, 4000 + fd);
    }
    sockets.observer.closing(999);
    sockets.observer.listening(7, new InetSocketAddress(sockets.here, 80));
    assertThat(sockets.observer.openConnections())
        .hasSize(299)
        .isSorted()
        .startsWith(1, 3)
        .endsWith(300);
  }

  /** By io_uring: of a descriptor whose number was another's when it was given to the kernel. */
  @Test
  void whatLiesBehindASubmissionIsNotRead() {
    sockets.connect(5, 4000);
    sockets.submit(5, GET, GET.length - 1);
    sockets.observer.completed(5, GET.length);
    assertThat(told()).contains("1 unknown request 0 from 0").noneMatch(l -> l.contains("head"));
  }

  @Test
  void connectInProgress() {
    InetSocketAddress local = new InetSocketAddress(sockets.here, 4000);
    connecting(5, local);
    sockets.observer.connectFinished(5, new ConnectException("Connection refused"));
    // Said again by whoever waited, and by the close.
    sockets.observer.connectFinished(5, new ConnectException("Connection refused"));
    sockets.observer.closing(5);
    assertThat(told())
        .contains("1 failed REFUSED")
        .filteredOn(line -> line.contains("failed"))
        .hasSize(1);

    connecting(5, local);
    sockets.observer.connectFinished(5, new SocketTimeoutException("Connect timed out"));
    sockets.observer.closing(5);
    assertThat(told())
        .contains("2 failed TIMEOUT")
        .filteredOn(line -> line.contains("failed"))
        .hasSize(1);

    connecting(5, local);
    sockets.observer.connectFinished(5, new AsynchronousCloseException());
    sockets.observer.closing(5);
    assertThat(told()).contains("3 failed GIVEN_UP");

    connecting(5, local);
    sockets.observer.connectFinished(5, null);
    sockets.observer.connectFinished(5, new SocketTimeoutException("too late"));
    sockets.observer.closing(5);
    assertThat(told())
        .noneMatch(line -> line.contains("failed"))
        .endsWith("4 closed out 0 in 0 NONE");
  }

  private void connecting(int fd, InetSocketAddress local) {
    sockets.observer.beforeConnect(fd, sockets.here, 80);
    assertThat(sockets.observer.knows(fd))
        .describedAs("or it would pass for one that no hook saw")
        .isTrue();
    sockets.observer.afterConnect(fd, local, sockets.here, 80, false);
  }

  @Test
  void bytesProveAConnection() {
    connecting(5, new InetSocketAddress(sockets.here, 4000));
    sockets.write(5, GET);
    sockets.observer.closing(5);
    assertThat(told())
        .noneMatch(line -> line.contains("failed"))
        .endsWith("1 closed out 27 in 0 NONE");
  }

  @Test
  void connectThatFailsAtOnce() {
    sockets.observer.beforeConnect(5, sockets.here, 80);
    sockets.observer.connectFailed(
        5,
        new InetSocketAddress("0.0.0.0", 4000),
        sockets.here,
        80,
        new ConnectException("Connection refused"));
    assertThat(told()).containsExactly("1 failed REFUSED 0.0.0.0:4000 127.0.0.1:80");
    assertThat(sockets.observer.knows(5)).isFalse();
  }

  @Test
  void connectDuringWhichTheSocketIsClosed() {
    sockets.observer.beforeConnect(5, sockets.here, 80);
    sockets.observer.closing(5);
    sockets.observer.afterConnect(
        5, new InetSocketAddress(sockets.here, 0), sockets.here, 80, false);
    sockets.observer.closing(5);
    assertThat(told()).containsExactly("1 failed GIVEN_UP [::]:0 127.0.0.1:80");
  }

  @Test
  void aDatagramSocketIsNoConnection() {
    sockets.observer.beforeDatagramConnect(5);
    sockets.observer.beforeConnect(5, sockets.here, 53);
    sockets.observer.afterConnect(
        5, new InetSocketAddress(sockets.here, 4000), sockets.here, 53, true);
    assertThat(told()).isEmpty();
    // Its close may go by unseen; the number is then a connection's.
    sockets.connect(5, 4001);
    assertThat(told()).containsExactly("1 opened CLIENT 127.0.0.1:4001 127.0.0.1:80 flow 1");
  }

  @Test
  void upgradesAreToldOnceByBothDirections() {
    sockets.accept(5, 4000);
    byte[] ask = bytes("GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n");
    byte[] grant = bytes("HTTP/1.1 101 x\r\n\r\n");
    sockets.read(5, ask);
    sockets.write(5, grant);
    sockets.read(5, new byte[] {1, 2});
    sockets.write(5, new byte[] {3});
    sockets.observer.closing(5);
    assertThat(told())
        .endsWith(
            "1 upgraded " + grant.length + " " + ask.length,
            "1 closed out " + (grant.length + 1) + " in " + (ask.length + 2) + " NONE");
  }

  @Test
  void http2ByItsPreface() {
    sockets.connect(5, 4000);
    sockets.write(5, bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4"));
    sockets.read(5, new byte[] {0, 0, 6, 4, 0});
    assertThat(told())
        .containsExactly("1 opened CLIENT 127.0.0.1:4000 127.0.0.1:80 flow 1", "1 http2 0 0");
  }

  /**
   * Whoever is within closes on the way out: exactly one end, behind all else, with the bytes that
   * were told of.
   */
  @Test
  void closeFromAThirdThread() throws InterruptedException {
    byte[] body = bytes("POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
    for (int round = 0; round < 1_500; round++) {
      int fd = round % 7;
      sockets.accept(fd, 4000 + round);
      sockets.read(fd, body);
      CountDownLatch start = new CountDownLatch(1);
      Thread closer =
          new Thread(
              () -> {
                start.countDown();
                sockets.observer.closing(fd);
                sockets.observer.closing(fd);
              });
      closer.start();
      start.await();
      for (int i = 0; i < 20; i++) {
        sockets.read(fd, GET);
      }
      closer.join();
      List<String> lines = told();
      assertThat(lines).filteredOn(line -> line.contains("closed")).hasSize(1);
      String end = lines.get(lines.size() - 2);
      String closed = lines.get(lines.size() - 1);
      assertThat(end).contains("end of request 0").endsWith(" cut");
      String position = end.replaceAll(".* at (\\d+) cut", "$1");
      assertThat(closed).contains(" in " + position + " ");
    }
  }
}
