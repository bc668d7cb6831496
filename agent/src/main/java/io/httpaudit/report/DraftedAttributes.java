package io.httpaudit.report;

import java.util.Arrays;

/**
 * Attributes of spans of one kind. Those of one span mostly are those of the one before, in the
 * same order, and few of the values differ: so they begin as a copy, the draft, in which values are
 * written over as long as they have the same length. From the first attribute on for which that
 * does not hold, they are encoded anew.
 *
 * <p>Assumes that the span before lies in the same buffer still: {@link #forget} where it does not.
 * One thread.
 */
final class DraftedAttributes implements Tags {
  private static final int FIRST = 40;

  private final ProtoBuffer to;
  private final OtlpAttributes anew;

  /** Of the span written last: by number of the attribute. */
  private Key<?>[] keys = new Key<?>[FIRST];

  /** Where the attribute ends, counted from the first one's beginning; its value ends there too. */
  private int[] ends = new int[FIRST];

  private int[] lengths = new int[FIRST];

  /** Null: the value is no text. */
  private String[] texts = new String[FIRST];

  private int count;

  /** Position of the first one. */
  private int start;

  private int length;

  /** Of the span in hand: the first one's position, and the number of the next. */
  private int begun;

  private int next;
  private boolean copied;

  DraftedAttributes(ProtoBuffer to, int field) {
    this.to = to;
    anew = new OtlpAttributes(to, field);
  }

  void begin() {
    begun = to.size();
    next = 0;
    copied = count > 0;
    if (copied) {
      to.repeat(start, length);
    }
  }

  void end() {
    if (next < count) {
      depart();
    }
    start = begun;
    length = to.size() - begun;
  }

  /** What was written last was moved by so many bytes. */
  void moved(int by) {
    start += by;
  }

  /** There is no span before. */
  void forget() {
    Arrays.fill(texts, 0, count, null);
    count = 0;
  }

  /** Whether the draft goes on with this key, and a value of this length. */
  private boolean goesOn(Key<?> key, int valueLength) {
    return copied && next < count && keys[next] == key && lengths[next] == valueLength;
  }

  /** Where the next attribute's value lies. */
  private int value() {
    return begun + ends[next] - lengths[next];
  }

  /** From the next attribute on, the draft does not hold. */
  private void depart() {
    if (copied) {
      to.cut(begun + (next == 0 ? 0 : ends[next - 1]));
      copied = false;
    }
    count = next;
  }

  private void written(Key<?> key, int valueLength, String text) {
    if (next == keys.length) {
      keys = Arrays.copyOf(keys, 2 * next);
      ends = Arrays.copyOf(ends, 2 * next);
      lengths = Arrays.copyOf(lengths, 2 * next);
      texts = Arrays.copyOf(texts, 2 * next);
    }
    keys[next] = key;
    ends[next] = to.size() - begun;
    lengths[next] = valueLength;
    texts[next] = text;
    next++;
    count = next;
  }

  @Override
  public void put(Key<String> key, String value) {
    int valueLength = value.length();
    if (goesOn(key, valueLength)) {
      if (value.equals(texts[next])) {
        next++;
        return;
      }
      if (ProtoBuffer.utf8Size(value) == valueLength) {
        to.setAscii(value(), value);
        texts[next++] = value;
        return;
      }
    }
    depart();
    anew.put(key, value);
    written(key, ProtoBuffer.utf8Size(value), value);
  }

  @Override
  public void put(Key<Long> key, long value) {
    int valueLength = ProtoBuffer.varintSize(value);
    if (goesOn(key, valueLength)) {
      to.setVarint(value(), value);
      next++;
      return;
    }
    depart();
    anew.put(key, value);
    written(key, valueLength, null);
  }

  @Override
  public void put(Key<Double> key, double value) {
    if (goesOn(key, Double.BYTES)) {
      to.setFixed64(value(), Double.doubleToRawLongBits(value));
      next++;
      return;
    }
    depart();
    anew.put(key, value);
    written(key, Double.BYTES, null);
  }

  @Override
  public void put(Key<Boolean> key, boolean value) {
    if (goesOn(key, 1)) {
      to.setVarint(value(), value ? 1 : 0);
      next++;
      return;
    }
    depart();
    anew.put(key, value);
    written(key, 1, null);
  }
}
