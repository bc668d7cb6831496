package io.httpaudit.correlate;

import java.util.Locale;

/** How well the wire proves an exchange. The names, in lower case, are what users see. */
public enum Verdict {
  MATCHED,
  INFERRED,
  APP_ONLY,
  WIRE_ONLY,
  NOT_CAPTURED;

  private final String label = name().toLowerCase(Locale.ROOT);

  public String label() {
    return label;
  }
}
