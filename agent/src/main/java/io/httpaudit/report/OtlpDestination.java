package io.httpaudit.report;

import io.opentelemetry.sdk.resources.Resource;
import java.io.IOException;
import java.util.Optional;

/** To an OTLP collector, encoded and sent by ourselves. */
final class OtlpDestination implements Destination {
  private static final int OK = 200;
  private static final int REDIRECTION = 300;

  private final OtlpSpans spans;
  private final SpanMaker maker;
  private final OtlpSender sender;

  OtlpDestination(Resource resource, PhaseRule rule, OtlpSender sender) {
    spans = new OtlpSpans(resource);
    maker = new SpanMaker(spans, rule);
    this.sender = sender;
  }

  @Override
  public SpanMaker maker() {
    return maker;
  }

  @Override
  public Optional<String> send() {
    try {
      HttpReply reply = sender.post(spans::writeTo);
      boolean taken = reply.status() >= OK && reply.status() < REDIRECTION;
      return taken ? Optional.empty() : Optional.of(Trouble.of(reply));
    } catch (IOException | RuntimeException e) {
      return Optional.of(Trouble.of(e));
    } finally {
      spans.clear();
    }
  }
}
