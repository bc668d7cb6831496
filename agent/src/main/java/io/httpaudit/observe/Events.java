package io.httpaudit.observe;

import io.httpaudit.correlate.Call;
import io.httpaudit.correlate.JvmEvents;
import io.httpaudit.correlate.MessageHead;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.SocketError;
import io.httpaudit.correlate.Tls;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.http.Head;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The hooks' events, as records of an {@link EventRing}: written by application threads without
 * allocation, read back as calls of {@link JvmEvents} by the audit thread. All fields are longs, in
 * the order in which write and read name them.
 */
final class Events implements EventRing.Reader {
  private static final int OPENED = 1;
  private static final int CONNECT_FAILED = 2;
  private static final int HEAD = 3;
  private static final int BOUNDARY_UNKNOWN = 4;
  private static final int ENDED = 5;
  private static final int UPGRADED = 6;
  private static final int TCP_INFO = 7;
  private static final int CLOSED = 8;
  private static final int CONNECT_FINISHED = 9;
  private static final int CALL = 10;
  private static final int RESOLVED = 11;
  private static final int ROUTE = 12;
  private static final int SHOOK = 13;
  private static final int TLS = 14;

  // What a connection ceases to be HTTP/1.x for.
  static final int OTHER_PROTOCOL = 0;
  static final int HTTP2 = 1;

  /** TLS of an engine that no hook sees. */
  static final int OPAQUE = 2;

  // Of a message, in one field.
  private static final int REQUEST = 1;
  private static final int SAMPLED = 2;

  private static final SocketError[] ERRORS = SocketError.values();

  private final EventRing ring;
  private JvmEvents to;

  /**
   * Most ends of a JVM's connections are at one address: of two that follow each other, one object
   * serves both.
   */
  private Endpoint lastLocal;

  private Endpoint lastPeer;

  /** Likewise. */
  private String lastMethod = "";

  private String lastHost = "";

  Events(EventRing ring) {
    this.ring = ring;
  }

  /** Passes what waits, at most {@code limit} events. The audit thread. */
  int drain(JvmEvents to, int limit) {
    this.to = to;
    return ring.drain(this, limit);
  }

  /**
   * @return whether there was room: else nobody learns of the connection
   */
  boolean opened(
      long connection,
      Side side,
      Endpoint local,
      Endpoint peer,
      long flow,
      long entry,
      long exit,
      long call) {
    return put(
        OPENED,
        connection,
        side.ordinal(),
        flow,
        entry,
        exit,
        local.high(),
        local.low(),
        local.port(),
        peer.high(),
        peer.low(),
        peer.port(),
        call);
  }

  void connectFailed(
      long connection,
      Endpoint local,
      Endpoint peer,
      long flow,
      long entry,
      long exit,
      SocketError error,
      long call) {
    put(
        CONNECT_FAILED,
        connection,
        error.ordinal(),
        flow,
        entry,
        exit,
        local.high(),
        local.low(),
        local.port(),
        peer.high(),
        peer.low(),
        peer.port(),
        call);
  }

  /** Of one that was opened before. */
  void connectFailed(long connection, SocketError error, long at) {
    put(CONNECT_FINISHED, connection, error.ordinal(), at);
  }

  /**
   * @param next where the next message begins at the earliest: in the same TLS record, perhaps; of
   *     one that is cut within TLS, where itself began
   */
  void ended(
      long connection, boolean request, long index, long end, long next, long at, boolean proven) {
    int body = ring.claim(ENDED_LENGTH);
    if (body < 0) {
      return;
    }
    boolean written = false;
    try {
      ring.putLong(body, connection);
      ring.putLong(body + 8, request ? 1 : 0);
      ring.putLong(body + 16, index);
      ring.putLong(body + 24, end);
      ring.putLong(body + 32, at);
      ring.putLong(body + 40, proven ? 1 : 0);
      ring.putLong(body + 48, next);
      written = true;
    } finally {
      done(written, body, ENDED_LENGTH, ENDED);
    }
  }

  private static final int ENDED_LENGTH = 7 * 8;

