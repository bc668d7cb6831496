package io.httpaudit.correlate;

/** How well the wire proves an exchange. The names, in lower case, are what users see. */
public enum Verdict {
  MATCHED,
  INFERRED,
  APP_ONLY,
  WIRE_ONLY,
  NOT_CAPTURED
}
