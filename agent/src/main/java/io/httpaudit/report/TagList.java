package io.httpaudit.report;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * A span's attributes as they were put, each key once: the SDK's own builder sorts and compares,
 * which costs more than all else about a span. Not changed any more once its span is made.
 */
final class TagList implements Attributes, Tags {
  private Object[] pairs;
  private int end;

  TagList(int expected) {
    pairs = new Object[2 * expected];
  }

  @Override
  public void put(Key<String> key, String value) {
    add(key, value);
  }

  @Override
  public void put(Key<Long> key, long value) {
    add(key, value);
  }

  @Override
  public void put(Key<Double> key, double value) {
    add(key, value);
  }

  @Override
  public void put(Key<Boolean> key, boolean value) {
    add(key, value);
  }

  private <T> void add(Key<T> key, T value) {
    if (end == pairs.length) {
      pairs = Arrays.copyOf(pairs, end + 16);
    }
    pairs[end++] = key.attribute();
    pairs[end++] = value;
  }

  private AttributeKey<?> key(int at) {
    return (AttributeKey<?>) pairs[at];
  }

  @Override
  @SuppressWarnings("unchecked") // What put() stored under a key of this type.
  public <T> T get(AttributeKey<T> key) {
    for (int i = 0; i < end; i += 2) {
      if (pairs[i].equals(key)) {
        return (T) pairs[i + 1];
      }
    }
    return null;
  }

  @Override
  public void forEach(BiConsumer<? super AttributeKey<?>, ? super Object> consumer) {
    for (int i = 0; i < end; i += 2) {
      consumer.accept(key(i), pairs[i + 1]);
    }
  }

  @Override
  public int size() {
    return end / 2;
  }

  @Override
  public boolean isEmpty() {
    return end == 0;
  }

  @Override
  public Map<AttributeKey<?>, Object> asMap() {
    Map<AttributeKey<?>, Object> map = new LinkedHashMap<>();
    forEach(map::put);
    return map;
  }

  @Override
  public AttributesBuilder toBuilder() {
    return Attributes.builder().putAll(this);
  }

  @Override
  public String toString() {
    return asMap().toString();
  }
}
