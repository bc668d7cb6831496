package io.httpaudit.http;

/**
 * Finds where HTTP/1.x messages begin and end in one direction of a connection (RFC 9112), from the
 * bytes, in order, in pieces of any size. Knows requests or responses; a response parser asks
 * {@link Requests} for what it answers.
 *
 * <p>No allocation for a byte, none for a message in steady state: what a head needs is pooled, and
 * a parser between messages holds nothing of it.
 *
 * <p>One thread at a time; the two directions of a connection may run on two threads at once.
 */
public final class MessageParser {
  /** Bytes of a chunk's line, or of a trailer section, at the most. */
  private static final int LINE = 64 * 1024;

  // Where the parser is. Between messages:
  private static final byte IDLE = 0;
  private static final byte LEADING_LF = 1;
  private static final byte AWAITING_UPGRADE = 2;
  // In one:
  private static final byte HEAD = 3;
  private static final byte BODY = 4;
  private static final byte UNTIL_CLOSE = 5;
  private static final byte CHUNK_SIZE = 6;
  private static final byte CHUNK_EXTENSION = 7;
  private static final byte CHUNK_SIZE_LF = 8;
  private static final byte CHUNK_DATA = 9;
  private static final byte CHUNK_DATA_CR = 10;
  private static final byte CHUNK_DATA_LF = 11;
  private static final byte TRAILER_START = 12;
  private static final byte TRAILER = 13;
  private static final byte TRAILER_LF = 14;
  private static final byte LAST_LF = 15;
  // For good:
  private static final byte UPGRADED = 16;
  private static final byte UNKNOWN = 17;
  private static final byte SECURED = 18;

  /** A record's first byte, with which TLS begins (RFC 8446, 5.1): no method does. */
  private static final byte HANDSHAKE = 22;

  private static final Pool<MessageParser> COPIES = new Pool<>();

  private Requests requests;

  /** Null: a copy that looks ahead: it tells {@link #requests} alone. */
  private MessageListener listener;

  private boolean ofRequests;

  private byte state;
  private long position;
  private long index;
  private HeadScanner scanner;

  /** Of a body, or of a chunk's data; while the size is read, the size so far. */
  private long remaining;

  /** Of a chunk's line or the trailers. */
  private int line;

  /** Digits of a chunk's size. */
  private byte digits;

  /** Stream position of the message's first byte. */
  private long messageStart;

  /** Whether the last request asks for another protocol. */
  private boolean asksUpgrade;

  private MessageParser() {}

  private MessageParser(boolean ofRequests, Requests requests, MessageListener listener) {
    this.ofRequests = ofRequests;
    this.requests = requests;
    this.listener = listener;
  }

  /** A parser of requests, which tells {@code requests} of each. */
  public static MessageParser ofRequests(Requests requests, MessageListener listener) {
    return new MessageParser(true, requests, listener);
  }

  /** A parser of responses to {@code requests}. */
  public static MessageParser ofResponses(Requests requests, MessageListener listener) {
    return new MessageParser(false, requests, listener);
  }

  /** Messages are counted from {@code index} on. Before the first one. */
  public void countFrom(long index) {
    this.index = index;
  }

  /** How many messages have ended. */
  public long index() {
    return index;
  }

  /** Where TLS begins; -1: nowhere. */
  public long securedAt() {
    return state == SECURED ? messageStart : -1;
  }

  /** Whether of requests; else of responses. */
  public boolean isOfRequests() {
    return ofRequests;
  }

  /** Stream position of the next byte. */
  public long position() {
    return position;
  }

  /** Whether a message is open. */
  private boolean inMessage() {
    return state >= HEAD && state < UPGRADED;
  }

  /**
   * Bytes that may be passed to {@link #skip} unseen: the rest of a body or chunk, or all that
   * comes.
   */
  public long skippable() {
    return switch (state) {
      case BODY, CHUNK_DATA -> remaining;
      case UNTIL_CLOSE, UPGRADED, UNKNOWN, SECURED -> Long.MAX_VALUE;
      default -> 0;
    };
  }

