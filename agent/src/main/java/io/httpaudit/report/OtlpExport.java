package io.httpaudit.report;

import io.opentelemetry.sdk.resources.Resource;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Requests to an OTLP collector. */
final class OtlpExport implements SpanExport {
  private static final int OK = 200;
  private static final int REDIRECTION = 300;

  private final OtlpRequest request;
  private final OtlpSender sender;

  OtlpExport(Resource resource, OtlpSender sender) {
    request = new OtlpRequest(resource);
    this.sender = sender;
  }

  @Override
  public Optional<String> send(ProtoBuffer spans) {
    try {
      HttpReply reply = sender.post(List.of(request.start(spans.size()).part(), spans.part()));
      boolean taken = reply.status() >= OK && reply.status() < REDIRECTION;
      return taken ? Optional.empty() : Optional.of(Trouble.of(reply));
    } catch (IOException | RuntimeException e) {
      return Optional.of(Trouble.of(e));
    }
  }
}
