package io.httpaudit.beside;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;

/**
 * Asks a URL, the second argument, with its first statement: whatever comes up beside {@code main}
 * has not done so yet.
 */
public final class FirstCall {
  private FirstCall() {}

  public static void main(String[] arguments) throws IOException {
    try (InputStream answer = URI.create(arguments[1]).toURL().openStream()) {
      answer.readAllBytes();
    }
  }
}
