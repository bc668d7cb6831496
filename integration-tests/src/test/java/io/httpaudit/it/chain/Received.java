package io.httpaudit.it.chain;

import io.httpaudit.load.chain.Ask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a raw server wrote down of one request. */
record Received(Ask ask, String traceparent, String state, String baggage) {
  static List<Received> read(Path record) {
    List<Received> all = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(record)) {
        String[] f = line.split("\t", -1);
        all.add(new Received(Ask.of(f[0]), f[1], f[2], f[3]));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  /** {@code traceparent} without version and flags. */
  String ids() {
    return traceparent.matches("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")
        ? traceparent.substring(3, 52)
        : "";
  }
}
