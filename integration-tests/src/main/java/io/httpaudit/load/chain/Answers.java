package io.httpaudit.load.chain;

import java.io.IOException;

/** That the application itself mixes nothing up. */
final class Answers {
  private Answers() {}

  static void check(Ask ask, int status, String body) throws IOException {
    boolean thrown = ask.handOff() == HandOff.THROWS && ask.hop().equals("front");
    if (status != (thrown ? 500 : 200) || !thrown && !body.equals(ask.answer())) {
      throw new IOException(ask.path() + " was answered with " + status + " " + body);
    }
  }
}
