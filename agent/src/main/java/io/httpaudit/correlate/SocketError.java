package io.httpaudit.correlate;

/** What the kernel said of a call that failed. */
public enum SocketError {
  NONE,
  /** ECONNREFUSED. */
  REFUSED,
  /** ETIMEDOUT, or the caller's own connect timeout. */
  TIMEOUT,
  /**
   * The caller closed the socket before it knew whether the connection stands: packets may know.
   */
  GIVEN_UP,
  /** ECONNRESET, EPIPE. */
  RESET,
  /** EHOSTUNREACH, ENETUNREACH, and all else. */
  OTHER
}
