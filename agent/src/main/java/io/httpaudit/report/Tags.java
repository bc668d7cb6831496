package io.httpaudit.report;

/** Takes a span's attributes, each once. */
interface Tags {
  void put(Key<String> key, String value);

  void put(Key<Long> key, long value);

  void put(Key<Double> key, double value);

  void put(Key<Boolean> key, boolean value);

  /** Nothing, where the value is empty. */
  default void known(Key<String> key, String value) {
    if (!value.isEmpty()) {
      put(key, value);
    }
  }
}
