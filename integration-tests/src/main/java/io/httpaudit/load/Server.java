package io.httpaudit.load;

import java.io.IOException;

/** One that listens on a port of its own until it is closed. */
interface Server extends AutoCloseable {
  int port() throws IOException;

  @Override
  void close() throws IOException;
}
