package io.httpaudit.report;

import io.opentelemetry.sdk.resources.Resource;
import java.io.IOException;
import java.util.List;

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
  public Delivery send(ProtoBuffer spans) {
    try {
      HttpReply reply = sender.post(List.of(request.start(spans.size()).part(), spans.part()));
      if (reply.status() < OK || reply.status() >= REDIRECTION) {
        return Delivery.none(Trouble.of(reply));
      }
      long rejected = PartialSuccess.rejectedSpans(reply.body());
      return rejected == 0
          ? Delivery.WHOLE
          : new Delivery(rejected + " of one request were rejected", rejected);
    } catch (IOException | RuntimeException e) {
      return Delivery.none(Trouble.of(e));
    }
  }
}