  /** The next {@code count} bytes, at most {@link #skippable()}, unseen. */
  public void skip(long count) {
    position += count;
    if (state != BODY && state != CHUNK_DATA) {
      return;
    }
    remaining -= count;
    if (remaining == 0) {
      if (state == BODY) {
        messageEnds();
      } else {
        state = CHUNK_DATA_CR;
      }
    }
  }

  /** The next bytes. */
  public void parse(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      long skip = Math.min(skippable(), to - at);
      if (skip > 0) {
        skip(skip);
        at += (int) skip;
      } else if (state == HEAD) {
        int scanned = scanner.scan(bytes, at, to);
        position += scanned - at;
        at = scanned;
        headScanned();
      } else if (!ofRequests && position == 0 && requests.isHttp2()) {
        state = UPGRADED;
      } else if (!ofRequests && position == 0 && requests.isTls()) {
        messageStart = position;
        state = SECURED;
      } else if (ofRequests && state == IDLE && position == 0 && bytes[at] == HANDSHAKE) {
        if (!secured()) {
          lost(null);
        }
      } else if (state == IDLE && !(ofRequests && bytes[at] == '\r')) {
        begin(position);
      } else if (state == AWAITING_UPGRADE) {
        afterUpgradeRequest(bytes[at]);
      } else {
        position++;
        step(bytes[at++]);
      }
    }
  }

  /** A byte outside of heads and bodies. */
  private void step(int c) {
    switch (state) {
      case IDLE:
        // RFC 9112 §2.2: an empty line before a request is ignored; it belongs to no message.
        messageStart = position - 1;
        state = LEADING_LF;
        break;
      case LEADING_LF:
        expect(c, '\n', IDLE);
        break;
      case CHUNK_SIZE:
        chunkSize(c);
        break;
      case CHUNK_EXTENSION:
        inLine(c, CHUNK_SIZE_LF);
        break;
      case CHUNK_SIZE_LF:
        expect(c, '\n', remaining > 0 ? CHUNK_DATA : TRAILER_START);
        line = 0;
        break;
      case CHUNK_DATA_CR:
        expect(c, '\r', CHUNK_DATA_LF);
        break;
      case CHUNK_DATA_LF:
        expect(c, '\n', CHUNK_SIZE);
        startChunk();
        break;
      case TRAILER_START:
        state = TRAILER;
        if (c == '\r') {
          state = LAST_LF;
        } else {
          inLine(c, TRAILER_LF);
        }
        break;
      case TRAILER:
        inLine(c, TRAILER_LF);
        break;
      case TRAILER_LF:
        expect(c, '\n', TRAILER_START);
        break;
      case LAST_LF:
        expect(c, '\n', LAST_LF);
        if (state == LAST_LF) {
          messageEnds();
        }
        break;
      default:
        throw new IllegalStateException();
    }
  }

  private void expect(int c, int expected, byte next) {
    if (c == expected) {
      state = next;
    } else {
      lost(null);
    }
  }

  private void startChunk() {
    remaining = 0;
    digits = 0;
    line = 0;
  }

  /** RFC 9112 §7.1: hexadecimal digits, then perhaps white space and extensions. */
  private void chunkSize(int c) {
    int digit = Character.digit(c, 16);
    if (digit >= 0) {
      // Longer than any stream, or zeros without end.
      if (remaining >>> 55 != 0 || ++digits > 32) {
        lost(null);
      } else {
        remaining = remaining << 4 | digit;
      }
    } else if (digits == 0) {
      lost(null);
    } else if (c == '\r') {
      state = CHUNK_SIZE_LF;
    } else if (c == ';' || c == ' ' || c == '\t') {
      state = CHUNK_EXTENSION;
    } else {
      lost(null);
    }
  }

  private void inLine(int c, byte afterCr) {
    if (c == '\r') {
      state = afterCr;
    } else if (c == '\n' || ++line > LINE) {
      lost(null);
    }
  }

  private void begin(long start) {
    messageStart = start;
    next(start);
  }

  /** The next head of the message: a request's, a final response's, or one before that. */
  private void next(long start) {
    scanner = HeadScanner.take(ofRequests, names(), index, start, position);
    state = HEAD;
    if (listener != null) {
      listener.started(position);
    }
  }

  private FieldNames names() {
    if (!ofRequests) {
      return FieldNames.OF_RESPONSES;
    }
    return listener == null ? FieldNames.OF_PREVIEWS : listener.names();
  }

  private void headScanned() {
    switch (scanner.state()) {
      case HeadScanner.DONE:
        scanner.head.headEnd = position;
        if (ofRequests) {
          requestHead();
        } else {
          responseHead();
        }
        break;
      case HeadScanner.FAILED:
        lost(scanner.head);
        break;
      case HeadScanner.HTTP2:
        long start = messageStart;
        release();
        state = UPGRADED;
        // By a preview, too: the server's first frame may be read before the write of the preface
        // returns.
        requests.http2();
        if (listener != null) {
          listener.upgraded(start, true);
        }
        break;
      default:
        break;
    }
  }

  private void requestHead() {
    int kind = scanner.kind();
    if (scanner.faulty()
        || scanner.coded() && !scanner.chunkedLast()
        || !requests.tell(index, kind, listener == null)) {
      lost(scanner.head);
      return;
    }
    asksUpgrade = (kind & (Requests.UPGRADE | Requests.CONNECT)) != 0;
    body(scanner.coded(), Math.max(0, scanner.contentLength()));
  }

  private void responseHead() {
    Head head = scanner.head;
    int kind = requests.kind(index);
    // An answer that nothing asked for frames nothing.
    if (kind == Requests.UNKNOWN || (kind & Requests.ODD) != 0 || scanner.faulty()) {
      lost(head);
      return;
    }
    int status = head.status;
    boolean granted =
        status == 101 && (kind & Requests.UPGRADE) != 0
            || status / 100 == 2 && (kind & Requests.CONNECT) != 0;
    if (status == 101 && !granted) {
      lost(head);
      return;
    }
    if (status / 100 == 1 && !granted) {
      release();
      next(messageStart);
      return;
    }
    if ((kind & (Requests.UPGRADE | Requests.CONNECT)) != 0 && !requests.decide(index, granted)) {
      lost(head);
      return;
    }
    if (listener != null) {
      requests.answer(index);
    }
    if (granted) {
      body(false, 0);
      state = UPGRADED;
      if (listener != null) {
        listener.upgraded(position, false);
      }
    } else if ((kind & Requests.HEAD) != 0 || status == 204 || status == 304) {
      body(false, 0);
    } else if (scanner.coded() && scanner.chunkedLast()) {
      body(true, 0);
    } else if (!scanner.coded() && scanner.contentLength() >= 0) {
      body(false, scanner.contentLength());
    } else {
      tellHead(-1);
      state = UNTIL_CLOSE;
    }
  }

  /** RFC 9112 §6.3, once it is known which rule holds. */
  private void body(boolean chunked, long length) {
    tellHead(chunked ? -1 : position + length);
    if (chunked) {
      state = CHUNK_SIZE;
      startChunk();
    } else if (length > 0) {
      state = BODY;
      remaining = length;
    } else {
      messageEnds();
    }
  }

  private void tellHead(long expectedEnd) {
    scanner.head.expectedEnd = expectedEnd;
    if (listener != null) {
      listener.head(scanner.head);
    }
    release();
  }

  private void release() {
    scanner.release();
    scanner = null;
  }

  private void messageEnds() {
    state = ofRequests && asksUpgrade ? AWAITING_UPGRADE : IDLE;
    if (listener != null) {
      listener.ended(index, position, true);
    }
    index++;
  }

  /** Bytes behind a request for another protocol: what they are, the answer says. */
  private void afterUpgradeRequest(byte first) {
    switch (requests.decision(index - 1)) {
      case Requests.GRANTED:
        if (first == HANDSHAKE && secured()) {
          return;
        }
        state = UPGRADED;
        if (listener != null) {
          listener.upgraded(position, false);
        }
        break;
      case Requests.REFUSED:
        state = IDLE;
        asksUpgrade = false;
        break;
      default:
        messageStart = position;
        lost(null);
    }
  }

  /** Whether TLS begins here: not where the other direction has had bytes already. */
  private boolean secured() {
    messageStart = position;
    if (listener != null && !listener.secured(position)) {
      return false;
    }
    state = SECURED;
    // By a preview, too, as with HTTP/2.
    requests.tls();
    return true;
  }

  /** What began like TLS is none: no HTTP either, or, behind a tunnel's grant, whatever it is. */
  public void notSecured() {
    if (state != SECURED) {
      return;
    }
    if (index == 0) {
      lost(null);
    } else {
      state = UPGRADED;
      listener.upgraded(messageStart, false);
    }
  }

  /** From this message on nothing can be framed. */
  private void lost(Head head) {
    // Behind its head, a request still is what it was told to be.
    boolean told = state > HEAD && state < UPGRADED;
    state = UNKNOWN;
    if (listener != null) {
      if (ofRequests) {
        requests.spoil(told ? index + 1 : index);
      } else {
        requests.forsake();
      }
      if (head != null && ofRequests && index == 0 && !scanner.isRequest()) {
        // No HTTP: it has no method, nor a target.
        head.methodLength = 0;
        head.targetLength = 0;
      }
      Head known = head;
      if (known == null) {
        known = new Head();
        known.index = index;
        known.offset = messageStart;
        known.finalOffset = messageStart;
        known.headEnd = -1;
        known.expectedEnd = -1;
      }
      listener.boundaryUnknown(known, messageStart);
    }
    if (scanner != null) {
      release();
    }
  }

  /** Bytes went by that could not be read: from the message in hand on nothing is certain. */
  public void lose() {
    if (state < UPGRADED) {
      if (!inMessage()) {
        messageStart = position;
      }
      lost(state == HEAD ? scanner.head : null);
    }
  }

  /** A byte went by that is none of a message's. Within one, where this ends is not certain. */
  public void displace() {
    if (inMessage()) {
      lose();
    }
    position++;
  }

  /**
   * No byte will follow, by a FIN or by this side's close: a body that is delimited by that is
   * whole.
   */
  public void end() {
    finish(true);
  }

  /** No byte will follow, by a reset: whatever is open is cut. */
  public void abort() {
    finish(false);
  }

  private void finish(boolean orderly) {
    if (!inMessage()) {
      return;
    }
    boolean whole = orderly && state == UNTIL_CLOSE;
    state = UNKNOWN;
    if (scanner != null) {
      release();
    }
    listener.ended(index, position, whole);
  }

  /**
   * Whether {@link #ahead} has something to tell of a write of {@code length} bytes: a request may
   * begin in it, or an answer to an upgrade.
   */
  public boolean wantsAhead(long length) {
    return ofRequests
        ? state < UPGRADED && skippable() < length
        : state <= HEAD && requests.upgradePending();
  }

  /**
   * A copy that tells {@link Requests} what a write that is about to happen will say, before it
   * does, since its answer may be read before the write returns. This parser is as before; the
   * bytes really written come again by {@link #parse}, and what they then say otherwise is {@code
   * boundaryUnknown}. To be {@link #discard}ed.
   */
  public MessageParser ahead() {
    MessageParser copy = COPIES.take();
    if (copy == null) {
      copy = new MessageParser();
    }
    copy.ofRequests = ofRequests;
    copy.requests = requests;
    copy.state = state;
    copy.position = position;
    copy.index = index;
    copy.remaining = remaining;
    copy.line = line;
    copy.digits = digits;
    copy.messageStart = messageStart;
    copy.asksUpgrade = asksUpgrade;
    copy.scanner = scanner == null ? null : HeadScanner.copyOf(scanner);
    return copy;
  }

  /** Ends a copy. */
  public void discard() {
    if (scanner != null) {
      release();
    }
    requests = null;
    COPIES.give(this);
  }
}
