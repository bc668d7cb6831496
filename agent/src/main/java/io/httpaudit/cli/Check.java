package io.httpaudit.cli;

import java.util.Locale;

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

  /** One line; what was found may have more of them (a verifier's log): {@link #rest}. */
  String line() {
    int end = found.indexOf('\n');
    String line =
        String.format(
            "%-5s %-11s %s",
            level.name().toLowerCase(Locale.ROOT), name, end < 0 ? found : found.substring(0, end));
    return todo.isEmpty() ? line : line + "; " + todo;
  }

  /** What was found beyond its first line; empty: no more. */
  String rest() {
    int end = found.indexOf('\n');
    return end < 0 ? "" : found.substring(end + 1);
  }
}
