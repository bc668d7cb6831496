package io.httpaudit.tls;

import java.util.Arrays;

/**
 * Reads the clear part of one direction of a TLS connection: records by their headers (RFC 8446,
 * 5.1; RFC 5246, 6.2.1), and the handshake messages in them until these are encrypted. Of what is
 * encrypted, type and length tell an alert.
 *
 * <p>Bytes come in order, in pieces of any size. One thread at a time; the two directions of a
 * connection may run on two threads at once. Never throws, whatever the bytes are. Bounded: a Hello
 * of more than {@link #LONGEST_HELLO} bytes is not read, and of other messages nothing is kept. No
 * allocation but for a Hello, which is let go once it was read.
 */
public final class HandshakeScanner {
  private static final int LONGEST_HELLO = 1 << 16;

  /** Room for a Hello at first: what its header claims may never come. */
  private static final int USUAL_HELLO = 512;

  /** RFC 5246, 6.2.3: a body is at most 2^14 + 2048 bytes. */
  private static final int LONGEST_BODY = (1 << 14) + 2048;

  private static final int HEADER = 5;
  private static final int MESSAGE_HEADER = 4;

  private static final byte CHANGE_CIPHER_SPEC = 20;
  private static final byte ALERT = 21;
  private static final byte HANDSHAKE = 22;
  private static final byte APPLICATION_DATA = 23;
  private static final byte HEARTBEAT = 24;

  /** Level and description. */
  private static final int CLEAR_ALERT = 2;

  /** An alert with TLS 1.3's inner type and tag, and the same padded as the JDK does. */
  private static final int ALERT13 = CLEAR_ALERT + 1 + 16;

  private static final int PADDED_ALERT13 = ALERT13 + 16;

  private final Handshake of;
  private final boolean client;

  /** Looks at what is about to be written: tells of Hellos alone. */
  private final boolean ahead;

  private long position;

  /** Of the record in hand: its header so far, what is left of its body, whether that is read. */
  private byte headerBytes;

  private byte type;
  private boolean read;
  private int bodyLength;
  private int left;

  /** Of the handshake message in hand, which may go on in the next record. */
  private byte messageBytes;

  private byte messageType;
  private int messageLeft;

  /** What there is of a Hello's body; null: it is no Hello that is in hand. */
  private byte[] hello;

  private int helloBytes;
  private boolean helloTold;

  /** The first byte of an alert whose second isn't there yet; 0: none is in hand. */
  private byte alertLevel;

  /**
   * A ChangeCipherSpec was seen: in TLS 1.2 all behind it is encrypted, in TLS 1.3 it is nothing.
   */
  private boolean changed;

  /** A HelloRetryRequest was seen, which TLS 1.3 alone has. */
  private boolean retried;

  /** All that follows is encrypted as in TLS 1.2: a handshake record can't be read. */
  private boolean sealed;

  private boolean done;
  private boolean failed;

  /**
   * @param client whether it is what the TLS client sends
   */
  public HandshakeScanner(Handshake of, boolean client) {
    this(of, client, false);
  }

  private HandshakeScanner(Handshake of, boolean client, boolean ahead) {
    this.of = of;
    this.client = client;
    this.ahead = ahead;
  }

  /** A copy that looks at a write that is about to happen; this one stays as it is. */
  public HandshakeScanner ahead() {
    HandshakeScanner copy = new HandshakeScanner(of, client, true);
    copy.position = position;
    copy.headerBytes = headerBytes;
    copy.type = type;
    copy.read = read;
    copy.bodyLength = bodyLength;
    copy.left = left;
    copy.messageBytes = messageBytes;
    copy.messageType = messageType;
    copy.messageLeft = messageLeft;
    copy.hello = hello == null ? null : hello.clone();
    copy.helloBytes = helloBytes;
    copy.helloTold = helloTold;
    copy.alertLevel = alertLevel;
    copy.changed = changed;
    copy.retried = retried;
    copy.sealed = sealed;
    copy.done = done;
    copy.failed = failed;
    return copy;
  }

  /** Bytes passed; 0 is the first of the TLS stream in this direction. */
  public long position() {
    return position;
  }

  /** It is no TLS, or bytes of it are missing; nothing more is read. */
  public boolean failed() {
    return failed;
  }

  /** Bytes went by that it is not shown. */
  public void lose() {
    fail();
  }

  /** Bytes that may be passed to {@link #skip} unseen; all that comes: nothing is of interest. */
  public long skippable() {
    if (done || of.isEstablished()) {
      release();
      return Long.MAX_VALUE;
    }
    if (headerBytes < HEADER) {
      return 0;
    }
    if (!read) {
      return left;
    }
    return inSkippedMessage() ? Math.min(left, messageLeft) : 0;
  }

  /** How many bytes are to be passed to {@link #parse}, where none may be skipped. */
  public int wanted() {
    return headerBytes < HEADER ? HEADER - headerBytes : left;
  }

  /** Whether the next byte is of a handshake message of which only the header is read. */
  private boolean inSkippedMessage() {
    return type == HANDSHAKE && messageBytes == MESSAGE_HEADER && hello == null;
  }

  private void release() {
    done = true;
    hello = null;
  }

  /** The next {@code count} bytes, at most {@link #skippable()}, unseen. */
  public void skip(long count) {
    position += count;
    if (done || of.isEstablished()) {
      return;
    }
    if (read) {
      messageLeft -= (int) count;
      endMessage();
    }
    left -= (int) count;
    endBody();
  }

