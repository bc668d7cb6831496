package io.httpaudit.correlate;

/** An exchange that is not final: what the JVM said of it so far. */
final class Pending {
  final long index;

  /** The next one on the connection, by index. */
  Pending next;

  /** Null: not known yet. */
  MessageHead request;

  MessageHead response;

  /** Null: no library told of it. */
  Call call;

  /** The call that a CONNECT opens a tunnel for; null: it is none, or that is not known. */
  Call tunnelled;

  /** Whether it asks for a tunnel, in the clear: TLS begins behind it, if at all. */
  boolean clear;

  /** Whether the connection was opened for that call. */
  boolean opened;

  /** Whether it was another's before, for whom it was opened or who had sent something on it. */
  boolean inherited;

  /** Empty: not known. */
  String route = "";

  /** Stream position behind the message, -1: not moved whole yet. */
  long requestEnd = -1;

  long responseEnd = -1;

  /** Where the next message begins at the earliest: there, or in the same TLS record. */
  long requestNext;

  long responseNext;

  /** Of a TLS handshake that this exchange is the first after, in what was sent; to 0: none. */
  long handshakeFrom;

  long handshakeTo;
  long requestEndAt;
  long responseEndAt;
  boolean requestProven;
  boolean responseProven;

  /**
   * When a later exchange was whole, and so this one over, though the event that should have said
   * so is missing, or late; 0: not.
   */
  long passedAt;

  /** No boundary is known from this message on, or from one before it. */
  boolean ambiguous;

  /** Wall clock less monotonic when its first event came. */
  long wallOffset;

  Pending(long index) {
    this.index = index;
  }

  /** Both messages moved as their framing asks. */
  boolean whole() {
    return request != null
        && requestEnd >= 0
        && responseEnd >= 0
        && requestProven
        && responseProven;
  }

  /**
   * Enough is known of it to be told, though a later one was whole before: where and when it ended.
   */
  boolean tellable() {
    return request != null
        && response != null
        && responseProven
        && (requestProven || request.expectedEnd() >= 0);
  }

  /**
   * The response's head, which comes before its end, was not told of: nobody knows where it began.
   */
  boolean headless() {
    return response == null && responseProven;
  }

  /** The connection's end came before a byte of the request was sent: it was encrypted only. */
  boolean neverSent() {
    return request != null && requestEnd >= 0 && !requestProven && requestEnd <= request.offset();
  }

  /** When the JVM moved the last that is known of it, but for its request's first bytes. */
  long answeredAt() {
    return response == null ? wholeAt() : Math.max(wholeAt(), response.first());
  }

  /** Where its packets begin: with its handshake, if it has one. */
  long firstByte() {
    return handshakeTo == 0 ? request.offset() : Math.min(handshakeFrom, request.offset());
  }

  /** When the JVM moved the last byte. */
  long wholeAt() {
    return Math.max(requestEndAt, responseEndAt);
  }
}
