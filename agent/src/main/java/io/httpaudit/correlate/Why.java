package io.httpaudit.correlate;

import java.util.Locale;

/**
 * Why an exchange is not {@link Verdict#MATCHED}: a closed list; the names, in lower case, are what
 * users see.
 */
public enum Why {
  BEFORE_ATTACH,
  ISN_UNKNOWN,
  RECORDS_LOST,
  BOUNDARY_UNKNOWN,
  NAT,
  TCP_INFO,
  UPGRADED,
  CLOCK_STEP,
  SHUTDOWN,
  NO_RIGHTS,
  NOT_LINUX,
  UNIX_SOCKET,
  /** No packet was seen that carried the bytes, or that acknowledged them. */
  NO_PACKETS,
  NOT_HOOKED,
  NO_NATIVE;

  private final String label = name().toLowerCase(Locale.ROOT);

  public String label() {
    return label;
  }
}
