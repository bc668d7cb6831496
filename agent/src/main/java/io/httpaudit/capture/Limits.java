package io.httpaudit.capture;

import java.util.Optional;

/**
 * What costs this JVM's connections their packets since some limit was reached, in words: each is
 * told once. One thread.
 */
final class Limits {
  private final Taps taps;
  private final Listeners listeners;
  private String told = "";
  private boolean toldFull;

  Limits(Taps taps, Listeners listeners) {
    this.taps = taps;
    this.listeners = listeners;
  }

  /** What is new since it was told last; empty: nothing. */
  Optional<String> take() {
    String problem = taps.problem();
    if (!problem.equals(told)) {
      told = problem;
      return Optional.of(problem);
    }
    if (listeners.full() && !toldFull) {
      toldFull = true;
      return Optional.of(
          "no room in the kernel for another address and port on which this JVM listens:"
              + " connections to it may lack their beginning");
    }
    return Optional.empty();
  }
}
