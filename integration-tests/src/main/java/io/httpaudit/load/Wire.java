package io.httpaudit.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** One connected TCP socket, used by one thread that waits, whatever is below. */
interface Wire extends AutoCloseable {
  /** At least one byte into {@code to}, unless it has no room; -1: a FIN was read. */
  int read(ByteBuffer to) throws IOException;

  /** All of them, by one gathering call if there are several and the transport can. */
  void write(ByteBuffer... buffers) throws IOException;

  /** Bytes of a file, by the transport's shortest way. */
  void send(FileChannel file, long position, int length) throws IOException;

  void shutdownOutput() throws IOException;

  /** Ends the connection by an RST; only where {@link #canReset}. */
  void reset() throws IOException;

  boolean canReset();

  @Override
  void close() throws IOException;

  default void write(byte[] bytes) throws IOException {
    write(ByteBuffer.wrap(bytes));
  }
}
