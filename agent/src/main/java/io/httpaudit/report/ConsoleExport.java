package io.httpaudit.report;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/** Lines to standard output. */
final class ConsoleExport implements SpanExport {
  /** Past {@code System.out}: an application may have put something else there. */
  private final OutputStream out = new FileOutputStream(FileDescriptor.out);

  @Override
  public Optional<String> send(ProtoBuffer lines) {
    try {
      out.write(lines.toByteArray());
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(Trouble.of(e));
    }
  }
}
