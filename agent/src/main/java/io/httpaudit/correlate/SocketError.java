package io.httpaudit.correlate;

/** What the kernel said of a call that failed. */
public enum SocketError {
  NONE,
  /** ECONNREFUSED. */
  REFUSED,
  /** ETIMEDOUT, or the caller's own connect timeout. */
  TIMEOUT,
  /** ECONNRESET, EPIPE. */
  RESET,
  /** EHOSTUNREACH, ENETUNREACH, and all else. */
  OTHER
}
