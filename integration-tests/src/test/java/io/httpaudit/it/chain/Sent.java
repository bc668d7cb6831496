package io.httpaudit.it.chain;

import io.httpaudit.load.chain.Ask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What the adversary says that it sent.
 *
 * @param whole whether it was answered, so that every server must have seen it
 * @param traceparent as its first server must take it, empty: it begins a trace
 * @param baggage {@code ?}: whatever
 */
record Sent(Ask ask, String what, boolean whole, String traceparent, String state, String baggage) {

  static Map<Long, Sent> read(Path record) {
    Map<Long, Sent> all = new HashMap<>();
    try {
      for (String line : Files.readAllLines(record)) {
        String[] f = line.split("\t", -1);
        all.put(
            Long.parseLong(f[0]),
            new Sent(Ask.of(f[1]), f[2], Boolean.parseBoolean(f[3]), f[4], f[5], f[6]));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  String trace() {
    return traceparent.isEmpty() ? "" : traceparent.substring(3, 35);
  }

  String span() {
    return traceparent.isEmpty() ? "" : traceparent.substring(36, 52);
  }
}
