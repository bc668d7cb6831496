package io.httpaudit.it.oracle;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds messages in one direction's bytes: RFC 9112, with all bytes at hand. */
final class MessageSplit {
  private static final Pattern REQUEST_LINE =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\\x21-\\x7e\\x80-\\xff]+) HTTP/1\\.([0-9])");
  private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.([0-9]) ([0-9]{3})( .*)?");
  private static final String HEX = "[0-9a-fA-F]{1,15}";

  private final byte[] bytes;
  private final int length;
  private final boolean ended;

  MessageSplit(Stream stream) {
    bytes = stream.bytes();
    length = stream.length();
    ended = stream.isEnded();
  }

  /**
   * @param ended no byte follows those
   */
  MessageSplit(byte[] bytes, int length, boolean ended) {
    this.bytes = bytes;
    this.length = length;
    this.ended = ended;
  }

  /** RFC 9112, 2.2: empty lines before a request are nobody's. */
  int skipEmptyLines(int at) {
    while (at + 1 < length && bytes[at] == '\r' && bytes[at + 1] == '\n') {
      at += 2;
    }
    return at;
  }

  boolean hasBytes(int at) {
    return at < length;
  }

  /** RFC 9113, 3.4. */
  boolean isHttp2() {
    byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    return length >= preface.length
        && java.util.Arrays.equals(bytes, 0, preface.length, preface, 0, preface.length);
  }

  Message request(int at) {
    Message request = new Message(at);
    HeadFields head = new HeadFields(bytes, at, length);
    request.head = head;
    request.end = length;
    request.ambiguous = head.ambiguous || !head.startLine.isEmpty() && !requestLine(head).matches();
    if (!head.isComplete() || request.ambiguous) {
      return request;
    }
    long contentLength = head.contentLength();
    if (contentLength == -2
        || head.hasTransferEncoding() && (contentLength >= 0 || !head.isChunked())) {
      request.ambiguous = true;
    } else if (head.hasTransferEncoding()) {
      chunked(request);
    } else {
      counted(request, Math.max(0, contentLength));
    }
    return request;
  }

  static Matcher requestLine(HeadFields head) {
    return REQUEST_LINE.matcher(head.startLine);
  }

  /**
   * @param method of the request that it answers
   */
  Message response(int at, String method) {
    Message response = new Message(at);
    response.end = length;
    if (at >= length) {
      return response;
    }
    HeadFields head = new HeadFields(bytes, at, length);
    Matcher line = STATUS_LINE.matcher(head.startLine);
    while (head.isComplete()
        && line.matches()
        && line.group(2).startsWith("1")
        && !line.group(2).equals("101")) {
      response.finalStart = head.end;
      head = new HeadFields(bytes, head.end, length);
      line = STATUS_LINE.matcher(head.startLine);
    }
    if (!hasBytes((int) response.finalStart)) {
      return response;
    }
    response.head = head;
    response.ambiguous = head.ambiguous || !head.startLine.isEmpty() && !line.matches();
    if (response.ambiguous || !head.isComplete()) {
      return response;
    }
    response.status = Integer.parseInt(line.group(2));
    body(response, method);
    return response;
  }

  private void body(Message response, String method) {
    HeadFields head = response.head;
    long contentLength = head.contentLength();
    int status = response.status;
    if (isTunnel(status, method)) {
      counted(response, 0);
    } else if (contentLength == -2 || contentLength >= 0 && head.hasTransferEncoding()) {
      response.ambiguous = true;
    } else if (method.equals("HEAD") || status == 204 || status == 304) {
      counted(response, 0);
    } else if (head.hasTransferEncoding() && head.isChunked()) {
      chunked(response);
    } else if (contentLength >= 0 && !head.hasTransferEncoding()) {
      counted(response, contentLength);
    } else {
      response.framing = Message.Framing.CLOSE;
      response.complete = ended;
    }
  }

  /** Behind such a response the connection carries something else. */
  static boolean isTunnel(int status, String method) {
    return status == 101 || method.equals("CONNECT") && status / 100 == 2;
  }

  private void counted(Message message, long body) {
    message.framing = body == 0 ? Message.Framing.NO_BODY : Message.Framing.LENGTH;
    message.complete = message.head.end + body <= length;
    message.end = Math.min(length, message.head.end + body);
  }

  /** RFC 9112, 7.1. */
  private void chunked(Message message) {
    message.framing = Message.Framing.CHUNKED;
    long at = message.head.end;
    while (true) {
      int line = lineEnd(at);
      if (line < 0) {
        return;
      }
      String size =
          new String(bytes, (int) at, line - (int) at, StandardCharsets.ISO_8859_1)
              .split(";", 2)[0].strip();
      if (!size.matches(HEX)) {
        message.ambiguous = true;
        return;
      }
      at = line + 2;
      long chunk = Long.parseLong(size, 16);
      if (chunk == 0) {
        trailers(message, at);
        return;
      }
      at += chunk;
      if (at + 2 > length) {
        return;
      }
      if (bytes[(int) at] != '\r' || bytes[(int) at + 1] != '\n') {
        message.ambiguous = true;
        return;
      }
      at += 2;
    }
  }

  private void trailers(Message message, long at) {
    for (int line = lineEnd(at); line >= 0; line = lineEnd(at)) {
      boolean last = line == at;
      at = line + 2;
      if (last) {
        message.complete = true;
        message.end = at;
        return;
      }
    }
  }

  /** Where the CR of the next CRLF is; -1: there is none. */
  private int lineEnd(long from) {
    for (long at = from; at + 1 < length; at++) {
      if (bytes[(int) at] == '\r' && bytes[(int) at + 1] == '\n') {
        return (int) at;
      }
    }
    return -1;
  }
}
