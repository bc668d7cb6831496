package io.httpaudit.correlate;

import java.util.Locale;

/** A part of an exchange's time: HAR's words for the client, their mirror image for the server. */
public enum Phase {
  BLOCKED(true),
  DNS(true),
  CONNECT(true),
  SSL(true),
  QUEUE(true),
  ACCEPT_WAIT(true),
  READ_WAIT(true),
  SEND(false),
  WAIT(false),
  RECEIVE(false),
  PROCESS(false),
  LAG(true);

  private final boolean explains;

  Phase(boolean explains) {
    this.explains = explains;
  }

  /** Whether {@code phases=auto} draws it. */
  public boolean explains() {
    return explains;
  }

  /** As written in attributes, logs and span names: {@code read_wait}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
