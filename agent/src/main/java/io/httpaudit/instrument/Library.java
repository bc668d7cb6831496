package io.httpaudit.instrument;

/**
 * An HTTP library, or a way of the JDK's to run tasks: where it is hooked, and what the hooks do.
 * Made when the first of its classes loads, on that thread.
 */
interface Library {
  Point[] points();
}
