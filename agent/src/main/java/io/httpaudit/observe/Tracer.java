package io.httpaudit.observe;

import io.httpaudit.http.Head;
import io.httpaudit.trace.Sampler;
import io.httpaudit.trace.SpanIds;
import java.nio.charset.StandardCharsets;

/** Makes contexts. On the application's threads: 64 bytes a context, and no other allocation. */
public final class Tracer {
  private final SpanIds ids;
  private final Sampler sampler;

  public Tracer(SpanIds ids, Sampler sampler) {
    this.ids = ids;
    this.sampler = sampler;
  }

  /** Of a request whose head was read: the child of the span that it names, or a root. */
  ServedRequest served(Connection connection, Head head) {
    boolean child = head.parent != 0;
    long number = connection.number();
    long low = child ? head.traceLow : ids.traceLow(number, head.index);
    return new ServedRequest(
        connection,
        (int) head.index,
        target(head),
        child ? head.traceHigh : ids.traceHigh(number, head.index),
        low,
        ids.span(number, head.index),
        sampler.samples(low, child, child && head.sampled),
        child ? text(head, head.stateOffset, head.stateLength) : null,
        text(head, head.baggageOffset, head.baggageLength));
  }

  /** 0: it is not ASCII alone, of which everybody makes the same string. */
  private static char target(Head head) {
    int hash = 0;
    for (int i = 0; i < head.targetLength; i++) {
      byte next = head.text[head.targetOffset + i];
      if (next < 0) {
        return 0;
      }
      hash = 31 * hash + next;
    }
    return ServedRequest.hash(hash);
  }

  private static String text(Head head, int offset, int length) {
    return length == 0 ? null : new String(head.text, offset, length, StandardCharsets.ISO_8859_1);
  }

  /** Of a call that starts in {@code parent}, which may be null. */
  ClientCall call(HttpAuditContext parent, long start) {
    if (parent == null) {
      long low = SpanIds.next();
      boolean sampled = sampler.samples(low, false, false);
      return new ClientCall(SpanIds.next(), low, SpanIds.next(), sampled, null, null, 0, start, 0);
    }
    return new ClientCall(
        parent.traceHigh,
        parent.traceLow,
        SpanIds.next(),
        sampler.samples(parent.traceLow, true, parent.sampled),
        parent.state,
        parent.baggage,
        parent.spanId,
        start,
        0);
  }

  /** The next attempt of {@code call}, a sibling of it. */
  ClientCall again(ClientCall call, long start) {
    return new ClientCall(
        call.traceHigh,
        call.traceLow,
        SpanIds.next(),
        call.sampled,
        call.state,
        call.baggage,
        call.parent,
        start,
        call.resend + (call.stage == ClientCall.SENT ? 1 : 0));
  }
}
