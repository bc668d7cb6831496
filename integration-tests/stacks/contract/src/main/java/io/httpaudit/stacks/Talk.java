package io.httpaudit.stacks;

import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One text sent over a WebSocket, which is to come back, before both close. */
public final class Talk {
  private static final int SECONDS = 10;

  private final String text;
  private final StringBuilder heard = new StringBuilder();
  private final CompletableFuture<Void> whole = new CompletableFuture<>();
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  public Talk(Asked asked) {
    Wanted wanted = asked.wanted();
    text =
        new String(
            Bodies.of(wanted.number(), wanted.bytes()), java.nio.charset.StandardCharsets.US_ASCII);
  }

  /** A WebSocket's, of the same server. */
  public static URI uri(URI uri) {
    return URI.create(uri.toString().replaceFirst("^http", "ws"));
  }

  public String text() {
    return text;
  }

  public synchronized void heard(String more) {
    heard.append(more);
    if (heard.length() >= text.length()) {
      whole.complete(null);
    }
  }

  public boolean isWhole() {
    return whole.isDone();
  }

  public void ended() {
    end.complete(null);
  }

  public void await() throws Exception {
    whole.get(SECONDS, TimeUnit.SECONDS);
    if (!heard.toString().equals(text)) {
      throw new IOException("heard " + heard);
    }
  }

  public void awaitEnd() throws Exception {
    end.get(SECONDS, TimeUnit.SECONDS);
  }
}
