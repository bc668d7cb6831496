package io.httpaudit.report;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.resources.Resource;

/**
 * All of an OTLP request that stands before its spans (opentelemetry-proto: collector/trace/v1,
 * trace/v1, resource/v1). One thread.
 */
final class OtlpRequest {
  /** Of ExportTraceServiceRequest. */
  private static final int RESOURCE_SPANS = 1;

  /** Of ResourceSpans. */
  private static final int RESOURCE = 1;

  private static final int SCOPE_SPANS = 2;
  private static final int SCHEMA_URL = 3;

  /** Of Resource. */
  private static final int ATTRIBUTES = 1;

  /** Of ScopeSpans, and of InstrumentationScope. */
  private static final int SCOPE = 1;

  private static final int NAME = 1;
  private static final int VERSION = 2;

  private final ProtoBuffer start = new ProtoBuffer(1024);
  private final byte[] resource;
  private final byte[] scope;

  OtlpRequest(Resource resource) {
    this.resource = encoded(resource);
    scope = scope();
  }

  /** The start of a request with so many bytes of spans. Valid until the next call. */
  ProtoBuffer start(int spans) {
    int inScope = scope.length + spans;
    int header = 1 + ProtoBuffer.varintSize(inScope);
    start.clear();
    start.length(RESOURCE_SPANS, resource.length + header + inScope);
    start.raw(resource);
    start.length(SCOPE_SPANS, inScope);
    start.raw(scope);
    return start;
  }

  private static byte[] encoded(Resource resource) {
    ProtoBuffer buffer = new ProtoBuffer(1024);
    int start = buffer.begin(RESOURCE);
    OtlpAttributes attributes = new OtlpAttributes(buffer, ATTRIBUTES);
    resource.getAttributes().forEach((key, value) -> put(attributes, key, value));
    buffer.end(start);
    if (resource.getSchemaUrl() != null) {
      buffer.text(SCHEMA_URL, resource.getSchemaUrl());
    }
    return buffer.toByteArray();
  }

  /** Scalars are all that the environment can say, and that the SDK adds. */
  private static void put(Tags tags, AttributeKey<?> key, Object value) {
    switch (key.getType()) {
      case LONG -> tags.put(Key.longKey(key.getKey()), (long) value);
      case DOUBLE -> tags.put(Key.doubleKey(key.getKey()), (double) value);
      case BOOLEAN -> tags.put(Key.booleanKey(key.getKey()), (boolean) value);
      default -> tags.put(Key.stringKey(key.getKey()), value.toString());
    }
  }

  private static byte[] scope() {
    ProtoBuffer buffer = new ProtoBuffer(64);
    int start = buffer.begin(SCOPE);
    buffer.text(NAME, "httpaudit");
    buffer.text(VERSION, Reporting.VERSION);
    buffer.end(start);
    return buffer.toByteArray();
  }
}