  /** A client's handshake was [from, to) of what it sent, up to its first application data. */
  void shook(long connection, long from, long to) {
    put(SHOOK, connection, from, to);
  }

  /** What a handshake settled; what is empty is not known. Not for a byte's path. */
  void tls(long connection, String... facts) {
    int length = 8;
    byte[][] texts = new byte[facts.length][];
    for (int i = 0; i < facts.length; i++) {
      texts[i] = facts[i].getBytes(StandardCharsets.ISO_8859_1);
      length += 8 + texts[i].length;
    }
    int body = ring.claim(length);
    if (body < 0) {
      return;
    }
    boolean written = false;
    try {
      ring.putLong(body, connection);
      int at = body + 8 + 8 * texts.length;
      for (int i = 0; i < texts.length; i++) {
        ring.putLong(body + 8 + 8 * i, texts[i].length);
        ring.putBytes(at, texts[i], 0, texts[i].length);
        at += texts[i].length;
      }
      written = true;
    } finally {
      done(written, body, length, TLS);
    }
  }

  private static final int CALL_LENGTH = 8 * 8;

  /**
   * @param taken when a connection was taken for it that was open already; 0: it opens one
   * @return whether there was room
   */
  boolean call(ClientCall call, long taken) {
    int body = ring.claim(CALL_LENGTH);
    if (body < 0) {
      return false;
    }
    boolean written = false;
    try {
      ring.putLong(body, call.spanId);
      ring.putLong(body + 8, call.traceHigh);
      ring.putLong(body + 16, call.traceLow);
      ring.putLong(body + 24, call.parent);
      ring.putLong(body + 32, call.sampled ? 1 : 0);
      ring.putLong(body + 40, call.resend);
      ring.putLong(body + 48, call.start);
      ring.putLong(body + 56, taken);
      written = true;
    } finally {
      done(written, body, CALL_LENGTH, CALL);
    }
    return true;
  }

  /** A name was resolved for a call, between these two times. */
  void resolved(ClientCall call, long start, long end) {
    int body = ring.claim(3 * 8);
    if (body < 0) {
      return;
    }
    boolean written = false;
    try {
      ring.putLong(body, call.spanId);
      ring.putLong(body + 8, start);
      ring.putLong(body + 16, end);
      written = true;
    } finally {
      done(written, body, 3 * 8, RESOLVED);
    }
  }

  /** Of a route, characters beyond are cut off. */
  private static final int LONGEST_ROUTE = 256;

  void route(long connection, long index, String route) {
    int count = Math.min(route.length(), LONGEST_ROUTE);
    int length = 3 * 8 + 2 * count;
    int body = ring.claim(length);
    if (body < 0) {
      return;
    }
    boolean written = false;
    try {
      ring.putLong(body, connection);
      ring.putLong(body + 8, index);
      ring.putLong(body + 16, count);
      for (int i = 0; i < count; i++) {
        ring.putChar(body + 24 + 2 * i, route.charAt(i));
      }
      written = true;
    } finally {
      done(written, body, length, ROUTE);
    }
  }

  void upgraded(long connection, long out, long in, int kind) {
    put(UPGRADED, connection, out, in, kind);
  }

  void tcpInfo(long connection, long rttMicros, long retransmits) {
    put(TCP_INFO, connection, rttMicros, retransmits);
  }

  void closed(
      long connection,
      long out,
      long in,
      long lastWrite,
      long lastRead,
      SocketError error,
      long at,
      long understood) {
    put(CLOSED, connection, out, in, lastWrite, lastRead, error.ordinal(), at, understood);
  }

  /**
   * @param ended when the whole message was moved, its last byte with its head's; 0: it is not yet
   */
  void head(
      long connection,
      boolean request,
      Head head,
      long first,
      long finalFirst,
      long ended,
      long next) {
    message(HEAD, connection, request, head, first, finalFirst, ended, next);
  }

  void boundaryUnknown(long connection, boolean request, Head head, long first) {
    message(BOUNDARY_UNKNOWN, connection, request, head, first, first, 0, 0);
  }

  private static final int MESSAGE = 20 * 8;

