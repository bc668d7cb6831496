package io.httpaudit.report;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * A collector's answer, ExportTraceServiceResponse (opentelemetry-proto: collector/trace/v1), as
 * far as it says that spans were rejected.
 */
final class PartialSuccess {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;

  /** Of ExportTraceServiceResponse: field 1, a message. */
  private static final long PARTIAL_SUCCESS = 1 << 3 | LENGTH_DELIMITED;

  /** Of ExportTracePartialSuccess: field 1. */
  private static final long REJECTED_SPANS = 1 << 3 | VARINT;

  private PartialSuccess() {}

  /** How many spans it says were rejected; 0, where it is no such message. */
  static long rejectedSpans(byte[] answer) {
    ByteBuffer in = ByteBuffer.wrap(answer);
    long rejected = 0;
    try {
      while (in.hasRemaining()) {
        long tag = varint(in);
        if (tag == REJECTED_SPANS) {
          rejected = Math.max(0, varint(in));
        } else if (tag == PARTIAL_SUCCESS) {
          // Its length alone: its fields follow, and are like none of the answer's own.
          varint(in);
        } else if (!skip(in, (int) tag & 7)) {
          return 0;
        }
      }
    } catch (BufferUnderflowException e) {
      return 0;
    }
    return rejected;
  }

  /** Whether there is such a wire type. */
  private static boolean skip(ByteBuffer in, int wireType) {
    switch (wireType) {
      case VARINT:
        varint(in);
        return true;
      case FIXED64:
        in.getLong();
        return true;
      case LENGTH_DELIMITED:
        long length = varint(in);
        if (length < 0 || length > in.remaining()) {
          return false;
        }
        in.position(in.position() + (int) length);
        return true;
      case FIXED32:
        in.getInt();
        return true;
      default:
        return false;
    }
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte b = in.get();
      value |= (b & 0x7fL) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new BufferUnderflowException();
  }
}
