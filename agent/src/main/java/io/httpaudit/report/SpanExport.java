package io.httpaudit.report;

/** A way out for encoded spans. One thread. */
interface SpanExport {
  Delivery send(ProtoBuffer spans);
}
