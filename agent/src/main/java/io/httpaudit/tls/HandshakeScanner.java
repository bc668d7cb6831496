package io.httpaudit.tls;

import java.util.Arrays;

/**
 * Reads the clear part of one direction of a TLS connection: records by their headers (RFC 8446,
 * 5.1; RFC 5246, 6.2.1), and the handshake messages in them until these are encrypted. Of what is
 * encrypted, the lengths tell an alert from a Finished.
 *
 * <p>Bytes come in order, in pieces of any size. One thread at a time; the two directions of a
 * connection may run on two threads at once. Bounded: a Hello of more than {@link #LONGEST_HELLO}
 * bytes is not read. When nothing more is of interest, it holds nothing.
 */
public final class HandshakeScanner {
  private static final int LONGEST_HELLO = 1 << 16;

  /** RFC 5246, 6.2.3: a body is at most 2^14 + 2048 bytes. */
  private static final int LONGEST_BODY = (1 << 14) + 2048;

  private static final int HEADER = 5;
  private static final int MESSAGE_HEADER = 4;
  private static final int RANDOM = MESSAGE_HEADER + 2;
  private static final int CHANGE_CIPHER_SPEC = 20;
  private static final int ALERT = 21;
  private static final int HANDSHAKE = 22;
  private static final int APPLICATION_DATA = 23;
  private static final int HEARTBEAT = 24;
  private static final int CLIENT_HELLO = 1;
  private static final int SERVER_HELLO = 2;
  private static final int CERTIFICATE = 11;
  private static final int SERVER_HELLO_DONE = 14;
  private static final int FATAL = 2;

  /** An alert with TLS 1.3's inner type and tag, and the same padded as the JDK does. */
  private static final int ALERT13 = 2 + 1 + 16;

  private static final int PADDED_ALERT13 = ALERT13 + 16;

  private static final byte[] NOTHING = {};

  private final Handshake of;
  private final boolean client;

  /** Looks at what is about to be written: tells of Hellos alone. */
  private final boolean ahead;

  private long position;

  /** Of the record in hand: its header so far, and what is left of its body. */
  private int headerBytes;

  private int type;
  private int bodyLength;
  private int left;

  /** Of the handshake message in hand: its header and, if it is a Hello, all of it so far. */
  private byte[] message = NOTHING;

