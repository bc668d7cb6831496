package io.httpaudit.load;

/** Something was not as scripted. */
final class Mismatch extends RuntimeException {
  private static final long serialVersionUID = 1;

  Mismatch(String message) {
    super(message);
  }

  static void check(boolean right, String message) {
    if (!right) {
      throw new Mismatch(message);
    }
  }

  static void equal(Object actual, Object expected, String what) {
    if (!expected.equals(actual)) {
      throw new Mismatch(what + ": " + actual + " instead of " + expected);
    }
  }
}
