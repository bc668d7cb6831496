package io.httpaudit.report;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Lines to standard output, each in a write of its own: a pipe takes up to 4,096 bytes whole
 * (pipe(7), PIPE_BUF), so no line of the application's comes into the middle of one.
 */
final class ConsoleExport implements SpanExport {
  /** Past {@code System.out}: an application may have put something else there. */
  private final OutputStream out = new FileOutputStream(FileDescriptor.out);

  @Override
  public Delivery send(ProtoBuffer lines) {
    try {
      HttpConnection.Part all = lines.part();
      byte[] bytes = all.bytes();
      int from = 0;
      for (int at = 0; at < all.length(); at++) {
        if (bytes[at] == '\n') {
          out.write(bytes, from, at + 1 - from);
          from = at + 1;
        }
      }
      return Delivery.WHOLE;
    } catch (IOException e) {
      return Delivery.none(Trouble.of(e));
    }
  }
}
