package io.httpaudit.load.chain;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;

/** Reads a body as it comes, on the container's threads, and goes on behind it. */
final class Reading implements ReadListener {
  private final ServletInputStream in;
  private final Runnable then;

  Reading(HttpServletRequest request, Runnable then) throws IOException {
    in = request.getInputStream();
    this.then = then;
  }

  @Override
  public void onDataAvailable() throws IOException {
    byte[] bytes = new byte[4];
    while (in.isReady() && in.read(bytes) >= 0) {
      // The next four.
    }
  }

  @Override
  public void onAllDataRead() {
    then.run();
  }

  @Override
  public void onError(Throwable thrown) {
    thrown.printStackTrace();
  }
}
