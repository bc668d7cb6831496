package io.httpaudit.it.oracle;

import java.util.regex.Matcher;

/** One request and its final response, as the capture holds them. */
final class WireExchange {
  final int index;
  final Message request;
  final Message response;

  /** Under TLS. */
  final boolean secure;

  private final String method;
  private final String target;
  private final String minor;

  WireExchange(int index, Message request, Message response, boolean secure) {
    this.index = index;
    this.secure = secure;
    this.request = request;
    this.response = response;
    Matcher line = MessageSplit.requestLine(request.head);
    boolean known = line.matches();
    method = known ? line.group(1) : "";
    target = known ? line.group(2) : "";
    minor = known ? line.group(3) : "";
  }

  String method() {
    return method;
  }

  String target() {
    return target;
  }

  String protocol() {
    return "1." + minor;
  }

  boolean isAmbiguous() {
    return request.ambiguous || response.ambiguous;
  }

  /** The capture has all of it. */
  boolean isWhole() {
    return !isAmbiguous() && request.complete && response.complete;
  }
}
