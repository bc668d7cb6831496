package io.httpaudit.load.chain;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;

/** Goes on when the container has waited in vain. */
final class OnTimeout implements AsyncListener {
  private final Runnable then;

  OnTimeout(Runnable then) {
    this.then = then;
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    then.run();
  }

  @Override
  public void onComplete(AsyncEvent event) {}

  @Override
  public void onError(AsyncEvent event) {}

  @Override
  public void onStartAsync(AsyncEvent event) {}
}
