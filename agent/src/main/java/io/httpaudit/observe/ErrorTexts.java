package io.httpaudit.observe;

import io.httpaudit.correlate.SocketError;
import java.net.ConnectException;
import java.net.SocketTimeoutException;

/**
 * What the C library calls the errors that are told apart: the JDK's exceptions, and Netty's, carry
 * no number but strerror(3)'s text, in the language of the process.
 */
public record ErrorTexts(String refused, String timedOut, String reset, String brokenPipe) {
  static final ErrorTexts ENGLISH = new ErrorTexts("refused", "timed out", "reset", "Broken pipe");

  SocketError of(Throwable cause) {
    String message = cause.getMessage();
    if (message == null) {
      return SocketError.OTHER;
    }
    if (cause instanceof SocketTimeoutException || has(message, timedOut)) {
      return SocketError.TIMEOUT;
    }
    if (has(message, reset) || has(message, brokenPipe)) {
      return SocketError.RESET;
    }
    return cause instanceof ConnectException && has(message, refused)
        ? SocketError.REFUSED
        : SocketError.OTHER;
  }

  private static boolean has(String message, String text) {
    return !text.isEmpty() && message.contains(text);
  }
}
