package io.httpaudit.load.chain;

final class Pause {
  private Pause() {}

  static void millis(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