  private void message(
      int type,
      long connection,
      boolean request,
      Head head,
      long first,
      long finalFirst,
      long ended,
      long next) {
    int text = head.methodLength + head.targetLength + head.hostLength + head.stateLength;
    int length = MESSAGE + text;
    int body = ring.claim(length);
    if (body < 0) {
      return;
    }
    boolean written = false;
    try {
      put(body, connection, request, head, first, finalFirst, ended, next);
      written = true;
    } finally {
      done(written, body, length, type);
    }
  }

  private void put(
      int body,
      long connection,
      boolean request,
      Head head,
      long first,
      long finalFirst,
      long ended,
      long next) {
    ring.putLong(body, connection);
    ring.putLong(body + 8, (request ? REQUEST : 0) | (head.sampled ? SAMPLED : 0));
    ring.putLong(body + 16, head.index);
    ring.putLong(body + 24, head.offset);
    ring.putLong(body + 32, head.finalOffset);
    ring.putLong(body + 40, head.headEnd);
    ring.putLong(body + 48, head.expectedEnd);
    ring.putLong(body + 56, first);
    ring.putLong(body + 64, finalFirst);
    ring.putLong(body + 72, head.status);
    ring.putLong(body + 80, head.minor);
    ring.putLong(body + 88, head.methodLength);
    ring.putLong(body + 96, head.targetLength);
    ring.putLong(body + 104, head.hostLength);
    ring.putLong(body + 112, head.stateLength);
    ring.putLong(body + 120, head.parent);
    ring.putLong(body + 128, head.traceHigh);
    ring.putLong(body + 136, head.traceLow);
    ring.putLong(body + 144, ended);
    ring.putLong(body + 152, next);
    int at = body + MESSAGE;
    ring.putBytes(at, head.text, 0, head.methodLength);
    at += head.methodLength;
    ring.putBytes(at, head.text, head.targetOffset, head.targetLength);
    at += head.targetLength;
    ring.putBytes(at, head.text, head.hostOffset, head.hostLength);
    at += head.hostLength;
    ring.putBytes(at, head.text, head.stateOffset, head.stateLength);
  }

  /** Not for a byte's path: the array is an allocation. Whether there was room. */
  private boolean put(int type, long... fields) {
    int length = fields.length * 8;
    int body = ring.claim(length);
    if (body < 0) {
      return false;
    }
    boolean written = false;
    try {
      for (int i = 0; i < fields.length; i++) {
        ring.putLong(body + 8 * i, fields[i]);
      }
      written = true;
    } finally {
      done(written, body, length, type);
    }
    return true;
  }

  /**
   * What was claimed must be given up in any case: the reader waits for it. A stack may overflow
   * anywhere.
   */
  private void done(boolean written, int body, int length, int type) {
    if (written) {
      ring.publish(body, length, type);
    } else {
      ring.abandon(body, length);
    }
  }

  @Override
  public void record(int type, int body) {
    // Of a call, its span.
    long connection = ring.getLong(body);
    switch (type) {
      case OPENED ->
          to.opened(
              connection,
              field(body, 1) == 0 ? Side.CLIENT : Side.SERVER,
              local(body),
              peer(body),
              field(body, 2),
              field(body, 3),
              field(body, 4),
              field(body, 11));
      case CONNECT_FAILED ->
          to.connectFailed(
              connection,
              local(body),
              peer(body),
              field(body, 2),
              field(body, 3),
              field(body, 4),
              ERRORS[(int) field(body, 1)],
              field(body, 11));
      case CONNECT_FINISHED ->
          to.connectFailed(connection, ERRORS[(int) field(body, 1)], field(body, 2));
      case HEAD -> head(connection, body);
      case BOUNDARY_UNKNOWN -> to.boundaryUnknown(connection, message(body));
      case ENDED ->
          to.messageEnd(
              connection,
              field(body, 1) != 0,
              field(body, 2),
              field(body, 3),
              field(body, 6),
              field(body, 4),
              field(body, 5) != 0);
      case UPGRADED ->
          to.upgraded(
              connection,
              field(body, 1),
              field(body, 2),
              field(body, 3) == HTTP2 ? "http2" : "upgraded",
              field(body, 3) != OPAQUE);
      case TCP_INFO -> to.tcpInfo(connection, field(body, 1), field(body, 2));
      case CLOSED ->
          to.closed(
              connection,
              field(body, 1),
              field(body, 2),
              field(body, 3),
              field(body, 4),
              ERRORS[(int) field(body, 5)],
              field(body, 6),
              field(body, 7));
      case CALL ->
          to.call(
              new Call(
                  connection,
                  field(body, 1),
                  field(body, 2),
                  field(body, 3),
                  field(body, 4) != 0,
                  (int) field(body, 5),
                  field(body, 6),
                  field(body, 7)));
      case RESOLVED -> to.resolved(connection, field(body, 1), field(body, 2));
      case SHOOK -> to.handshake(connection, field(body, 1), field(body, 2));
      case TLS -> to.tls(connection, tls(body));
      case ROUTE -> to.route(connection, field(body, 1), characters(body));
      default -> throw new IllegalStateException("event " + type);
    }
  }

