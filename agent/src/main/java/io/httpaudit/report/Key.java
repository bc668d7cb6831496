package io.httpaudit.report;

import java.nio.charset.StandardCharsets;

/**
 * An attribute's name and type, and the name as OTLP has it: encoded once, not with each span.
 *
 * @param <T> the value's type
 */
final class Key<T> {
  /** {@code KeyValue.key} (opentelemetry-proto, common/v1). */
  private static final int KEY = 1;

  private final String name;
  private final Class<T> type;
  private final byte[] encoded;

  private Key(String name, Class<T> type) {
    this.name = name;
    this.type = type;
    ProtoBuffer buffer = new ProtoBuffer(64);
    buffer.bytes(KEY, name.getBytes(StandardCharsets.UTF_8));
    encoded = buffer.toByteArray();
  }

  static Key<String> stringKey(String name) {
    return new Key<>(name, String.class);
  }

  static Key<Long> longKey(String name) {
    return new Key<>(name, Long.class);
  }

  static Key<Double> doubleKey(String name) {
    return new Key<>(name, Double.class);
  }

  static Key<Boolean> booleanKey(String name) {
    return new Key<>(name, Boolean.class);
  }

  String name() {
    return name;
  }

  Class<T> type() {
    return type;
  }

  /** The field {@code key} of a KeyValue, whole. Not to be changed. */
  byte[] encoded() {
    return encoded;
  }
}
