package io.httpaudit.it.oracle;

/** Which end of a connection an audit line speaks of. */
public enum Side {
  CLIENT,
  SERVER
}
