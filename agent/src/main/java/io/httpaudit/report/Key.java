package io.httpaudit.report;

import io.opentelemetry.api.common.AttributeKey;
import java.nio.charset.StandardCharsets;

/**
 * An attribute's name and type, and the name as OTLP has it: encoded once, not with each span.
 *
 * @param <T> the value's type
 */
final class Key<T> {
  /** {@code KeyValue.key} (opentelemetry-proto, common/v1). */
  private static final int KEY = 1;

  private final AttributeKey<T> attribute;
  private final byte[] encoded;

  private Key(AttributeKey<T> attribute) {
    this.attribute = attribute;
    ProtoBuffer buffer = new ProtoBuffer(64);
    buffer.bytes(KEY, attribute.getKey().getBytes(StandardCharsets.UTF_8));
    encoded = buffer.toByteArray();
  }

  static Key<String> stringKey(String name) {
    return new Key<>(AttributeKey.stringKey(name));
  }

  static Key<Long> longKey(String name) {
    return new Key<>(AttributeKey.longKey(name));
  }

  static Key<Double> doubleKey(String name) {
    return new Key<>(AttributeKey.doubleKey(name));
  }

  static Key<Boolean> booleanKey(String name) {
    return new Key<>(AttributeKey.booleanKey(name));
  }

  AttributeKey<T> attribute() {
    return attribute;
  }

  /** The field {@code key} of a KeyValue, whole. Not to be changed. */
  byte[] encoded() {
    return encoded;
  }
}
