package io.httpaudit.report;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Protobuf's wire format (protobuf.dev, "Encoding"), written into one array that grows and is used
 * again. One thread.
 */
final class ProtoBuffer {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;

  /** Of a varint, and of a tag, whose fields are below 2,048 here. */
  private static final int LONGEST_VARINT = 10;

  private static final int LONGEST_TAG = 2;

  private byte[] bytes;
  private ByteBuffer view;
  private int size;

  ProtoBuffer(int capacity) {
    hold(new byte[capacity]);
  }

  private void hold(byte[] array) {
    bytes = array;
    view = ByteBuffer.wrap(array).order(ByteOrder.LITTLE_ENDIAN);
  }

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  /** What was written, not copied: valid until more is. */
  HttpConnection.Part part() {
    return new HttpConnection.Part(bytes, size);
  }

  private void ensure(int more) {
    if (bytes.length - size < more) {
      hold(Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more)));
    }
  }

  static int varintSize(long value) {
    return (63 - Long.numberOfLeadingZeros(value | 1)) / 7 + 1;
  }

  private void put(long varint) {
    long left = varint;
    while ((left & ~0x7fL) != 0) {
      bytes[size++] = (byte) (left | 0x80);
      left >>>= 7;
    }
    bytes[size++] = (byte) left;
  }

  private void tag(int field, int wireType) {
    put(field << 3 | wireType);
  }

  void varint(int field, long value) {
    ensure(LONGEST_TAG + LONGEST_VARINT);
    tag(field, VARINT);
    put(value);
  }

  void fixed64(int field, long value) {
    ensure(LONGEST_TAG + Long.BYTES);
    tag(field, FIXED64);
    view.putLong(size, value);
    size += Long.BYTES;
  }

  void fixed32(int field, int value) {
    ensure(LONGEST_TAG + Integer.BYTES);
    tag(field, FIXED32);
    view.putInt(size, value);
    size += Integer.BYTES;
  }

  void bytes(int field, byte[] value) {
    length(field, value.length);
    raw(value);
  }

  /** Begins a field of {@code length} bytes, which are to follow. */
  void length(int field, int length) {
    ensure(LONGEST_TAG + LONGEST_VARINT);
    tag(field, LENGTH_DELIMITED);
    put(length);
  }

  /** Bytes that are encoded already. */
  void raw(byte[] encoded) {
    ensure(encoded.length);
    System.arraycopy(encoded, 0, bytes, size, encoded.length);
    size += encoded.length;
  }

  /** Bytes of an id, big-endian. */
  void id(int field, long value) {
    length(field, Long.BYTES);
    bigEndian(value);
  }

  void id(int field, long high, long low) {
    length(field, 2 * Long.BYTES);
    bigEndian(high);
    bigEndian(low);
  }

  private void bigEndian(long value) {
    ensure(Long.BYTES);
    view.putLong(size, Long.reverseBytes(value));
    size += Long.BYTES;
  }

  /** How many bytes {@link #utf8} will write; equal to the text's length where it is ASCII. */
  static int utf8Size(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      if (text.charAt(i) >= 0x80) {
        return text.getBytes(StandardCharsets.UTF_8).length;
      }
    }
    return length;
  }

  /** A text without tag and length; {@code length} is its {@link #utf8Size}. */
  void utf8(String text, int length) {
    if (length != text.length()) {
      raw(text.getBytes(StandardCharsets.UTF_8));
      return;
    }
    ensure(length);
    ascii(text, size);
    size += length;
  }

  @SuppressWarnings("deprecation") // Exactly for characters whose high byte is zero.
  private void ascii(String text, int at) {
    text.getBytes(0, text.length(), bytes, at);
  }

  /** A field of text; nothing, where it is empty. */
  void text(int field, String text) {
    int length = utf8Size(text);
    if (length > 0) {
      length(field, length);
      utf8(text, length);
    }
  }

  /** Appends what lies at {@code from} already. */
  void repeat(int from, int length) {
    ensure(length);
    System.arraycopy(bytes, from, bytes, size, length);
    size += length;
  }

  /** Forgets what lies at {@code at} and behind. */
  void cut(int at) {
    size = at;
  }

  /** Writes over a varint of the same length. */
  void setVarint(int at, long value) {
    int to = at;
    long left = value;
    while ((left & ~0x7fL) != 0) {
      bytes[to++] = (byte) (left | 0x80);
      left >>>= 7;
    }
    bytes[to] = (byte) left;
  }

  void setFixed64(int at, long value) {
    view.putLong(at, value);
  }

  /** Writes over a text of the same length; both are ASCII. */
  void setAscii(int at, String text) {
    ascii(text, at);
  }

  /** Begins a message whose length is not known yet; the result is for {@link #end}. */
  int begin(int field) {
    ensure(LONGEST_TAG + 2);
    tag(field, LENGTH_DELIMITED);
    size += 2;
    return size;
  }

  /** Ends the message that {@link #begin} began there. */
  void end(int start) {
    int length = size - start;
    int digits = varintSize(length);
    if (digits != 2) {
      // Room was left for 128 bytes to 16 KiB, which a span almost always has.
      ensure(LONGEST_VARINT);
      System.arraycopy(bytes, start, bytes, start - 2 + digits, length);
    }
    size = start - 2;
    put(length);
    size += length;
  }
}