  private int messageBytes;
  private int messageLength;
  private boolean helloTold;
  private boolean encrypted;
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
    copy.bodyLength = bodyLength;
    copy.left = left;
    copy.message = message.clone();
    copy.messageBytes = messageBytes;
    copy.messageLength = messageLength;
    copy.helloTold = helloTold;
    copy.encrypted = encrypted;
    copy.done = done;
    copy.failed = failed;
    return copy;
  }

  /** Bytes passed; 0 is the first of the TLS stream in this direction. */
  public long position() {
    return position;
  }

  /** It is no TLS; nothing more is read. */
  public boolean failed() {
    return failed;
  }

  /** Bytes that may be passed to {@link #skip} unseen; all that comes: nothing is of interest. */
  public long skippable() {
    if (done || of.isEstablished()) {
      release();
      return Long.MAX_VALUE;
    }
    return headerBytes == HEADER && !isRead() ? left : 0;
  }

  private void release() {
    done = true;
    message = NOTHING;
  }

  /** Whether the body in hand is to be read. */
  private boolean isRead() {
    return !encrypted && (type == HANDSHAKE || type == ALERT);
  }

  public void skip(long count) {
    position += count;
    if (!done) {
      left -= (int) count;
      endBody();
    }
  }

  public void parse(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      long skip = Math.min(skippable(), to - at);
      if (skip > 0) {
        skip(skip);
        at += (int) skip;
      } else if (headerBytes < HEADER) {
        header(bytes[at++] & 0xFF);
        position++;
      } else {
        int piece = Math.min(left, to - at);
        body(bytes, at, piece);
        at += piece;
        position += piece;
        left -= piece;
        endBody();
      }
    }
  }

  private void endBody() {
    if (left == 0) {
      headerBytes = 0;
    }
  }

  private void fail() {
    failed = true;
    release();
  }

  private void header(int b) {
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
      case 3 -> bodyLength = b << 8;
      case 4 -> {
        bodyLength |= b;
        left = bodyLength;
        if (bodyLength > LONGEST_BODY) {
          fail();
        } else {
          record();
        }
      }
      default -> {
        // The minor version, of which RFC 8446, 5.1 says: ignore it.
      }
    }
  }

  /** A record's header is whole. */
  private void record() {
    if (ahead) {
      endBody();
      return;
    }
    if (type == CHANGE_CIPHER_SPEC && !of.isTls13()) {
      // RFC 8446, D.4: in TLS 1.3 it means nothing.
      encrypted = true;
      of.message(client, "change_cipher_spec");
      if (!client) {
        of.serverWentOn(false);
      }
    } else if (type == APPLICATION_DATA) {
      encrypted = true;
      if (bodyLength == ALERT13 || bodyLength == PADDED_ALERT13) {
        of.alert(client, "");
      }
    } else if (type == ALERT && encrypted) {
      of.alert(client, "");
    }
    endBody();
  }

  private void body(byte[] bytes, int from, int count) {
    if (type == ALERT) {
      alert(bytes, from, count);
      return;
    }
    int at = from;
    int to = from + count;
    while (at < to && !done) {
      if (messageBytes < MESSAGE_HEADER) {
        append(bytes, at++, 1);
        if (messageBytes == MESSAGE_HEADER) {
          begin();
        }
      } else {
        int piece = Math.min(messageLength - messageBytes, to - at);
        if (isHello()) {
          append(bytes, at, piece);
          tellHello();
        } else {
          messageBytes += piece;
        }
        at += piece;
      }
      if (messageBytes >= MESSAGE_HEADER && messageBytes == messageLength) {
        end();
      }
    }
  }

  private void append(byte[] bytes, int from, int count) {
    if (messageBytes + count > message.length) {
      message = Arrays.copyOf(message, Math.max(messageBytes + count, 2 * message.length));
    }
    System.arraycopy(bytes, from, message, messageBytes, count);
    messageBytes += count;
  }

  private boolean isHello() {
    return message[0] == (client ? CLIENT_HELLO : SERVER_HELLO);
  }

  /** A message's header is whole. */
  private void begin() {
    messageLength =
        MESSAGE_HEADER + ((message[1] & 0xFF) << 16 | (message[2] & 0xFF) << 8 | message[3] & 0xFF);
    if (isHello() && messageLength > LONGEST_HELLO) {
      fail();
      return;
    }
    helloTold = false;
    if (!ahead) {
      String name = Messages.name(message[0]);
      if (!name.isEmpty()) {
        of.message(client, name);
      }
      if (!client && message[0] >= CERTIFICATE && message[0] <= SERVER_HELLO_DONE) {
        of.serverWentOn(true);
      }
    }
  }

  /** The random is told as soon as it is there, the rest with the whole message. */
  private void tellHello() {
    if (helloTold || messageBytes < RANDOM + Hello.RANDOM_BYTES) {
      return;
    }
    helloTold = true;
    if (!Hello.isRetry(message, RANDOM)) {
      of.hello(client, message, RANDOM);
    } else if (!ahead) {
      of.retried();
    }
  }

  private void end() {
    if (!ahead && isHello()) {
      Hello hello = new Hello(message, messageLength);
      if (client) {
        of.clientHello(hello.serverName(), hello.sessionId());
      } else if (!Hello.isRetry(message, RANDOM)) {
        of.serverHello(
            hello.version(), hello.suite(), hello.alpn(), hello.sessionId(), hello.preSharedKey());
      }
    }
    messageBytes = 0;
    messageLength = 0;
    message = NOTHING;
  }

  private void alert(byte[] bytes, int from, int count) {
    if (ahead) {
      return;
    }
    // Level and description, in one piece or two.
    if (count == 1 && left == 2) {
      message = new byte[] {bytes[from]};
      return;
    }
    int level = count == 1 ? (message.length == 1 ? message[0] : 0) : bytes[from];
    int description = bytes[from + count - 1] & 0xFF;
    if (count <= 2 && left <= 2 && level == FATAL) {
      of.alert(client, Messages.alert(description));
    }
    message = NOTHING;
  }
}
