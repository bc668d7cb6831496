package io.httpaudit.load;

import java.io.IOException;

/**
 * Counts the spans of an OTLP request (opentelemetry-proto, collector/trace/v1) by what protobuf's
 * wire format alone says, so that a sink that keeps nothing still knows how many came.
 */
final class SpanCounts {
  private static final int RESOURCE_SPANS = 1;
  private static final int SCOPE_SPANS = 2;
  private static final int SPANS = 2;
  private static final int KIND = 6;
  private static final int SERVER = 2;

  private final byte[] bytes;
  private int at;

  private SpanCounts(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Spans of kind SERVER in an {@code ExportTraceServiceRequest}. */
  static long servers(byte[] request) throws IOException {
    try {
      return new SpanCounts(request).servers();
    } catch (IndexOutOfBoundsException e) {
      throw new IOException("no protobuf message", e);
    }
  }

  private long servers() throws IOException {
    long count = 0;
    while (at < bytes.length) {
      int resourceSpans = within(RESOURCE_SPANS, bytes.length);
      while (at < resourceSpans) {
        int scopeSpans = within(SCOPE_SPANS, resourceSpans);
        while (at < scopeSpans) {
          int span = within(SPANS, scopeSpans);
          count += at < span && isServer(span) ? 1 : 0;
        }
      }
    }
    return count;
  }

  private boolean isServer(int end) throws IOException {
    boolean server = false;
    while (at < end) {
      int key = (int) varint();
      if (key == KIND << 3) {
        server = varint() == SERVER;
      } else {
        skip(key & 7);
      }
    }
    return server;
  }

  /** The end of the next field if it is this message; else the field is skipped, and it is here. */
  private int within(int field, int end) throws IOException {
    while (at < end) {
      int key = (int) varint();
      if (key == (field << 3 | 2)) {
        int length = (int) varint();
        return at + length;
      }
      skip(key & 7);
    }
    return at;
  }

  private void skip(int wireType) throws IOException {
    switch (wireType) {
      case 0 -> varint();
      case 1 -> at += 8;
      case 2 -> {
        int length = (int) varint();
        at += length;
      }
      case 5 -> at += 4;
      default -> throw new IOException("wire type " + wireType);
    }
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = bytes[at++];
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }
}
