package io.httpaudit.load.secrets;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Texts that are nowhere else: each begins and ends with the run's mark.
 *
 * @param hidden mark of those in bodies and header fields
 * @param asked mark of those in query values and user-info
 */
record Secrets(String hidden, String asked) {
  private static final AtomicInteger COUNT = new AtomicInteger();

  String header() {
    return hidden + COUNT.incrementAndGet() + hidden;
  }

  String query() {
    return asked + COUNT.incrementAndGet() + asked;
  }

  /** At least so many bytes. */
  byte[] body(int size) {
    StringBuilder text = new StringBuilder();
    do {
      text.append(header()).append(' ');
    } while (text.length() < size);
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }
}
