package io.httpaudit.http;

import java.util.Arrays;

/**
 * Reads one head, request line or status line and fields (RFC 9112 §§2–6), in pieces of any size.
 * Keeps the few parts that {@link Head} has; every other field is looked at byte by byte, and
 * forgotten.
 *
 * <p>Pooled: about 900 bytes, held by a parser only from the first byte of a head to its last.
 */
final class HeadScanner {
  /** Of a head, from its first byte to the empty line's last. INTERFACE.md, Verdicts. */
  static final int MOST = 64 * 1024;

  /** A Content-Length beyond is none: a stream position plus this is still a position. */
  private static final long MOST_LENGTH = 1_000_000_000_000_000_000L;

  private static final int TEXT = 512;

  /** A larger text is not worth keeping. */
  private static final int POOLED_TEXT = 4096;

  // Where the scanner is.
  private static final int METHOD = 0;
  private static final int TARGET = 1;
  private static final int VERSION = 2;
  private static final int FIRST_LINE_CR = 3;
  private static final int STATUS = 4;
  private static final int REASON = 5;
  private static final int LINE_LF = 6;
  private static final int LINE_START = 7;
  private static final int NAME = 8;
  private static final int OTHER_NAME = 9;
  private static final int VALUE = 10;
  private static final int LAST_LF = 11;
  private static final int PREFACE = 12;
  static final int DONE = 13;
  static final int FAILED = 14;
  static final int HTTP2 = 15;

  // Fields that mean something here.
  private static final int NONE = -1;
  private static final int OTHER = FieldNames.OTHER;
  private static final int CONTENT_LENGTH = FieldNames.CONTENT_LENGTH;
  private static final int TRANSFER_ENCODING = FieldNames.TRANSFER_ENCODING;
  private static final int UPGRADE = FieldNames.UPGRADE;
  private static final int HOST = FieldNames.HOST;
  private static final int KEPT = FieldNames.KEPT;

  /** Of a list: W3C Baggage, 3.3.2 asks for so many bytes. */
  private static final int LONGEST_LIST = 8192;

  /** How often a field may go on with a list that began before, in one head. */
  private static final int MOST_JOINED = 16;

  private static final byte[] HTTP_1 = ascii("HTTP/1.");

  /** Bytes of {@code HTTP/}. */
  private static final int PROTOCOL = 5;

  private static final byte[] HTTP_2 = ascii("HTTP/2.0\r\n\r\nSM\r\n\r\n");
  private static final byte[] CHUNKED = ascii("chunked");
  private static final byte[] COMMA = {','};

  /** RFC 9110 §5.6.2: a token's characters, in lower case; 0: not one. */
  private static final byte[] TOKEN = new byte[256];

  static {
    for (byte c : ascii("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")) {
      TOKEN[c] = c;
    }
    for (int c = 'A'; c <= 'Z'; c++) {
      TOKEN[c] = (byte) (c + 'a' - 'A');
    }
  }

  /** IANA's registry (RFC 9110 §16.1.1), but for the rarest. */
  private static final byte[][] METHODS = {
    ascii("GET"),
    ascii("HEAD"),
    ascii("POST"),
    ascii("PUT"),
    ascii("DELETE"),
    ascii("CONNECT"),
    ascii("OPTIONS"),
    ascii("TRACE"),
    ascii("PATCH"),
    ascii("QUERY"),
    ascii("PROPFIND"),
    ascii("PROPPATCH"),
    ascii("MKCOL"),
    ascii("COPY"),
    ascii("MOVE"),
    ascii("LOCK"),
    ascii("UNLOCK"),
    ascii("REPORT"),
  };

  private static final Pool<HeadScanner> POOL = new Pool<>();

  final Head head = new Head();

  /** How much of {@link Head#text} is in use. */
  private int used;

  /** Bytes of this head so far. */
  private int length;

  private int state;
  private boolean request;

  /** How much of a word that is expected was read. */
  private int at;

  /** The field that the current line, and those folded into it, belong to. */
  private int field;

  /** While its name is read: which of {@link #names} it is so far. */
  private int candidate;

  private FieldNames names;

  /** Where the current field's value begins in {@link Head#text}, or -1 if it isn't kept. */
  private int value;

  /** Where this line's part of it does: behind a comma, if others came before. */
  private int part;

  private int joined;

  // Content-Length: RFC 9112 §6.3, rule 5.
  private static final int BEFORE_DIGITS = 0;
  private static final int DIGITS = 1;
  private static final int AFTER_DIGITS = 2;
  private int lengthState;
  private long number;
  private long contentLength;
  private boolean badLength;

