package io.httpaudit.report;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** Attributes in the order in which they were put: the SDK's own are sorted. */
final class TagList implements Attributes {
  private final Map<AttributeKey<?>, Object> values = new LinkedHashMap<>();

  <T> void add(Key<T> key, T value) {
    assertUnused(values.put(attribute(key), value));
  }

  private static void assertUnused(Object before) {
    if (before != null) {
      throw new AssertionError("an attribute was put twice");
    }
  }

  static AttributeKey<?> attribute(Key<?> key) {
    return key.type() == Long.class
        ? AttributeKey.longKey(key.name())
        : key.type() == Double.class
            ? AttributeKey.doubleKey(key.name())
            : key.type() == Boolean.class
                ? AttributeKey.booleanKey(key.name())
                : AttributeKey.stringKey(key.name());
  }

  @Override
  @SuppressWarnings("unchecked") // What add() stored under a key of this type.
  public <T> T get(AttributeKey<T> key) {
    return (T) values.get(key);
  }

  @Override
  public void forEach(BiConsumer<? super AttributeKey<?>, ? super Object> consumer) {
    values.forEach(consumer);
  }

  @Override
  public int size() {
    return values.size();
  }

  @Override
  public boolean isEmpty() {
    return values.isEmpty();
  }

  @Override
  public Map<AttributeKey<?>, Object> asMap() {
    return values;
  }

  @Override
  public AttributesBuilder toBuilder() {
    return Attributes.builder().putAll(this);
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
