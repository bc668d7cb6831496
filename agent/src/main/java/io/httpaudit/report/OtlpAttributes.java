package io.httpaudit.report;

/** Attributes as a message's repeated field of KeyValues (opentelemetry-proto, common/v1). */
final class OtlpAttributes implements Tags {
  /** Of KeyValue. */
  private static final int VALUE = 2;

  /** Of AnyValue. */
  private static final int STRING = 1;

  private static final int BOOL = 2;
  private static final int INT = 3;
  private static final int DOUBLE = 4;

  /** A tag of one byte. */
  private static final int TAG = 1;

  private final ProtoBuffer to;
  private final int field;

  /**
   * @param field number of the repeated field
   */
  OtlpAttributes(ProtoBuffer to, int field) {
    this.to = to;
    this.field = field;
  }

  /** Begins a KeyValue whose AnyValue has {@code length} bytes, which are to follow. */
  private void begin(byte[] key, int length) {
    to.length(field, key.length + TAG + ProtoBuffer.varintSize(length) + length);
    to.raw(key);
    to.length(VALUE, length);
  }

  @Override
  public void put(Key<String> key, String value) {
    int length = ProtoBuffer.utf8Size(value);
    begin(key.encoded(), TAG + ProtoBuffer.varintSize(length) + length);
    to.length(STRING, length);
    to.utf8(value, length);
  }

  @Override
  public void put(Key<Long> key, long value) {
    begin(key.encoded(), TAG + ProtoBuffer.varintSize(value));
    to.varint(INT, value);
  }

  @Override
  public void put(Key<Double> key, double value) {
    begin(key.encoded(), TAG + Double.BYTES);
    to.fixed64(DOUBLE, Double.doubleToRawLongBits(value));
  }

  @Override
  public void put(Key<Boolean> key, boolean value) {
    begin(key.encoded(), TAG + 1);
    to.varint(BOOL, value ? 1 : 0);
  }
}