  // Transfer-Encoding: RFC 9112 §6.1, RFC 9110 §10.1.4.
  private static final int BEFORE_CODING = 0;
  private static final int CODING = 1;
  private static final int AFTER_CODING = 2;
  private static final int PARAMETER = 3;
  private static final int QUOTED = 4;
  private static final int ESCAPED = 5;
  private int codingState;
  private boolean coded;
  private boolean chunkedLast;
  private boolean badCoding;

  private boolean upgrade;

  /** {@code HTTP/} was read. */
  private boolean protocol;

  private boolean kept;

  private HeadScanner() {
    head.text = new byte[TEXT];
  }

  static byte[] ascii(String text) {
    byte[] bytes = new byte[text.length()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) text.charAt(i);
    }
    return bytes;
  }

  /** A scanner at the first byte of a head. */
  static HeadScanner take(
      boolean request, FieldNames names, long index, long offset, long finalOffset) {
    HeadScanner scanner = POOL.take();
    if (scanner == null) {
      scanner = new HeadScanner();
    }
    scanner.reset(request);
    scanner.names = names;
    scanner.head.index = index;
    scanner.head.offset = offset;
    scanner.head.finalOffset = finalOffset;
    return scanner;
  }

  /** A scanner in {@code from}'s state. */
  static HeadScanner copyOf(HeadScanner from) {
    Head head = from.head;
    HeadScanner copy = take(from.request, from.names, head.index, head.offset, head.finalOffset);
    copy.ensure(from.used);
    System.arraycopy(head.text, 0, copy.head.text, 0, from.used);
    copy.used = from.used;
    copy.head.methodLength = head.methodLength;
    copy.head.targetOffset = head.targetOffset;
    copy.head.targetLength = head.targetLength;
    copy.head.hostOffset = head.hostOffset;
    copy.head.hostLength = head.hostLength;
    if (from.kept) {
      copy.kept = true;
      System.arraycopy(head.keptOffsets, 0, copy.head.keptOffsets, 0, head.keptOffsets.length);
      System.arraycopy(head.keptLengths, 0, copy.head.keptLengths, 0, head.keptLengths.length);
    }
    copy.head.status = head.status;
    copy.head.minor = head.minor;
    copy.length = from.length;
    copy.state = from.state;
    copy.at = from.at;
    copy.field = from.field;
    copy.candidate = from.candidate;
    copy.value = from.value;
    copy.part = from.part;
    copy.joined = from.joined;
    copy.lengthState = from.lengthState;
    copy.number = from.number;
    copy.contentLength = from.contentLength;
    copy.badLength = from.badLength;
    copy.codingState = from.codingState;
    copy.coded = from.coded;
    copy.chunkedLast = from.chunkedLast;
    copy.badCoding = from.badCoding;
    copy.upgrade = from.upgrade;
    copy.protocol = from.protocol;
    return copy;
  }

  /**
   * Back to the pool, without what was read: a target may hold a secret. The caller forgets this
   * scanner.
   */
  void release() {
    Arrays.fill(head.text, 0, used, (byte) 0);
    used = 0;
    if (head.text.length <= POOLED_TEXT) {
      POOL.give(this);
    }
  }

  private void reset(boolean ofRequest) {
    request = ofRequest;
    state = ofRequest ? METHOD : VERSION;
    length = 0;
    at = 0;
    field = NONE;
    value = -1;
    number = 0;
    contentLength = -1;
    badLength = false;
    coded = false;
    chunkedLast = false;
    badCoding = false;
    upgrade = false;
    protocol = false;
    joined = 0;
    head.methodLength = 0;
    head.targetOffset = 0;
    head.targetLength = 0;
    head.hostOffset = 0;
    head.hostLength = 0;
    head.parent = 0;
    head.stateLength = 0;
    head.baggageLength = 0;
    if (kept) {
      kept = false;
      Arrays.fill(head.keptOffsets, 0);
      Arrays.fill(head.keptLengths, 0);
    }
    head.status = 0;
    head.minor = -1;
    head.headEnd = -1;
    head.expectedEnd = -1;
  }

  /** DONE, FAILED, HTTP2, or anything else while the head goes on. */
  int state() {
    return state;
  }

  /** Content-Length, -1: none. */
  long contentLength() {
    return contentLength;
  }

  /** Whether there is a Transfer-Encoding. */
  boolean coded() {
    return coded;
  }

  /** Whether the last transfer coding is chunked. */
  boolean chunkedLast() {
    return chunkedLast;
  }

  /** Whether the fields leave open where the message ends, whatever it is. */
  boolean faulty() {
    // RFC 9112 §6.1: of an HTTP/1.0 message with Transfer-Encoding the framing is faulty.
    return badLength || badCoding || coded && (contentLength >= 0 || head.minor == 0);
  }

  /**
   * Whether a request that can't be read is one all the same: as far as {@code HTTP/}, or by its
   * method. Mail, FTP and others begin with a line of words, too.
   */
  boolean isRequest() {
    if (protocol) {
      return true;
    }
    for (byte[] method : METHODS) {
      if (Arrays.equals(head.text, 0, head.methodLength, method, 0, method.length)) {
        return true;
      }
    }
    return false;
  }

  /** What the response parser has to know of this request. */
  int kind() {
    int kind = upgrade ? Requests.UPGRADE : 0;
    byte[] text = head.text;
    if (head.methodLength == 4 && lower(text, "head")) {
      kind |=
          text[0] == 'H' && text[1] == 'E' && text[2] == 'A' && text[3] == 'D'
              ? Requests.HEAD
              : Requests.ODD;
    } else if (head.methodLength == 7 && lower(text, "connect")) {
      kind |= Requests.CONNECT;
      for (int i = 0; i < 7; i++) {
        if (text[i] > 'Z') {
          kind |= Requests.ODD;
        }
      }
    }
    return kind;
  }

  private static boolean lower(byte[] text, String word) {
    for (int i = 0; i < word.length(); i++) {
      if (TOKEN[text[i] & 0xff] != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Reads on, to the end of the head or of the bytes.
   *
   * @return how far: {@code to} unless the head is done, or failed
   */
  int scan(byte[] bytes, int from, int to) {
    int limit = Math.min(to, from + (MOST - length));
    int p = from;
    int s = state;
    while (p < limit && s < DONE) {
      int c = bytes[p];
      switch (s) {
        case LINE_START:
          if (TOKEN[c & 0xff] != 0) {
            endField();
            s = startName(TOKEN[c]);
            p++;
          } else if (c == '\r') {
            endField();
            s = LAST_LF;
            p++;
          } else if ((c == ' ' || c == '\t') && field != NONE) {
            // obs-fold: the line goes on, as after a space.
            if (field != OTHER) {
              feed(bytes, p, p + 1);
            }
            s = VALUE;
            p++;
          } else {
            s = FAILED;
          }
          break;

        case NAME:
          {
            byte[] name = names.names[candidate];
            int lower = 0;
            while (p < limit
                && (lower = TOKEN[bytes[p] & 0xff]) != 0
                && at < name.length
                && name[at] == lower) {
              at++;
              p++;
            }
            if (p == limit) {
              break;
            }
            if (lower == 0) {
              if (bytes[p] != ':') {
                s = FAILED;
              } else {
                field = at == name.length ? names.fields[candidate] : OTHER;
                p++;
                startValue();
                s = VALUE;
              }
            } else {
              candidate = names.other(candidate, at, lower);
              if (candidate < 0) {
                s = OTHER_NAME;
              }
            }
            break;
          }

        case OTHER_NAME:
          while (p < limit && TOKEN[bytes[p] & 0xff] != 0) {
            p++;
          }
          if (p < limit) {
            s = bytes[p++] == ':' ? VALUE : FAILED;
          }
          break;

        case VALUE:
        case REASON:
          {
            int q = p;
            while (q < limit && ((bytes[q] - '\n') & 0xff) > '\r' - '\n') {
              q++;
            }
            // Vertical tab and form feed lie between LF and CR.
            if (q < limit && bytes[q] != '\r' && bytes[q] != '\n') {
              q++;
              c = 0;
            } else {
              c = q < limit ? bytes[q] : 0;
            }
            if (s == VALUE && field != OTHER) {
              feed(bytes, p, q);
            }
            p = q;
            if (c == '\r') {
              p++;
              s = LINE_LF;
            } else if (c == '\n') {
              s = FAILED;
            }
            break;
          }

        case LINE_LF:
          s = c == '\n' ? LINE_START : FAILED;
          p++;
          break;

        case LAST_LF:
          s = c == '\n' ? DONE : FAILED;
          p++;
          break;

        case METHOD:
          {
            int q = p;
            while (q < limit && TOKEN[bytes[q] & 0xff] != 0) {
              q++;
            }
            append(bytes, p, q);
            p = q;
            if (p < limit) {
              if (bytes[p++] == ' ' && used > 0) {
                head.methodLength = used;
                s = TARGET;
              } else {
                s = FAILED;
              }
            }
            break;
          }

        case TARGET:
          {
            // More than RFC 3986 allows: raw UTF-8 is sent, and ambiguous is only white space.
            int q = p;
            while (q < limit && (bytes[q] & 0xff) > ' ' && bytes[q] != 0x7f) {
              q++;
            }
            append(bytes, p, q);
            p = q;
            if (p < limit) {
              if (bytes[p++] == ' ' && used > head.methodLength) {
                head.targetOffset = head.methodLength;
                head.targetLength = used - head.methodLength;
                s = VERSION;
              } else {
                s = FAILED;
              }
            }
            break;
          }

        case VERSION:
          if (at < HTTP_1.length) {
            if (c == HTTP_1[at]) {
              protocol |= ++at == PROTOCOL;
            } else {
              s = at == PROTOCOL && c == '2' && isPreface() ? PREFACE : FAILED;
              at = 6;
            }
          } else if (c >= '0' && c <= '9') {
            head.minor = c - '0';
            at = 0;
            s = request ? FIRST_LINE_CR : STATUS;
          } else {
            s = FAILED;
          }
          p++;
          break;

        case FIRST_LINE_CR:
          s = c == '\r' ? LINE_LF : FAILED;
          p++;
          break;

        case STATUS:
          s = status(c);
          p++;
          break;

        case PREFACE:
          if (c != HTTP_2[at++]) {
            s = FAILED;
          } else if (at == HTTP_2.length) {
            s = HTTP2;
          }
          p++;
          break;

        default:
          throw new IllegalStateException();
      }
    }
    length += p - from;
    state = s < DONE && length >= MOST ? FAILED : s;
    return p;
  }

  /** SP, three digits, then SP or, as some send it, the line's end. */
  private int status(int c) {
    if (at == 0) {
      at = 1;
      return c == ' ' ? STATUS : FAILED;
    }
    if (at <= 3) {
      if (c < (at == 1 ? '1' : '0') || c > '9') {
        return FAILED;
      }
      number = number * 10 + (c - '0');
      at++;
      return STATUS;
    }
    if (c != ' ' && c != '\r') {
      return FAILED;
    }
    head.status = (int) number;
    return c == ' ' ? REASON : LINE_LF;
  }

  private boolean isPreface() {
    byte[] text = head.text;
    return request
        && head.offset == 0
        && used == 4
        && text[0] == 'P'
        && text[1] == 'R'
        && text[2] == 'I'
        && text[3] == '*'
        && head.methodLength == 3;
  }

  private int startName(int lower) {
    at = 1;
    field = OTHER;
    candidate = names.first(lower);
    return candidate < 0 ? OTHER_NAME : NAME;
  }

  private void startValue() {
    value = -1;
    switch (field) {
      case CONTENT_LENGTH:
        lengthState = BEFORE_DIGITS;
        number = 0;
        break;
      case TRANSFER_ENCODING:
        coded = true;
        codingState = BEFORE_CODING;
        break;
      case UPGRADE:
        upgrade = true;
        field = OTHER;
        break;
      case HOST:
        // Of several the first; never at 0: the method is there.
        if (head.hostOffset == 0) {
          value = used;
          part = used;
        } else {
          field = OTHER;
        }
        break;
      default:
        if (field >= KEPT) {
          keep(field - KEPT);
        }
        break;
    }
  }

  private void keep(int slot) {
    kept = true;
    int before = head.keptLengths[slot];
    if (before == 0 && (head.keptOffsets[slot] == 0 || KeptField.ALL[slot].list)) {
      value = used;
      part = used;
    } else if (before > 0 && KeptField.ALL[slot].list && joined < MOST_JOINED) {
      join(head.keptOffsets[slot], before);
    } else {
      // W3C Trace Context, 3.2: of two nobody knows which holds.
      head.keptLengths[slot] = -1;
      field = OTHER;
    }
  }

  /** The list goes on: it is moved behind what came since, if anything did. */
  private void join(int from, int count) {
    joined++;
    value = from;
    if (from + count != used) {
      ensure(used + count);
      System.arraycopy(head.text, from, head.text, used, count);
      value = used;
      used += count;
    }
    append(COMMA, 0, 1);
    part = used;
  }

  private void feed(byte[] bytes, int from, int to) {
    if (field == CONTENT_LENGTH) {
      for (int p = from; p < to; p++) {
        feedLength(bytes[p]);
      }
    } else if (field == TRANSFER_ENCODING) {
      for (int p = from; p < to; p++) {
        feedCoding(bytes[p]);
      }
    } else if (value >= 0) {
      int p = from;
      if (used == part) {
        while (p < to && isSpace(bytes[p])) {
          p++;
        }
      }
      append(bytes, p, to);
    }
  }

  private static boolean isSpace(int c) {
    return c == ' ' || c == '\t';
  }

  private void feedLength(int c) {
    if (c >= '0' && c <= '9') {
      if (lengthState == AFTER_DIGITS || number >= MOST_LENGTH / 10) {
        badLength = true;
      } else {
        number = number * 10 + (c - '0');
        lengthState = DIGITS;
      }
    } else if (isSpace(c)) {
      if (lengthState == DIGITS) {
        lengthState = AFTER_DIGITS;
      }
    } else if (c == ',') {
      endNumber();
    } else {
      badLength = true;
    }
  }

  /** One of {@code 5, 5}: equal ones are as good as one. */
  private void endNumber() {
    if (lengthState == BEFORE_DIGITS || contentLength >= 0 && contentLength != number) {
      badLength = true;
    } else {
      contentLength = number;
    }
    lengthState = BEFORE_DIGITS;
    number = 0;
  }

  private void feedCoding(int c) {
    switch (codingState) {
      case BEFORE_CODING:
        if (c == ',' || isSpace(c)) {
          break; // RFC 9110 §5.6.1.2: empty elements are ignored.
        }
        codingState = CODING;
        at = 0;
        feedCodingName(c);
        break;
      case CODING:
        if (c == ',' || c == ';' || isSpace(c)) {
          codingState = AFTER_CODING;
          endCodingName(c);
        } else {
          feedCodingName(c);
        }
        break;
      case AFTER_CODING:
        endCodingName(c);
        break;
      case PARAMETER:
        if (c == ',') {
          codingState = BEFORE_CODING;
        } else if (c == '"') {
          codingState = QUOTED;
        }
        break;
      case QUOTED:
        if (c == '"') {
          codingState = PARAMETER;
        } else if (c == '\\') {
          codingState = ESCAPED;
        }
        break;
      default:
        codingState = QUOTED;
    }
  }

  private void feedCodingName(int c) {
    int lower = TOKEN[c & 0xff];
    if (lower == 0) {
      badCoding = true;
    }
    at = at >= 0 && at < CHUNKED.length && CHUNKED[at] == lower ? at + 1 : -1;
    chunkedLast = at == CHUNKED.length;
  }

  private void endCodingName(int c) {
    if (c == ',') {
      codingState = BEFORE_CODING;
    } else if (c == ';') {
      codingState = PARAMETER;
      if (chunkedLast) {
        badCoding = true; // RFC 9112 §7.1: chunked has no parameters.
      }
    } else if (!isSpace(c)) {
      badCoding = true;
    }
  }

  /** The field before this line is whole: no further line is folded into it. */
  private void endField() {
    switch (field) {
      case CONTENT_LENGTH:
        endNumber();
        break;
      case TRANSFER_ENCODING:
        if (codingState >= QUOTED) {
          badCoding = true;
        }
        break;
      case HOST:
        head.hostOffset = value;
        head.hostLength = trimmed();
        break;
      default:
        if (field >= KEPT) {
          endKept(field - KEPT);
        }
        break;
    }
  }

  private void endKept(int slot) {
    int length = trimmed();
    if (part > value && used == part) {
      // Nothing stands behind the comma.
      length--;
    }
    used = value + length;
    head.keptOffsets[slot] = value;
    head.keptLengths[slot] = length > LONGEST_LIST ? -1 : length;
  }

  /** Without the white space at the end. */
  private int trimmed() {
    while (used > part && isSpace(head.text[used - 1])) {
      used--;
    }
    return used - value;
  }

  private void append(byte[] bytes, int from, int to) {
    int count = to - from;
    if (used + count > head.text.length) {
      ensure(used + count);
    }
    // Most parts are short: a loop beats the call.
    byte[] text = head.text;
    int at = used;
    for (int p = from; p < to; p++) {
      text[at++] = bytes[p];
    }
    used = at;
  }

  private void ensure(int size) {
    byte[] old = head.text;
    if (size > old.length) {
      byte[] larger = new byte[Math.max(size, Math.min(2 * old.length, MOST))];
      System.arraycopy(old, 0, larger, 0, used);
      Arrays.fill(old, 0, used, (byte) 0);
      head.text = larger;
    }
  }
}
