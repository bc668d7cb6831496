package io.httpaudit.cli;

/**
 * What one check of {@code doctor} found.
 *
 * @param todo empty: nothing is to be done
 */
record Check(Level level, String name, String found, String todo) {
  /** How bad it is. */
  enum Level {
    OK,
    WARN,
    FAIL
  }

  static Check ok(String name, String found) {
    return new Check(Level.OK, name, found, "");
  }

  static Check warn(String name, String found, String todo) {
    return new Check(Level.WARN, name, found, todo);
  }

  static Check fail(String name, String found, String todo) {
    return new Check(Level.FAIL, name, found, todo);
  }

  /** One line, whatever it was that was found. */
  String line() {
    String line =
        String.format("%-5s %-11s %s", level.name().toLowerCase(java.util.Locale.ROOT), name, found);
    return (todo.isEmpty() ? line : line + "; " + todo).replace('\n', ' ');
  }
}