  private void head(long connection, int body) {
    MessageHead head = message(body);
    to.messageHead(connection, head);
    long ended = field(body, 18);
    if (ended != 0) {
      to.messageEnd(
          connection,
          head.request(),
          head.index(),
          head.expectedEnd(),
          field(body, 19),
          ended,
          true);
    }
  }

  private long field(int body, int index) {
    return ring.getLong(body + 8 * index);
  }

  private static final int FACTS = 8;

  private Tls tls(int body) {
    String[] facts = new String[FACTS];
    int at = body + 8 + 8 * FACTS;
    for (int i = 0; i < FACTS; i++) {
      int length = (int) field(body, 1 + i);
      facts[i] = length == 0 ? "" : ring.getText(at, length);
      at += length;
    }
    return new Tls(
        facts[0],
        facts[1],
        facts[2],
        facts[3],
        facts[4].isEmpty() ? Optional.empty() : Optional.of(facts[4].equals("true")),
        facts[6].isEmpty()
            ? Optional.empty()
            : Optional.of(new Tls.Failure(facts[5], facts[6], facts[7])));
  }

  private String characters(int body) {
    char[] route = new char[(int) field(body, 2)];
    for (int i = 0; i < route.length; i++) {
      route[i] = ring.getChar(body + 24 + 2 * i);
    }
    return new String(route);
  }

  private Endpoint local(int body) {
    lastLocal = endpoint(body, 5, lastLocal);
    return lastLocal;
  }

  private Endpoint peer(int body) {
    lastPeer = endpoint(body, 8, lastPeer);
    return lastPeer;
  }

  private Endpoint endpoint(int body, int index, Endpoint last) {
    Endpoint read =
        new Endpoint(field(body, index), field(body, index + 1), (int) field(body, index + 2));
    return read.equals(last) ? last : read;
  }

  private MessageHead message(int body) {
    int at = body + MESSAGE;
    lastMethod = text(body, 0, at, lastMethod);
    at += length(body, 0);
    String target = text(body, 1, at, "");
    at += length(body, 1);
    lastHost = text(body, 2, at, lastHost);
    at += length(body, 2);
    return new MessageHead(
        (field(body, 1) & REQUEST) != 0,
        field(body, 2),
        field(body, 3),
        field(body, 4),
        field(body, 5),
        field(body, 6),
        field(body, 7),
        field(body, 8),
        lastMethod,
        target,
        lastHost,
        (int) field(body, 9),
        (int) field(body, 10),
        field(body, 15),
        field(body, 16),
        field(body, 17),
        (field(body, 1) & SAMPLED) != 0,
        text(body, 3, at, ""));
  }

  private int length(int body, int text) {
    return (int) field(body, 11 + text);
  }

  /** The text of this number, which lies at {@code at}; {@code last}, if it is the same. */
  private String text(int body, int text, int at, String last) {
    int length = length(body, text);
    return length == 0 ? "" : ring.isText(at, length, last) ? last : ring.getText(at, length);
  }
}