  /** The next bytes. */
  public void parse(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      long skip = Math.min(skippable(), to - at);
      if (skip > 0) {
        skip(skip);
        at += (int) skip;
      } else if (headerBytes < HEADER) {
        header(bytes[at++]);
        position++;
      } else {
        int count = body(bytes, at, Math.min(left, to - at));
        at += count;
        position += count;
        left -= count;
        endBody();
      }
    }
  }

  private void endBody() {
    if (left == 0) {
      headerBytes = 0;
    }
  }

  private void endMessage() {
    if (messageLeft == 0) {
      messageBytes = 0;
    }
  }

  private void fail() {
    failed = true;
    release();
  }

  private void header(byte b) {
    switch (headerBytes++) {
      case 0 -> {
        type = b;
        if (b < CHANGE_CIPHER_SPEC || b > HEARTBEAT) {
          fail();
        }
      }
      case 1 -> {
        if (b != 3) {
          fail();
        }
      }
      case 3 -> bodyLength = (b & 0xFF) << 8;
      case 4 -> {
        bodyLength |= b & 0xFF;
        left = bodyLength;
        if (bodyLength > LONGEST_BODY) {
          fail();
        } else {
          record();
          endBody();
        }
      }
      default -> {
        // The minor version, of which RFC 8446, 5.1 says: ignore it.
      }
    }
  }

  /** A record's header is whole. */
  private void record() {
    read = false;
    switch (type) {
      case CHANGE_CIPHER_SPEC -> {
        // No message goes on behind it (RFC 8446, 5.1).
        messageBytes = 0;
        hello = null;
        changed = true;
        if (!ahead) {
          of.changeCipherSpec(client);
        }
      }
      case ALERT -> {
        // No cipher makes two bytes of two.
        read = bodyLength == CLEAR_ALERT || !changed || isTls13();
        if (!read && !ahead) {
          of.encryptedAlert(client);
        }
      }
      case HANDSHAKE -> {
        sealed |= changed && of.isTls12();
        read = !sealed;
      }
      case APPLICATION_DATA -> {
        if (!ahead) {
          of.encrypted(client, bodyLength == ALERT13 || bodyLength == PADDED_ALERT13);
        }
      }
      default -> {
        // A heartbeat.
      }
    }
  }

  /** Reads at most {@code count} bytes of a record's body; says how many. */
  private int body(byte[] bytes, int at, int count) {
    if (type == ALERT) {
      alert(bytes[at]);
      return 1;
    }
    if (messageBytes < MESSAGE_HEADER) {
      messageHeader(bytes[at]);
      return 1;
    }
    int piece = Math.min(count, messageLeft);
    gather(bytes, at, piece);
    return piece;
  }

  private void alert(byte b) {
    if (alertLevel == 0) {
      alertLevel = b;
      return;
    }
    if (!ahead) {
      of.alert(client, alertLevel, b & 0xFF);
    }
    alertLevel = 0;
  }

  private void messageHeader(byte b) {
    switch (messageBytes++) {
      case 0 -> messageType = b;
      case 1 -> messageLeft = (b & 0xFF) << 16;
      case 2 -> messageLeft |= (b & 0xFF) << 8;
      default -> {
        messageLeft |= b & 0xFF;
        begin();
      }
    }
  }

  /**
   * Whether a handshake record may be encrypted: a client's ChangeCipherSpec was seen before its
   * server's Hello, since these are two threads'. If that chooses TLS 1.3, the record holds the
   * second ClientHello, which repeats the first one's random.
   */
  private boolean isDoubtful() {
    return changed && !isTls13();
  }

  private boolean isTls13() {
    return retried || of.isTls13();
  }

  private void seal() {
    sealed = true;
    read = false;
    messageBytes = 0;
    hello = null;
  }

  /** A message's header is whole. */
  private void begin() {
    boolean isHello = messageType == (client ? Messages.CLIENT_HELLO : Messages.SERVER_HELLO);
    if (isDoubtful() && !(client && isHello && messageLeft <= LONGEST_HELLO)) {
      seal();
    } else if (!isHello) {
      if (!ahead) {
        of.message(client, messageType);
      }
      endMessage();
    } else if (messageLeft > LONGEST_HELLO) {
      fail();
    } else {
      hello = new byte[Math.min(messageLeft, USUAL_HELLO)];
      helloBytes = 0;
      helloTold = false;
      if (messageLeft == 0) {
        endHello();
      }
    }
  }

  private void gather(byte[] bytes, int from, int count) {
    if (helloBytes + count > hello.length) {
      int whole = helloBytes + messageLeft;
      hello = Arrays.copyOf(hello, Math.min(whole, Math.max(helloBytes + count, 2 * hello.length)));
    }
    System.arraycopy(bytes, from, hello, helloBytes, count);
    helloBytes += count;
    messageLeft -= count;
    if (!helloTold && helloBytes >= Hello.RANDOM_END) {
      tellRandom();
    }
    if (hello != null && messageLeft == 0) {
      endHello();
    }
  }

  /** The random is told as soon as it is there, the rest with the whole message. */
  private void tellRandom() {
    helloTold = true;
    if (isDoubtful() && !of.isOfFirstClientHello(hello)) {
      seal();
    } else if (!client && Hello.isRetry(hello)) {
      retried = true;
      if (!ahead) {
        of.helloRetryRequest();
      }
    } else if (ahead) {
      of.tell(client, hello);
    } else {
      of.hello(client, hello);
    }
  }

  private void endHello() {
    if (helloTold) {
      if (client || !Hello.isRetry(hello)) {
        tellHello(Hello.of(client, hello, helloBytes));
      }
    } else if (!ahead) {
      // Too short to be one, but that is what it says it is.
      of.message(client, messageType);
    }
    hello = null;
    messageBytes = 0;
  }

  private void tellHello(Hello whole) {
    if (ahead) {
      of.foretold(whole);
      release();
    } else if (client) {
      of.clientHello(whole);
    } else {
      of.serverHello(whole);
    }
  }
}
