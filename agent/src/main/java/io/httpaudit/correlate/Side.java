package io.httpaudit.correlate;

/** Which end of a connection this JVM's socket is. */
public enum Side {
  CLIENT,
  SERVER
}
