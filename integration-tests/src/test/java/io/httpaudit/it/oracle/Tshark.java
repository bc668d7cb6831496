package io.httpaudit.it.oracle;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** tshark, with its dissectors of HTTP off: what TCP or TLS carries stays a field of its own. */
final class Tshark {
  private Tshark() {}

  /**
   * Passes on a line a frame, of fields that a tab separates.
   *
   * @param filter which frames
   * @param options of tshark's own
   * @param occurrence of a field that a frame has several of: {@code f}, the first, or {@code a},
   *     all, which a comma separates
   */
  static void read(
      Path capture,
      String filter,
      List<String> options,
      String occurrence,
      List<String> fields,
      Consumer<String> to) {
    List<String> command = new ArrayList<>(List.of("tshark", "-n", "-Q"));
    command.addAll(List.of("-r", capture.toString(), "-Y", filter));
    command.addAll(List.of("--disable-protocol", "http", "--disable-protocol", "http2"));
    command.addAll(options);
    command.addAll(List.of("-T", "fields", "-E", "occurrence=" + occurrence));
    command.addAll(List.of("-E", "separator=/t"));
    fields.forEach(field -> command.addAll(List.of("-e", field)));
    try {
      Process tshark = new ProcessBuilder(command).start();
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(tshark.getInputStream(), StandardCharsets.US_ASCII), 1 << 20)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          to.accept(line);
        }
      }
      // As root it warns; it says little else, so that the pipe holds it.
      String said = new String(tshark.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      if (tshark.waitFor() != 0) {
        throw new IllegalStateException("tshark can't read " + capture + ": " + said);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
